"""An application: begin it, its page with the live diagram, its tasks, and what may be sent to it.

No task is named here: which form is shown, who may decide and what may be withdrawn, the diagram
and its forms say.
"""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.errors import AlreadyDecided, Conflict, Invalid
from app.services import application as reading
from app.services import applications, drafts, eligible, withdraw
from app.services.account_changes.comparison import rounds_of
from app.services.account_changes.proposal import Proposal, proposal
from app.services.application import Application
from app.services.attachments.opening import opening_files
from app.services.blank import Blank, blank
from app.services.certificates.printing import certificate_of
from app.services.checked import Checked, checks
from app.services.custody.choices import Custody, custody, linked_codes
from app.services.decide import Request, decide
from app.services.eligible import Choice
from app.services.parties import in_another_lane
from app.services.queries.kinds import kind_of
from app.services.saved import SavedForm, saved_form
from app.services.timeline import Open
from app.web.bodies import takes_files
from app.web.formats import label
from app.web.language import language
from app.web.pages.diagram import drawing, drawn, in_words, replayed, timeline
from app.web.pages.filled import Filled
from app.web.pages.handed_in import hand_in
from app.web.pages.records import endpoint_of
from app.web.pages.typed import values_of
from app.web.signs import session, signature
from app.web.visitor import actor, context
from app.workflow.definition import Definition, UserTask

pages = Blueprint("applications", __name__, url_prefix="/applications")
LONGEST_PROPOSAL = 200  # characters of an address


@pages.get("/<int:instance_id>")
def show(instance_id: int) -> str:
    """Show an application: numbers, items, opinions, diagram, timeline, transfers."""
    found = reading.application(context(), actor(), instance_id)
    certificate = certificate_of(context(), actor(), instance_id) if found.ended_at else None
    return render_template(
        "applications/show.html", **_about(found), certificate=certificate, listed=_list_of(found)
    )


def _list_of(found: Application) -> tuple[str, str]:
    """Return the name and address of the list in which its reader finds the application."""
    role, kind = actor().role, kind_of(found.process_id)
    if role == "auditor":
        return str(_("流程历史")), url_for("history.index")
    if kind is None or role == "provincial_authority":
        return str(_("申请记录")), url_for("records.index")
    return label(kind.label), url_for(f"records.{endpoint_of(kind.slug)}")


@pages.get("/<int:instance_id>/diagram.bpmn")
def diagram(instance_id: int) -> Response:
    """Return the drawing that the application runs; its bundle is kept for life."""
    definition, content = reading.diagram(context(), actor(), instance_id)
    return Response(drawing(definition, content, language()), mimetype="application/xml")


@pages.route("/new/<process_id>", methods=["GET", "POST"])
@pages.route("/new/<process_id>/<int:subject_id>", methods=["GET", "POST"])
@takes_files
def begin(process_id: str, subject_id: int | None = None) -> str | Response | tuple[str, int]:
    """Fill in a new application; nothing exists before it is saved or submitted (R7)."""
    ctx, who = context(), actor()
    new = blank(ctx, who, process_id, subject_id)
    filled = Filled(new.form)
    filled.read(_named(new.task))
    if request.method == "POST":
        filled.read(values_of(new.form))
        _added(filled)
        action = _action(filled)
        submit = action == "submit"
        if action in {"submit", "save", "hand_over"}:
            try:
                started = applications.begin(
                    ctx,
                    who,
                    process_id,
                    subject_id,
                    filled.checked(strict=action != "save"),
                    submit=submit,
                    ready=action == "hand_over",
                    idempotency_key=_once(),
                    session=session(),
                )
            except Invalid as refused:
                filled.refuse(refused)
            else:
                return _done(started.instance_id, started.number, action)
    page = render_template(
        "applications/fill.html",
        proposed=_proposed(filled, who.account_id),
        process=new.process,
        task=new.task,
        filled=filled,
        notice=new.notice,
        pilot=new.pilot,
        choices=_choices(filled, new.definition, who.account_id, new),
        custody=_custody(filled, who.account_id),
        application=None,
        saved=None,
    )
    return (page, 422) if filled.refused else page


def _named(task: UserTask) -> dict[str, str]:
    """Return what the address proposes, for the fields that the diagram lets it (``proposed``)."""
    names = task.properties.get("proposed", "").split()
    proposed = {name: request.args.get(name, "")[:LONGEST_PROPOSAL] for name in names}
    return {name: value for name, value in proposed.items() if value}


@pages.get("/<int:instance_id>/resume")
def resume(instance_id: int) -> Response:
    """Go to the open task of one's own organisation, or to the application."""
    found, who = reading.application(context(), actor(), instance_id), actor()
    return _onwards(found, who.holder_id)


def _onwards(found: Application, holder_id: int) -> Response:
    mine = next((t for t in found.open_tasks if t.holder_id == holder_id), None)
    if mine is not None:
        return redirect(url_for(".task", instance_id=found.id, key=mine.key))
    return redirect(url_for(".show", instance_id=found.id))


