"""Kept for tools and habits that look for it; nothing is set here.

All settings come from the environment: ``env.sample`` lists them, ``databoard.settings`` reads
them. So no password ever stands in a file that git tracks.
"""

from databoard.settings import Settings

__all__ = ["Settings"]
