"""我的证书: a person's own certificates, and until when each is valid (M2, R23)."""

from flask import Blueprint, render_template

from app.domain.label import Label
from app.services.signing.own import my_certificates
from app.web.visitor import SOON, context, who

pages = Blueprint("own_certificates", __name__)

REASONS = {
    "lost": Label("遗失", "Lost"),
    "revoked": Label("吊销", "Revoked"),
    "replaced": Label("更换", "Replaced"),
    "left": Label("代表离任", "Representative left"),
    "compromised": Label("泄露", "Compromised"),
}


@pages.get("/account/certificates")
def show() -> str:
    """List the person's own certificates; nobody else's can be asked for."""
    ctx, person = context(), who()
    certificates, codes = my_certificates(ctx, person.actor)
    return render_template(
        "account/certificates.html",
        certificates=certificates,
        codes=codes,
        reasons=REASONS,
        at=ctx.clock.now(),
        soon=SOON,
        current=person.session.certificate_id,
    )
