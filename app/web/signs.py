"""Forms whose decision the visitor signs on their own machine, and what comes back with them (R23).

Whom the server signs for (a demonstration) sees no difference; all others have the documents
prepared by an address beside the form's, sign them, and send the form with both.
"""

from base64 import b64decode

from flask import Flask, request

from app.domain.errors import Invalid
from app.services.signing.signed import Session, Signed
from app.web.origin import origin
from app.web.visitor import visitor, who


def offer_signing(app: Flask) -> None:
    """Offer ``signs(kind)`` and ``site()`` to templates."""
    app.jinja_env.globals["signs"] = signs
    app.jinja_env.globals["site"] = origin


def signs(kind: str) -> bool:
    """Whether the visitor signs decisions of a kind (complete, trigger) with a key of their own."""
    found = visitor()
    return found is not None and found.actor.signs(kind) and not found.session.certificate_software


def session() -> Session:
    """Return what documents are bound to: the visitor's session, at this site."""
    return Session(who().session.token_hash, origin())


def signatures() -> list[Signed]:
    """Return the documents that came with the form and the signatures over them, in their order.

    Raises Invalid for what no page of ours has sent.
    """
    documents, given = request.form.getlist("signed_document"), request.form.getlist("cms")
    try:
        pairs = zip(documents, given, strict=True)
        return [Signed(*(b64decode(text, validate=True) for text in pair)) for pair in pairs]
    except ValueError:
        raise Invalid(
            "签名数据不完整，请重新提交并签名。",
            "The signature is not complete; submit and sign again.",
        ) from None


def signature() -> Signed | None:
    """Return the one signature that came with the form, if there is one."""
    return next(iter(signatures()), None)
