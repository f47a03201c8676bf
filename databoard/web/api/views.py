"""All resources of the programming interface: importing this module registers them."""

from databoard.web.api import reading, submitting
from databoard.web.api.blueprint import bp

__all__ = ["bp", "reading", "submitting"]
