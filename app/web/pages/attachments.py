"""Files: a download for those who may read one, and the opening files of a holder (M3, R20).

What a file contains is never shown by the browser as a page of the registry: it is saved, and even
if it were opened it could load and run nothing.
"""

from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.attachments.kinds import ACCEPTED, TEXT
from app.attachments.names import download_name
from app.domain.label import Label
from app.services.attachments.opening import opening_files, opening_missing
from app.services.attachments.reading import read
from app.web.bodies import takes_files
from app.web.pages.handed_in import both, sent_files
from app.web.visitor import actor, context, only

pages = Blueprint("attachments", __name__)

SANDBOX = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
BYTES = "application/octet-stream"
OPENED = ("emitter", "participant", "project_owner")  # whose accounts are opened for them


@pages.get("/attachments/<int:attachment_id>")
def download(attachment_id: int) -> Response:
    """Send a file to be saved; its name is text in the header and never a path."""
    file, content = read(context(), actor(), attachment_id)
    response = send_file(
        BytesIO(content),
        # A text may be in UTF-8 or GB18030: nobody should guess.
        mimetype=BYTES if file.media_type == TEXT else file.media_type,
        as_attachment=True,
        download_name=download_name(file.filename),
        etag=False,
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/account/opening-files")
def opening() -> str:
    """Show the opening files of the holder, and whether any are missing."""
    return _opening_page(None)


@pages.post("/account/opening-files")
@takes_files
def add_opening() -> str | Response | tuple[str, int]:
    """Keep opening files; those that are refused are named with the reason."""
    only(*OPENED)
    made, refusals = sent_files("files", "opening")
    if refusals:
        return _opening_page(both(refusals)), 422
    if not made:
        nothing = Label("请先选择要上传的文件。", "Choose the files to upload first.")
        return _opening_page(nothing), 422
    flash(_("操作成功！已上传 %(n)s 个文件。", n=len(made)))
    return redirect(url_for(".opening"))


def _opening_page(wrong: Label | None) -> str:
    ctx, who = context(), only(*OPENED)
    return render_template(
        "attachments/opening.html",
        files=opening_files(ctx, who),
        missing=opening_missing(ctx, who),
        wrong=wrong,
        accepted=ACCEPTED,
        most=ctx.settings.attachment_mib,
    )