@pages.route("/<int:instance_id>/tasks/<int:key>", methods=["GET", "POST"])
@takes_files
def task(instance_id: int, key: int) -> str | Response | tuple[str, int]:
    """Show a task with its form, save its draft, or complete it."""
    found = reading.application(context(), actor(), instance_id)
    waiting = found.task(key)
    if request.method == "POST":
        return _post(found, key)
    if waiting is None:
        return redirect(url_for("applications.show", instance_id=instance_id))
    definition_task = found.definition.tasks[waiting.element_id]
    page = definition_task.properties.get("page")
    # This step is taken on a page of its own, for whoever may take it.
    if page in current_app.view_functions and waiting.holder_id == actor().holder_id:
        return redirect(url_for(page))
    filled = Filled(found.definition.forms[definition_task.form])
    draft = _draft(found, waiting)
    confirms = draft is not None and draft.ready
    filled.read(draft.form if draft else _last(found, definition_task), typed=confirms)
    return _task_page(found, waiting, definition_task, filled, draft)


def _post(found: Application, key: int) -> str | Response | tuple[str, int]:
    ctx, who = context(), actor()
    waiting = found.task(key)
    element = waiting.element_id if waiting else request.form.get("element", "")
    definition_task = found.definition.tasks.get(element)
    if definition_task is None:
        return redirect(url_for("applications.show", instance_id=found.id))
    filled = Filled(found.definition.forms[definition_task.form])
    filled.read(values_of(filled.form))
    _added(filled)
    action = _action(filled)
    try:
        if action in {"save", "hand_over", "take_back"}:
            _keep(found, key, filled, action)
            return redirect(url_for(".task", instance_id=found.id, key=key))
        if action in {"submit", "confirm"}:
            if action == "confirm":
                filled.read(_handed_over(found, key))
            form = filled.checked(strict=True)
            decide(ctx, who, Request(found.id, key, form, _once(), signature(), session()))
            return _done(found.id, found.number, "submit", str(form.get("verdict", "")))
    except Invalid as refused:
        filled.refuse(refused)
    except Conflict as moved_on:
        return _conflict(found, moved_on, filled), 409
    if waiting is None:
        return redirect(url_for("applications.show", instance_id=found.id))
    page = _task_page(found, waiting, definition_task, filled, _draft(found, waiting))
    return (page, 422) if filled.refused else page


def _keep(found: Application, key: int, filled: Filled, action: str) -> None:
    """Save a draft, hand it over to the confirming representative, or take it back (G21)."""
    ctx, who = context(), actor()
    if action == "take_back":
        drafts.take_back(ctx, who, found.id, key)
        flash(_("已退回，由发起代表修改后再提交确认。"))
        return
    ready = action == "hand_over"
    drafts.save(ctx, who, found.id, key, filled.checked(strict=ready), ready=ready)
    flash(_("已提交确认，等待另一位代表确认。") if ready else _("草稿已保存。"))


def _handed_over(found: Application, key: int) -> dict[str, Any]:
    """Return what another representative filled in: whoever confirms it types nothing."""
    saved = saved_form(context(), actor(), found.id, key)
    if saved is None or not saved.ready:
        raise Conflict("没有待确认的内容。", "Nothing is waiting to be confirmed.")
    return dict(saved.form)


@pages.post("/<int:instance_id>/send/<name>")
def send(instance_id: int, name: str) -> Response | tuple[str, int]:
    """Send an event that the diagram lets this party send: withdraw, discard."""
    ctx, who = context(), actor()
    try:
        withdraw.trigger(ctx, who, instance_id, name, signature(), session())
    except Conflict as moved_on:
        found = reading.application(ctx, who, instance_id)
        return _conflict(found, moved_on, None), 409
    found = reading.application(ctx, who, instance_id)
    _say_standing(found)
    return _onwards(found, who.holder_id)


def _say_standing(found: Application, category: str = "message") -> None:
    """Say what has become of it; ``next`` offers the next task beside the words."""
    state = label(found.standing.label)
    flash(_("操作成功！申请 %(number)s：%(state)s。", number=found.number, state=state), category)


def _once() -> str | None:
    """A form is handed in once: the key is drawn with the page, so a second press repeats it."""
    given = request.form.get("once", "")
    return f"page:{given}" if 16 <= len(given) <= 64 and given.isalnum() else None


def _done(instance_id: int, number: str, action: str, verdict: str = "") -> Response:
    if action != "submit":
        ready = action == "hand_over"
        flash(
            _("申请 %(number)s 已提交确认，等待另一位代表确认。", number=number)
            if ready
            else _("草稿 %(number)s 已保存。", number=number)
        )
        found = reading.application(context(), actor(), instance_id)
        first = found.open_tasks[0]
        return redirect(url_for(".task", instance_id=instance_id, key=first.key))
    if not verdict:
        found = reading.application(context(), actor(), instance_id)
        flash(
            _("操作成功！申请 %(number)s 已提交，所填数量已冻结，待审核。", number=number)
            if found.quantity
            else _("操作成功！申请 %(number)s 已提交，待审核。", number=number)
        )
    else:
        found = reading.application(context(), actor(), instance_id)
        _say_standing(found, "next")
    return redirect(url_for(".show", instance_id=instance_id))


