"""The shapes that come in and go out, by marshmallow; the OpenAPI document is made of them.

Quantities are strings of whole tonnes: JavaScript's numbers end at 2^53.
"""

from base64 import b64encode
from typing import Any

from marshmallow import Schema, fields, validate

QUANTITY = r"^(0|[1-9][0-9]{0,14})$"


class Tonnes(fields.String):
    """Whole tonnes as a string of digits."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            validate=validate.Regexp(QUANTITY, error="Whole tonnes as a string of digits."),
            metadata={"pattern": QUANTITY, "examples": ["386400"]},
            **more,
        )


class Id(fields.Integer):
    """A number of the registry; what no object can have is refused."""

    def __init__(self, **more: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(1, 2**63 - 1), **more)


class Label(Schema):
    """A text in both languages."""

    zh = fields.String()
    en = fields.String()


class PageQuery(Schema):
    """Where a page of a list begins."""

    cursor = fields.String(validate=validate.Length(max=200))


class InboxQuery(PageQuery):
    """What narrows the inbox."""

    step = fields.String(validate=validate.Length(max=200), load_default="")
    search = fields.String(validate=validate.Length(max=100), load_default="")
    claimed = fields.String(validate=validate.OneOf(["", "mine", "open"]), load_default="")
    visit = fields.String(validate=validate.OneOf(["", "first", "again"]), load_default="")
    at_least = Tonnes(load_default="0")
    due = fields.String(
        validate=validate.OneOf(["", "overdue", "today", "soon", "later", "none"]),
        load_default="",
    )


class Task(Schema):
    """An open task of one's organisation."""

    id = fields.Integer()
    application_id = fields.Integer(attribute="instance_id")
    key = fields.Integer()
    step = fields.Function(lambda task: f"{task.process_id}.{task.element_id}")
    name = fields.Nested(Label)
    visit = fields.Integer()
    due_at = fields.AwareDateTime(allow_none=True)
    claimed_by = fields.String(attribute="claimant", allow_none=True)
    number = fields.String()
    quantity = Tonnes()
    ccer_quantity = Tonnes()
    submitted_at = fields.AwareDateTime(allow_none=True)
    late = fields.Boolean()
    applicant = fields.Nested(Label, attribute="holder")
    applicant_code = fields.String(attribute="holder_code")


class Inbox(Schema):
    """A page of the inbox."""

    tasks = fields.List(fields.Nested(Task), attribute="entries")
    waiting = fields.Function(lambda page: page.counts.total)
    capped = fields.Function(lambda page: page.counts.capped)
    previous = fields.String(attribute="pager.previous", allow_none=True)
    next = fields.String(attribute="pager.next", allow_none=True)


class FormIn(Schema):
    """What is handed in for a task; its fields are those of the task's form."""

    form = fields.Dict(keys=fields.String(), required=True)


class Base64(fields.String):
    """Bytes as base64."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            validate=validate.Length(1, 200_000), metadata={"contentEncoding": "base64"}, **more
        )


class SignatureIn(Schema):
    """The document that was prepared, byte for byte, and the detached CMS signature over it."""

    document = Base64(required=True)
    cms = Base64(required=True)


class DecisionIn(FormIn):
    """What is decided; ``signature`` where the account asks for one."""

    signature = fields.Nested(SignatureIn, allow_none=True, load_default=None)


class EventIn(Schema):
    """An event; ``signature`` where the account asks for one of every act."""

    signature = fields.Nested(SignatureIn, allow_none=True, load_default=None)


class PreparedOut(Schema):
    """What is to be signed; null where no signature is needed."""

    needed = fields.Boolean()
    document = fields.Function(
        lambda found: b64encode(found.document).decode() if found.document else None,
        metadata={"type": ["string", "null"], "contentEncoding": "base64"},
    )


class DraftIn(FormIn):
    """What was typed; ``ready`` hands it over to the account's confirming representative."""

    ready = fields.Boolean(load_default=False)


class Begin(DraftIn):
    """A new application: saved as a draft, or submitted at once."""

    process = fields.String(required=True, validate=validate.Length(1, 100))
    subject_id = Id(allow_none=True, load_default=None)
    submit = fields.Boolean(load_default=False)


