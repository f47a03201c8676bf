"""The blueprint that the views of this package register with."""

from flask import Blueprint

bp = Blueprint("leaderboards", __name__)
