"""Certificates: the PDF for the parties, and the public page that its code leads to."""

from io import BytesIO

from flask import Blueprint, render_template, send_file, url_for
from werkzeug.wrappers import Response

from app.services.certificates.confirmation import confirm as confirmed
from app.services.certificates.printing import printed
from app.web.limits import CONFIRMATIONS, limiter
from app.web.public import public
from app.web.visitor import actor, context

pages = Blueprint("certificates", __name__)


@pages.get("/certificates/<number>")
@public
@limiter.limit(CONFIRMATIONS)
def confirm(number: str) -> str:
    """Confirm a certificate to anybody by its number; an unknown one is a plain 404."""
    found = confirmed(context(), number.strip().upper())
    return render_template("certificates/confirm.html", found=found)


@pages.get("/applications/<int:instance_id>/certificate.pdf")
def download(instance_id: int) -> Response:
    """Print the certificate for a party or an auditor, made anew from the database's rows."""
    paper = printed(context(), actor(), instance_id, public_address)
    response = send_file(
        BytesIO(paper.pdf),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=f"自愿注销证书-{paper.number}.pdf",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def public_address(number: str) -> str:
    """Return the address in the code: where the registry is known to be, or where it was asked."""
    known = context().settings.public_url
    if known:
        return known + url_for("certificates.confirm", number=number)
    return url_for("certificates.confirm", number=number, _external=True)
