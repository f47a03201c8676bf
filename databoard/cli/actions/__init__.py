"""What can be done from a command line: one session, one service, one commit, one line of text.

An action is a function of the settings and of what was typed; ``fab`` and ``manage.py`` make
their commands from its name, its signature and its docstring.
"""
