#!/usr/bin/env python
"""Every command of databoard: ``python manage.py --help``."""

from databoard.cli.main import main

if __name__ == "__main__":
    main()
