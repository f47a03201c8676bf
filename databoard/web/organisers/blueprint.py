"""The blueprint that the pages of this package register with."""

from flask import Blueprint

bp = Blueprint("organisers", __name__)
