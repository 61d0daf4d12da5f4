"""Forms whose decision the visitor signs on their own machine, and what comes back with them (R23).

Whom the server signs for (a demonstration) sees no difference; all others have the documents
prepared by an address beside the form's, sign them, and send the form with both.
"""

from base64 import b64decode

from flask import Flask, g, request

from app.domain.errors import Invalid
from app.services.signing.server_signed import signs_for
from app.services.signing.signed import Session, Signed
from app.web.origin import origin
from app.web.visitor import context, visitor, who


def offer_signing(app: Flask) -> None:
    """Offer ``signs(kind)`` and ``site()`` to templates."""
    app.jinja_env.globals["signs"] = signs
    app.jinja_env.globals["site"] = origin


def signs(kind: str) -> bool:
    """Whether the visitor signs decisions of a kind (complete, trigger) with a key of their own."""
    found = visitor()
    if found is None or not found.actor.signs(kind):
        return False
    return not found.session.certificate_software or not _server_signs()


def _server_signs() -> bool:
    """Whether the visitor's software key is the server's own; one in a folder is theirs."""
    if "server_signs" not in g:
        ctx, person = context(), who().actor.person_id
        with ctx.database.transaction() as tx:
            g.server_signs = signs_for(ctx, tx, person, session()) is not None
    return bool(g.server_signs)


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
        return [
            Signed(b64decode(document, validate=True), b64decode(cms, validate=True))
            for document, cms in pairs
        ]
    except ValueError:
        raise Invalid(
            "签名数据不完整，请重新提交并签名。",
            "The signature is not complete; submit and sign again.",
        ) from None


def signature() -> Signed | None:
    """Return the one signature that came with the form, if there is one."""
    return next(iter(signatures()), None)
