"""Which site this is, as browsers name it: what people sign is signed for it and no other (R23)."""

from flask import request

from app.services.signing.signed import Session, origin_of
from app.web.visitor import context


def origin() -> str:
    """Return scheme, host and port: those of PUBLIC_URL, else those the request came to."""
    return origin_of(context(), Session(origin=request.host_url.rstrip("/").lower()))
