"""数字证书管理: who has which certificate, what is done about it, and the report of a loss (M2)."""

from collections.abc import Iterable, Iterator

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.clock import local_day
from app.services.credentials import loss
from app.services.queries import credentials
from app.services.queries.credentials import KEYS, REASONS, STATES, Credential, Narrowed
from app.web.formats import label, when
from app.web.pages import listing
from app.web.pages.sheets import Cell, Table, sheet
from app.web.pages.typed import one_of, search_text
from app.web.visitor import actor, context, only

pages = Blueprint("credentials", __name__)
READERS = ("registry_operator", "auditor")
TONES = {"valid": "ok", "expiring": "warn", "expired": "bad", "ended": "bad", "none": "line"}
FILTERS = ("q", "state", "reason")


def _narrowed() -> Narrowed:
    return Narrowed(search_text(), one_of("state", tuple(STATES)), one_of("reason", tuple(REASONS)))


@pages.get("/credentials")
def index() -> str:
    """List people and their certificates, with what an officer may begin about each."""
    who, narrowed = only(*READERS), _narrowed()
    found = credentials.listed(
        context(), who, narrowed, request.args.get("sort", ""), request.args.get("cursor")
    )
    names = _names()
    return render_template(
        "credentials/index.html",
        found=found,
        narrowed=narrowed,
        states=STATES,
        reasons=REASONS,
        tones=TONES,
        may_begin=who.role == "registry_operator" and who.may_initiate,
        me=who.person_id,
        heads=[listing.head(text, found.order, KEYS, key) for key, text in names.items()],
        sortings=listing.sortings(
            ((key, text) for key, text in names.items() if key in KEYS), found.order
        ),
        chips=listing.chips(
            [
                ("q", _("搜索"), narrowed.search),
                ("state", _("状态"), label(STATES.get(narrowed.state, ""))),
                ("reason", _("终止原因"), label(REASONS.get(narrowed.reason, ""))),
            ]
        ),
        reset=listing.unfiltered(*FILTERS),
        counted=listing.counted(found.count, found.count),
        files={
            form.upper(): listing.file_address("credentials.export", form)
            for form in ("csv", "xlsx")
        },
        previous=listing.address(cursor=found.pager.previous) if found.pager.previous else "",
        following=listing.address(cursor=found.pager.next) if found.pager.next else "",
    )


@pages.get("/credentials/file.<form>")
def export(form: str) -> Response:
    """Return all that was found as a file, in the order of the page."""
    who = only(*READERS)
    rows = credentials.exported(context(), who, _narrowed(), request.args.get("sort", ""))
    name = f"{_('数字证书管理')}-{local_day(context().clock.now()):%Y%m%d}"
    return sheet(Table(name, _heads(), _cells(rows)), form)


@pages.get("/account/certificates/<int:certificate_id>/lost")
def lost(certificate_id: int) -> str:
    """Ask once more before one's own certificate ends: there is no way back."""
    fingerprint = loss.own(context(), actor(), certificate_id)
    return render_template(
        "credentials/lost.html", certificate_id=certificate_id, fingerprint=fingerprint
    )


@pages.post("/account/certificates/<int:certificate_id>/lost")
def report_lost(certificate_id: int) -> Response:
    """End one's own certificate at once; one is signed out by it."""
    loss.report_lost(context(), actor(), certificate_id)
    flash(_("证书已报失并即时终止，您已退出登录。请联系登记机构办理新的证书。"))
    return redirect(url_for("sign_in.form"))


def _names() -> dict[str, str]:
    """Return the columns of the page, by sort key where they have one."""
    return {
        "member_no": _("会员编号"),
        "holders": _("代表单位"),
        "certificate": _("证书指纹"),
        "until": _("有效期至"),
        "state": _("状态"),
        "actions": _("操作"),
    }


def _heads() -> list[str]:
    return [
        _("会员编号"), _("姓名"), _("代表单位"), _("状态"), _("证书指纹"), _("序列号"),
        _("签发机构"), _("证书介质"), _("绑定时间"), _("有效期自"), _("有效期至"), _("终止时间"),
        _("终止原因"), _("申请编号"),
    ]  # fmt: skip


def _cells(rows: Iterable[Credential]) -> Iterator[list[Cell]]:
    for row in rows:
        medium = _("软件证书（演示）") if row.software else "USBKey"
        yield [
            row.member_no,
            label(row.name),
            label(row.holders),
            label(STATES[row.state]),
            row.fingerprint,
            row.serial,
            row.issuer,
            medium if row.certificate_id else "",
            *(when(at) if at else "" for at in (row.bound_at, row.not_before, row.until)),
            when(row.ended_at) if row.ended_at else "",
            label(REASONS[row.reason]) if row.reason else "",
            row.number or (_("本人报失") if row.by_themselves else ""),
        ]
