"""Pilot regions: choose one, who runs it; what waits for export, exports, bases (S26, R52)."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as Answer

from app.domain.clock import local_day
from app.domain.errors import Conflict, Invalid
from app.domain.label import Label
from app.services.pilots import bases as capping
from app.services.pilots import exporting, files, region
from app.services.pilots import exports as handed
from app.services.pilots import waiting as queue
from app.web.bodies import takes_files
from app.web.formats import label
from app.web.pages.documents import answer
from app.web.signs import session, signatures
from app.web.visitor import context, only

pages = Blueprint("pilots", __name__, url_prefix="/pilots")
APPLICANTS = ("emitter", "participant")
SEEN_BY = (*APPLICANTS, "provincial_authority", "national_authority", "auditor")
TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "sha256": "text/plain",
}
LARGEST_FILE = 1024 * 1024
EXAMPLE = "{year},91330100MA2000000X,1200000"


@pages.get("")
def index() -> str:
    """Show the pilot regions with their rules in words; an enterprise begins here."""
    who = only(*SEEN_BY)
    ctx = context()
    return render_template(
        "pilots/index.html",
        regions=region.regions(ctx),
        begins=who.role in APPLICANTS and who.may_initiate,
        names=who.role == region.NAMER and who.may_confirm,
        candidates=region.candidates(ctx) if who.role == region.NAMER else [],
    )


@pages.post("/<int:pilot_id>/authority")
def designate(pilot_id: int) -> Answer:
    """Name who runs a pilot region (W21.0)."""
    who = only(region.NAMER)
    try:
        region.designate(context(), who, pilot_id, request.form.get("holder", "")[:60])
    except Invalid as refused:
        flash(label(refused.message))
    else:
        flash(_("操作成功！已指定试点地区主管部门。"))
    return redirect(url_for(".index"))


@pages.route("/exports", methods=["GET", "POST"])
def exports() -> str | Answer | tuple[str, int]:
    """Show what waits for export and what was exported; export what is chosen."""
    ctx, who = context(), only(region.RUNNER)
    message: Label | None = None
    if request.method == "POST":
        try:
            chosen = request.form.getlist("chosen", type=int)
            done = exporting.export(ctx, who, chosen, _drawn(), session())
        except (Invalid, Conflict) as refused:
            message = refused.message
        else:
            _say_done(done)
            return redirect(url_for(".export", number=done.number))
    served = region.served(ctx, who)
    waiting = queue.waiting(ctx, who) if served else []
    year = request.args.get("year", "")
    years = sorted({one.year for one in waiting}, reverse=True)
    page = render_template(
        "pilots/exports.html",
        served=served,
        waiting=[one for one in waiting if year not in years or one.year == year],
        years=years,
        year=year if year in years else "",
        made=handed.made(ctx, who) if served else [],
        message=message,
        most=exporting.MOST,
    )
    return (page, 422) if message else page


@pages.post("/exports/prepare")
def documents() -> Answer:
    """Draw the number of an export, and return a document to be signed for each application."""
    chosen = request.form.getlist("chosen", type=int)
    found = exporting.prepare(context(), only(region.RUNNER), chosen, session())
    if found is None:
        return answer([])
    drawn = _sealed().dumps([found.number, session().hash.hex()])
    return answer(found.documents, action=url_for(".exports", drawn=drawn))


def _drawn() -> exporting.Drawn | None:
    """Return the export that was prepared in this session and is now signed, if there is one."""
    sealed = request.args.get("drawn")
    if sealed is None:
        return None
    try:
        number, bound = _sealed().loads(sealed)
    except BadSignature:
        number, bound = "", ""
    if bound != session().hash.hex():
        raise Invalid("页面已过期，请重新选择。", "The page is too old; choose again.")
    return exporting.Drawn(number, (), signatures(), session())


def _sealed() -> URLSafeSerializer:
    """Nobody chooses the number of an export: the page gives back the one that was drawn."""
    return URLSafeSerializer(context().settings.secret_key, salt="pilots.export")


def _say_done(done: exporting.Done) -> None:
    flash(_("操作成功！已导出为 %(number)s，可下载。", number=done.number))
    for left in done.left:
        flash(_("未导出 %(number)s：%(why)s", number=left.number, why=label(left.why)))


@pages.get("/exports/<number>")
def export(number: str) -> str:
    """Show an export with its checksum, and what became of each application."""
    found = handed.exported(context(), only(region.RUNNER, "auditor"), number)
    return render_template("pilots/export.html", found=found, forms=tuple(files.FORMS))


@pages.get("/exports/<number>/file.<form>")
def download(number: str, form: str) -> Response:
    """Send the export as a file."""
    found = handed.exported(context(), only(region.RUNNER, "auditor"), number)
    return _attached(files.file_of(found, form), files.name_of(found, form), form)


@pages.get("/exports/<number>/file.<form>.sha256")
def checksum(number: str, form: str) -> Response:
    """Send the checksum of that file, as sha256sum reads it."""
    found = handed.exported(context(), only(region.RUNNER, "auditor"), number)
    return _attached(files.sidecar(found, form), files.name_of(found, form) + ".sha256", "sha256")


def _attached(body: bytes, name: str, form: str) -> Response:
    answer = Response(body, mimetype=TYPES[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@pages.route("/bases", methods=["GET", "POST"])
@takes_files
def bases() -> str | Answer | tuple[str, int]:
    """Show and upload what the rate of a pilot is taken of (G18)."""
    ctx, who = context(), only(region.RUNNER)
    served = [p for p in region.served(ctx, who) if p.authority_id == who.holder_id]
    wanted = request.values.get("pilot", type=int)
    chosen = next((p for p in served if p.id == wanted), served[0] if served else None)
    refused: Invalid | None = None
    if request.method == "POST" and chosen is not None:
        try:
            rows = capping.upload(ctx, who, chosen.id, _file())
        except Invalid as error:
            refused = error
        else:
            flash(_("操作成功！已写入 %(n)s 行基数。", n=rows))
            return redirect(url_for(".bases", pilot=chosen.id))
    found = capping.bases(ctx, who, chosen.id) if chosen else []
    years = sorted({one.year for one in found}, reverse=True)
    year = request.args.get("year", type=int)
    page = render_template(
        "pilots/bases.html",
        served=served,
        chosen=chosen,
        bases=[one for one in found if year not in years or one.year == year],
        years=years,
        year=year if year in years else None,
        refused=refused,
        heads=",".join(capping.HEADS),
        example=EXAMPLE.format(year=local_day(ctx.clock.now()).year - 1),
    )
    return (page, 422) if refused else page


def _file() -> bytes:
    """Return the uploaded file; raises Invalid for none, or one that is too large."""
    given = request.files.get("file")
    content = given.stream.read(LARGEST_FILE + 1) if given else b""
    if not content:
        zh, en = "请选择一个 CSV 文件。", "Choose a CSV file."
        raise Invalid(zh, en, fields={"file": Label(zh, en)})
    if len(content) > LARGEST_FILE:
        zh, en = "文件不得超过 1 MiB。", "The file may have 1 MiB at most."
        raise Invalid(zh, en, fields={"file": Label(zh, en)})
    return content