class Done(Schema):
    """What a step left behind."""

    application_id = fields.Integer()
    number = fields.String()
    decision_id = fields.Integer(allow_none=True)
    key = fields.Integer(allow_none=True)
    replayed = fields.Boolean()


class Check(Schema):
    """A numbered check and what it compared."""

    code = fields.String()
    state = fields.String(metadata={"enum": ["ok", "bad"]})
    message = fields.Nested(Label)
    compared = fields.Nested(Label)


class TaskForm(Schema):
    """A task with what it asks."""

    application_id = fields.Integer()
    key = fields.Integer()
    element = fields.String()
    name = fields.Nested(Label)
    instructions = fields.Nested(Label)
    visit = fields.Integer()
    due_at = fields.AwareDateTime(allow_none=True)
    schema = fields.Dict(metadata={"description": "JSON Schema of the form"})
    draft = fields.Dict(allow_none=True)
    checks = fields.List(fields.Nested(Check))


class Range(Schema):
    """Serial numbers, both ends included."""

    first = fields.Function(lambda ends: str(ends[0]), metadata={"type": "string"})
    last = fields.Function(lambda ends: str(ends[1]), metadata={"type": "string"})


class Item(Schema):
    """One line of an application."""

    instrument = fields.String(attribute="code")
    name = fields.Nested(Label)
    quantity = Tonnes()
    serials = fields.List(fields.Nested(Range))


class SignedBy(Schema):
    """The certificate under which a decision was signed, and when its holder says they did."""

    serial = fields.String()
    subject = fields.String()
    issuer = fields.String()
    not_before = fields.AwareDateTime()
    not_after = fields.AwareDateTime()
    software = fields.Boolean()
    algorithm = fields.String()
    signed_at = fields.AwareDateTime()


class Decision(Schema):
    """One decision on record; leaf is the SHA-256 of its stored bytes."""

    id = fields.Integer()
    element = fields.String(attribute="element_id")
    name = fields.Nested(Label, attribute="label")
    visit = fields.Integer()
    kind = fields.String()
    verdict = fields.String()
    opinion = fields.String()
    person = fields.String()
    holder = fields.Nested(Label)
    at = fields.AwareDateTime()
    leaf = fields.String()
    signed = fields.Nested(SignedBy, allow_none=True)


class OpenTask(Schema):
    """A task that waits for somebody."""

    key = fields.Integer()
    element = fields.String(attribute="element_id")
    name = fields.Nested(Label)
    visit = fields.Integer()
    holder = fields.Nested(Label)
    due_at = fields.AwareDateTime(allow_none=True)


class Movement(Schema):
    """What the ledger did for an application."""

    transfer_id = fields.Integer()
    kind = fields.String()
    at = fields.AwareDateTime()
    instrument = fields.String(attribute="instrument_code")
    from_position = fields.String(allow_none=True)
    to_position = fields.String()
    quantity = Tonnes()
    serials = fields.List(fields.Nested(Range))


class Summary(Schema):
    """An application in a list."""

    id = fields.Integer()
    number = fields.String()
    process = fields.Nested(Label)
    state = fields.Nested(Label, attribute="standing.label")
    quantity = Tonnes()
    ccer_quantity = Tonnes()
    created_at = fields.AwareDateTime()
    submitted_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    late = fields.Boolean()


class ApplicationOut(Summary):
    """An application with everything its party may see."""

    applicant = fields.Nested(Label)
    applicant_code = fields.String()
    account_number = fields.String()
    bundle = fields.String(attribute="bundle_hash")
    version = fields.Integer()
    items = fields.List(fields.Nested(Item))
    open_tasks = fields.List(fields.Nested(OpenTask))
    events = fields.Function(
        lambda found: [trigger.name for trigger in found.triggers],
        metadata={"type": "array", "items": {"type": "string"}},
    )
    decisions = fields.List(fields.Nested(Decision))
    movements = fields.List(fields.Nested(Movement))


class ListQuery(PageQuery):
    """What narrows a list of applications."""

    search = fields.String(validate=validate.Length(max=100), load_default="")
    status = fields.String(validate=validate.OneOf(["", "open", "ended"]), load_default="")


class Applications(Schema):
    """A page of applications, newest first."""

    applications = fields.List(fields.Nested(Summary), attribute="rows")
    previous = fields.String(attribute="pager.previous", allow_none=True)
    next = fields.String(attribute="pager.next", allow_none=True)
