"""The address without a path: the home of the signed-in role."""

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from app.web.menu import home_of
from app.web.visitor import actor

pages = Blueprint("home", __name__)


@pages.get("/")
def index() -> Response:
    """Go to the first page of the role's menu."""
    return redirect(url_for(home_of(actor().role)))
