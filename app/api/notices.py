"""Compliance notices: an emitter's own, a province's progress, issuing one."""

from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, validate

from app.api.doors import actor, context
from app.api.groups import group
from app.api.shapes import Id, Label, PageQuery, Tonnes
from app.domain.offset_rule import OffsetRule
from app.services import eligible, notices, progress
from app.services.eligible import Choice
from app.services.notices import NoticeRequest
from app.services.progress import NoticeView, Progress

resources = group("notices", "/notices", "Compliance notices")


class Notice(Schema):
    """A notice with its quantities in whole tonnes."""

    id = fields.Integer(attribute="notice.id")
    number = fields.String(attribute="notice.number")
    year = fields.Integer(attribute="notice.year")
    emitter = fields.Nested(Label)
    authority = fields.Nested(Label)
    account_number = fields.String()
    deadline = fields.AwareDateTime(attribute="notice.deadline")
    obligation = Tonnes(attribute="notice.obligation")
    surrendered = Tonnes(attribute="notice.surrendered")
    pending = Tonnes(attribute="notice.pending")
    remaining = Tonnes(attribute="notice.remaining")
    ccer_limit = Tonnes(attribute="notice.ccer_limit")
    ccer_surrendered = Tonnes(attribute="notice.ccer_surrendered")
    ccer_pending = Tonnes(attribute="notice.ccer_pending")
    scope = fields.Function(lambda view: view.notice.scope.as_json(), metadata={"type": "object"})
    ccer_rule = fields.Function(
        lambda view: view.notice.ccer_rule.as_json(), metadata={"type": "object"}
    )


class Instrument(Schema):
    """An instrument of the notice's account, and why it may not be used."""

    code = fields.String(attribute="instrument.code")
    name = fields.Nested(Label)
    unit_type = fields.String(attribute="instrument.unit_type")
    available = Tonnes(attribute="instrument.available")
    eligible = fields.Boolean()
    objection = fields.Nested(Label, allow_none=True)


class Emitter(Schema):
    """An emitter of a province and its notice of a year."""

    id = fields.Integer(attribute="holder_id")
    code = fields.String()
    name = fields.Nested(Label)
    account_number = fields.String()
    notice_id = fields.Integer(allow_none=True)
    number = fields.String(allow_none=True)
    obligation = Tonnes()
    surrendered = Tonnes()
    pending = Tonnes()
    deadline = fields.AwareDateTime(allow_none=True)


class ProgressQuery(PageQuery):
    """Which year of a province, and what narrows its emitters."""

    year = fields.Integer(validate=validate.Range(2000, 2200))
    search = fields.String(validate=validate.Length(max=100), load_default="")


class ProgressOut(Schema):
    """A province's year."""

    year = fields.Integer(allow_none=True)
    emitters = fields.List(fields.Nested(Emitter), attribute="rows")
    previous = fields.String(attribute="pager.previous", allow_none=True)
    next = fields.String(attribute="pager.next", allow_none=True)


class Issue(Schema):
    """A notice to issue; what is left out follows the year's parameters."""

    emitter_id = Id(required=True)
    year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2200))
    obligation = Tonnes(required=True)
    document_number = fields.String(load_default="", validate=validate.Length(max=100))
    deadline = fields.AwareDateTime(load_default=None, allow_none=True)
    ccer_rate = fields.Decimal(
        load_default=None,
        allow_none=True,
        as_string=True,
        validate=validate.Range(Decimal(0), Decimal(1)),
    )


class Issued(Schema):
    """The number of the new notice."""

    id = fields.Integer()


@resources.get("")
@resources.response(200, Notice(many=True))
def read_notices() -> list[NoticeView]:
    """Return the notices of the emitter one acts for."""
    return progress.own_notices(context(), actor("read"))


@resources.get("/progress")
@resources.arguments(ProgressQuery, location="query")
@resources.response(200, ProgressOut)
def read_progress(query: dict[str, Any]) -> Progress:
    """Return a province's emitters of a year with what each has surrendered."""
    return progress.progress(
        context(), actor("read"), query.get("year"), query["search"], query.get("cursor")
    )


@resources.get("/<int:notice_id>")
@resources.response(200, Notice)
def read_notice(notice_id: int) -> NoticeView:
    """Return a notice to its emitter, its authority or an auditor."""
    return progress.notice(context(), actor("read"), notice_id)


@resources.get("/<int:notice_id>/instruments")
@resources.response(200, Instrument(many=True))
def read_instruments(notice_id: int) -> list[Choice]:
    """Return what the emitter could surrender for its notice, and what it could not."""
    return eligible.choices(context(), actor("read"), notice_id)


@resources.post("")
@resources.arguments(Issue)
@resources.response(201, Issued)
def issue_notice(body: dict[str, Any]) -> dict[str, int]:
    """Issue a notice to an emitter of one's province."""
    rate = body.pop("ccer_rate")
    request = NoticeRequest(
        **body | {"obligation": int(body["obligation"])},
        ccer_rule=OffsetRule(rate=rate) if rate is not None else None,
    )
    return {"id": notices.issue(context(), actor("review"), request)}
