"""Which fields of a form are the holder's data: its lines of text, its choices and dates.

The form with the widget ``seen`` is the one that asks for a change; what was shown to whoever
fills it in travels in that field, so that it can be compared later.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from app.domain.label import Label
from app.workflow.definition import Definition
from app.workflow.forms import Field, Form

SEEN = "seen"
BEFORE = "before"
DATA = frozenset({"text", "choice", "date"})  # a reason or a note in a textarea is none


def seen_field(form: Form) -> Field | None:
    """Return the field that says what was shown; None for a form that changes no data."""
    return next((field for field in form.fields if field.widget == SEEN), None)


def data_fields(form: Form) -> tuple[Field, ...]:
    """Return the fields that are the holder's data, in the order of the page."""
    return tuple(field for field in form.fields if field.widget in DATA)


def form_of_change(definition: Definition) -> Form | None:
    """Return the form of a flow that asks for a change of data, if there is one."""
    forms = (definition.form_of(task) for task in definition.tasks)
    return next((form for form in forms if seen_field(form)), None)


def labels_of(form: Form) -> dict[str, Label]:
    """Return the names of the data, in the order of the page."""
    return {field.name: field.label for field in data_fields(form)}


def texts_of(form: Form, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the data that a form holds: texts by name, none empty."""
    names = (field.name for field in data_fields(form))
    return {n: values[n] for n in names if isinstance(values.get(n), str) and values[n]}


def shown_in(form: Form, values: Mapping[str, Any]) -> dict[str, str] | None:
    """Return what the page showed when the form was filled in; None where it does not say.

    Nobody but the applicant wrote it: what cannot be read counts as not said.
    """
    field = seen_field(form)
    try:
        said = orjson.loads(values.get(field.name, "") if field else "")
    except (orjson.JSONDecodeError, TypeError):
        return None
    return texts_of(form, said) if isinstance(said, dict) else None


def as_seen(data: Mapping[str, str]) -> str:
    """Return data as the field ``seen`` carries them."""
    return orjson.dumps(dict(data), option=orjson.OPT_SORT_KEYS).decode()
