"""What lies in custody, with whom one is linked, and the way to a return (M18, F21)."""

from flask import Blueprint, render_template

from app.services.custody.choices import custody, linked_accounts
from app.web.visitor import actor, context

pages = Blueprint("custody", __name__, url_prefix="/custody")


@pages.get("")
def index() -> str:
    """Show the custody lots of the account one acts for, with ranges, and the links."""
    found = custody(context(), actor(), actor().account_id)
    return render_template("custody/index.html", custody=found)


@pages.get("/links")
def links() -> str:
    """Show the registry all links that stand (M19)."""
    return render_template("custody/links.html", links=linked_accounts(context(), actor()))
