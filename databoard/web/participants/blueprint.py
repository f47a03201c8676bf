"""The blueprint that the views of this package register with."""

from flask import Blueprint

bp = Blueprint("participants", __name__)