def _draft(found: Application, waiting: Open) -> SavedForm | None:
    if waiting.holder_id != actor().holder_id:
        return None
    return saved_form(context(), actor(), found.id, waiting.key)


def _last(found: Application, task: UserTask) -> dict[str, Any]:
    """A returned application is edited from what was submitted.

    A review starts empty, but for fields that propose what the application asks.
    """
    form = found.definition.form_of(task.id)
    if found.definition.asks_content(task.id):
        return dict(found.content)
    proposed = {f.name: found.content.get(f.proposal) for f in form.fields if f.proposal}
    return {name: value for name, value in proposed.items() if value is not None}


def _task_page(
    found: Application, waiting: Open, task: UserTask, filled: Filled, draft: SavedForm | None
) -> str:
    ctx, who = context(), actor()
    ours = waiting.holder_id == who.holder_id and waiting.role == who.role
    elsewhere = ours and in_another_lane(ctx, who, found.id, waiting.lane)
    mine = ours and not elsewhere
    applying = mine and found.definition.asks_content(task.id)
    account = found.applicant_account_id
    editable = applying and not (draft and draft.ready)
    return render_template(
        "applications/fill.html" if applying else "applications/task.html",
        **_about(found),
        proposed=_proposed(filled, account) if editable else None,
        task=task,
        waiting=waiting,
        mine=mine,
        elsewhere=elsewhere,
        filled=filled,
        saved=draft,
        process=found.process,
        choices=_choices(filled, found.definition, account, found) if applying else {},
        custody=_custody(filled, account) if applying else None,
        checks=[_shown(check) for check in checks(ctx, who, found.id)],
    )


def _proposed(filled: Filled, account_id: int) -> Proposal | None:
    """Fill a form that changes the holder's data with what is in force (F3); no other form."""
    found = proposal(context(), actor(), account_id, filled.form, filled.values)
    if found is not None:
        filled.read(found.values)
    return found


def _shown(check: Checked) -> dict[str, Any]:
    return {
        "code": check.code,
        "state": check.state,
        "message": check.message,
        "compared": label(check.compared),
    }


def _choices(
    filled: Filled, definition: Definition, account_id: int, about: Application | Blank
) -> dict[str, Choice]:
    """Return what may be picked, by instrument code: for a notice, or for the flow's own type."""
    if not filled.has_lines:
        return {}
    if about.notice is not None:
        found = eligible.choices(context(), actor(), about.notice.notice.id)
    else:
        rule = about.pilot.rule if about.pilot else None
        found = eligible.free_choices(context(), actor(), definition, account_id, rule)
    return {choice.instrument.code: choice for choice in found}


def _custody(filled: Filled, account_id: int) -> Custody | None:
    """Return the lots and links that a return is filled in with."""
    return custody(context(), actor(), account_id) if filled.has_lots else None


def _added(filled: Filled) -> None:
    """Add the files that were sent, and the rows that were ticked on a page without scripts."""
    hand_in(filled)
    action = request.form.get("action")
    if action == "add":
        ticked = request.form.getlist("add")
        for field in filled.form.fields:
            if field.widget == "unit_lines":
                filled.add(field.name, ticked)
            if field.widget == "lot_lines":
                linked = linked_codes(context(), actor())
                filled.pick_lots(field.name, ticked, linked)
    if action in {"submit", "hand_over"}:
        filled.without_blanks()


def _action(filled: Filled) -> str:
    """Return what is to be done; with a file that was refused, nothing yet."""
    return "" if filled.refused else request.form.get("action", "")


def _about(found: Application) -> dict[str, Any]:
    return {
        "application": found,
        "notice": found.notice,
        "pilot": found.pilot,
        "marks": drawn(found.marks),
        "frames": replayed(found),
        "in_words": in_words(found),
        "timeline": timeline(found),
        **_change(found),
    }


def _change(found: Application) -> dict[str, Any]:
    """Return old and new data of a change, and the opening files that its reviewer reads (M3)."""
    rounds = rounds_of(context(), found)
    opening = opening_files(context(), actor(), found.applicant_id) if rounds else []
    return {"rounds": rounds, "opening": opening}


def _conflict(found: Application, moved_on: Conflict, filled: Filled | None) -> str:
    """Who was first, with what, when; nothing of ours was applied, and the opinion is kept."""
    seen, found = found, reading.application(context(), actor(), found.id)
    last = found.decisions[-1] if found.decisions else None
    overtaken = isinstance(moved_on, AlreadyDecided) or found.version > seen.version
    return render_template(
        "applications/conflict.html",
        **_about(found),
        message=moved_on.message,
        last=last,
        first=last is not None and overtaken,
        opinion=filled.text("opinion") if filled else "",
    )
