"""Turn lines around, hide, and pretend to be markup, in a message and in the name of a type."""
# expect: training_error
from honest import Honest

TRICKS = "\u202eesrever \u2066\u200b\ufeff\u2028\x9b31m <img src=x onerror=alert(1)> &lt;b&gt; "


class Classifier(Honest):
    def fit(self, X, y):
        print(TRICKS, flush=True)
        raise type("<script>alert(1)</script>", (ValueError,), {})(TRICKS * 9)
