"""Do not be Python."""
# expect: training_error
class Classifier(:
    pass
