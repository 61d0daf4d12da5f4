"""A group of resources: each request brings its token, each error is answered as JSON."""

from flask_smorest import Blueprint

from app.api.doors import guard
from app.api.problems import explain


def group(name: str, path: str, description: str) -> Blueprint:
    """Return a new group under /api/v1."""
    resources = Blueprint(
        f"api_{name}", f"app.api.{name}", url_prefix=f"/api/v1{path}", description=description
    )
    guard(resources)
    explain(resources)
    return resources
