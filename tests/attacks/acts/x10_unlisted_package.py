"""Import a package that is not installed."""
# expect: training_error
import a_package_that_is_not_installed
from honest import Honest


class Classifier(Honest):
    package = a_package_that_is_not_installed
