"""Put control characters and markup into a message."""
# expect: training_error
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        raise ValueError("\x1b]0;title\x07\x00<script>alert(1)</script>\r\n" * 9)
