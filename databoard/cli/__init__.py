"""The command line: actions, and the two ways to call them, ``fab`` and ``manage.py``."""
