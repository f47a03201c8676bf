"""``python -m databoard.cli.demo``."""

from databoard.cli.demo.main import main

main()
