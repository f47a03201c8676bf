"""Problems of the 2016 convention; their data lie in ``problems/<name>/``."""
