"""A form is data: JSON Schema 2020-12 with a layout beside it, one file under forms/ a task.

The page is rendered from the layout and the server validates with the schema and the layout's
required marks, so an analyst changes a label, a hint or a required mark in one place.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import SchemaError, ValidationError

from app.domain.label import Label

# What a page sends of its own beside the fields of a form.
RESERVED = frozenset({
    "action", "once", "element", "csrf_token", "next", "certificate", "signed_document", "cms",
})  # fmt: skip
CONTENT = frozenset({"unit_lines", "lot_lines"})  # tables of what is asked of the ledger
WIDGETS = CONTENT | {
    "text", "textarea", "choice", "date", "quantity", "holders", "attachments", "seen",
}  # fmt: skip
EMPTY = Label("", "")


class UnreadableForm(ValueError):
    """The file is not a form; the message says what is wrong."""


@dataclass(frozen=True)
class Choice:
    """One answer of a choice, and what it will do (shown before the button is pressed)."""

    value: str
    label: Label
    hint: Label = EMPTY


@dataclass(frozen=True)
class Field:
    """One field of the page. ``required`` is a mark, or the answers that make it required.

    ``proposal`` names the field of the application whose value stands in it at first.
    """

    name: str
    widget: str
    label: Label
    hint: Label
    required: bool | Mapping[str, str]
    choices: tuple[Choice, ...] = ()
    columns: tuple["Field", ...] = ()
    messages: Mapping[str, Label] = field(default_factory=dict)
    proposal: str = ""

    def is_required(self, values: Mapping[str, object]) -> bool:
        """Tell whether the field must be filled, given the other answers."""
        if isinstance(self.required, bool):
            return self.required
        return all(values.get(name) == wanted for name, wanted in self.required.items())

    def said(self, values: Mapping[str, object]) -> Label:
        """Return the answer as a text to be read; tables and lists are shown in their own way."""
        value = values.get(self.name)
        if self.widget == "choice":
            return next((c.label for c in self.choices if c.value == value), EMPTY)
        return Label(value, value) if isinstance(value, str) else EMPTY


@dataclass(frozen=True)
class Form:
    """A form: title, fields in the order of the page, and the schema that validates them."""

    title: Label
    fields: tuple[Field, ...]
    schema: Mapping[str, Any]
    _validator: Any = field(repr=False, compare=False, default=None)

    @classmethod
    def load(cls, content: bytes) -> "Form":
        """Read a form file. Raises UnreadableForm."""
        try:
            raw = json.loads(content)
        except (UnicodeDecodeError, ValueError) as error:
            raise UnreadableForm(f"not JSON: {error}") from error
        if not isinstance(raw, dict) or not isinstance(raw.get("properties"), dict):
            raise UnreadableForm("properties are missing")
        schema = {key: value for key, value in raw.items() if key not in {"title", "layout"}}
        if "$ref" in json.dumps(schema):
            raise UnreadableForm("$ref is not supported: a form stands alone")
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            raise UnreadableForm(f"not a JSON Schema: {error.message}") from error
        fields = tuple(_fields(raw.get("layout"), raw["properties"]))
        missing = set(raw["properties"]) - {f.name for f in fields}
        if missing:
            raise UnreadableForm(f"not in the layout: {', '.join(sorted(missing))}")
        return cls(
            _label(raw.get("title"), "title"),
            fields,
            schema,
            _FormValidator(schema, format_checker=FORMATS),
        )

    @property
    def asks_only_a_verdict(self) -> bool:
        """Whether a conclusion and an opinion are all it asks for: many may get the same."""
        return {field.name for field in self.fields} == {"verdict", "opinion"}

    def field(self, name: str) -> Field:
        """Return a field by name. Raises KeyError."""
        return next(f for f in self.fields if f.name == name)

    def validate(
        self, submitted: Mapping[str, object], *, strict: bool = True
    ) -> tuple[dict[str, Any], dict[str, Label]]:
        """Return the clean values, and what is wrong by path (``lines/0/quantity``).

        Unknown fields are dropped, texts trimmed, empty answers left out. With ``strict`` off
        (saving a draft) only the kinds of values are checked, not limits or required marks.
        """
        clean = self._cleaned(submitted)
        errors = dict(self._unfilled(clean)) if strict else {}
        for error in self._validator.iter_errors(clean):
            if strict or error.validator in _KINDS:
                path = "/".join(str(part) for part in error.absolute_path)
                errors.setdefault(path, self._explained(error))
        return clean, errors

    def _cleaned(self, submitted: Mapping[str, object]) -> dict[str, Any]:
        clean = {}
        for f in self.fields:
            value = _clean(submitted.get(f.name))
            if f.columns:
                value = _rows(value, f)
            if value not in ("", None, []):
                clean[f.name] = value
        return clean

    def _unfilled(self, clean: Mapping[str, Any]) -> Iterator[tuple[str, Label]]:
        for f in self.fields:
            if f.name not in clean:
                if f.is_required(clean):
                    yield f.name, f.messages.get("required") or _message("required", None)
                continue
            rows = clean[f.name] if f.columns and isinstance(clean[f.name], list) else ()
            for index, row in enumerate(rows):
                for column in f.columns if isinstance(row, dict) else ():
                    if column.name not in row and column.is_required(row):
                        message = column.messages.get("required") or _message("required", None)
                        yield f"{f.name}/{index}/{column.name}", message

    def _explained(self, error: ValidationError) -> Label:
        names = [part for part in error.absolute_path if isinstance(part, str)]
        fields = self.fields
        explained = None
        for name in names:
            found = next((f for f in fields if f.name == name), None)
            if found is None:
                break
            explained = found.messages.get(str(error.validator), explained)
            fields = found.columns
        return explained or _message(str(error.validator), error.validator_value)


# The kinds of errors that also refuse a draft: a value the page itself could not have sent.
_KINDS = {"type", "maxLength", "maxItems", "enum"}

_MESSAGES = {
    "required": Label("此项必填。", "This field is required."),
    "type": Label("内容的格式不正确。", "The content has the wrong form."),
    "minLength": Label("至少填写 {n} 个字。", "At least {n} characters are needed."),
    "maxLength": Label("最多填写 {n} 个字。", "At most {n} characters are allowed."),
    "minItems": Label("至少填写 {n} 行。", "At least {n} lines are needed."),
    "maxItems": Label("最多填写 {n} 行。", "At most {n} lines are allowed."),
    "uniqueItems": Label("同一项不能重复填写。", "The same item may stand only once."),
    "enum": Label("请选择列出的选项之一。", "Choose one of the options listed."),
    "uniqueBy": Label("同一项不能重复填写。", "The same item may stand only once."),
    "pattern": Label("内容的格式不正确。", "The content has the wrong form."),
    "format": Label("请填写有效的日期。", "Type a valid date."),
}


def _message(rule: str, value: object) -> Label:
    found = _MESSAGES.get(rule, _MESSAGES["type"])
    return Label(found.zh.replace("{n}", str(value)), found.en.replace("{n}", str(value)))


def _unique_by(
    _validator: object, column: str, rows: object, _schema: object
) -> Iterator[ValidationError]:
    """Each value of a column stands once; the error names the later row."""
    seen: set[object] = set()
    for index, row in enumerate(rows if isinstance(rows, list) else []):
        value = row.get(column) if isinstance(row, dict) else None
        if isinstance(value, str) and value in seen:
            yield ValidationError("repeated", path=(index, column))
        if isinstance(value, str):
            seen.add(value)


FORMATS = FormatChecker(("date",))
_FormValidator: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"uniqueBy": _unique_by}
)


def _clean(value: object, depth: int = 4) -> object:
    """Trim texts, to the depth a form can have; what lies deeper is dropped."""
    if isinstance(value, str):
        return value.strip().replace("\r\n", "\n").replace("\x00", "")
    if isinstance(value, Mapping):
        return {str(k): _clean(inner, depth - 1) for k, inner in value.items()} if depth else None
    if isinstance(value, list | tuple):
        return [_clean(inner, depth - 1) for inner in value] if depth else None
    return value


def _rows(value: object, table: Field) -> object:
    """Keep the known columns of each row, and leave out rows where nothing is filled."""
    if not isinstance(value, list):
        return value  # the schema says what is wrong with it
    names = [column.name for column in table.columns]
    rows = [
        {n: row[n] for n in names if n in row and row[n] not in ("", None)}
        if isinstance(row, dict)
        else row
        for row in value
    ]
    return [row for row in rows if row != {}]


def _fields(layout: object, properties: Mapping[str, Any]) -> Iterator[Field]:
    if not isinstance(layout, list) or not layout:
        raise UnreadableForm("layout is missing")
    seen = set()
    for entry in layout:
        if not isinstance(entry, dict) or entry.get("field") not in properties:
            raise UnreadableForm(f"layout names a field that is no property: {entry!r:.80}")
        if entry["field"] in seen:
            raise UnreadableForm(f"{entry['field']}: twice in the layout")
        if entry["field"] in RESERVED:
            raise UnreadableForm(f"{entry['field']}: the page itself sends a field of this name")
        seen.add(entry["field"])
        yield _field(entry, properties[entry["field"]], properties)


def _field(entry: Mapping[str, Any], schema: Any, siblings: Mapping[str, Any]) -> Field:
    name = str(entry["field"])
    unknown = set(entry) - {
        "field", "widget", "label", "hint", "required", "choices", "columns", "messages",
        "proposal",
    }  # fmt: skip
    if unknown:
        raise UnreadableForm(f"{name}: unknown entry {', '.join(sorted(unknown))}")
    widget = entry.get("widget")
    if widget not in WIDGETS:
        raise UnreadableForm(f"{name}: there is no widget {widget}")
    if widget == "attachments" and not _is_list_of_texts(schema):
        raise UnreadableForm(f"{name}: attachments are an array of strings, the ids of the files")
    inner = schema.get("items", {}).get("properties", {}) if isinstance(schema, dict) else {}
    columns = tuple(_fields(entry["columns"], inner)) if "columns" in entry else ()
    if inner and {c.name for c in columns} != set(inner):
        raise UnreadableForm(f"{name}: its columns are not those of the schema")
    choices = tuple(_choice(choice, name) for choice in entry.get("choices", ()))
    if (widget == "choice") != bool(choices):
        raise UnreadableForm(f"{name}: a choice, and only a choice, has choices")
    if choices and [c.value for c in choices] != schema.get("enum"):
        raise UnreadableForm(f"{name}: its choices are not those of the schema")
    return Field(
        name=name,
        widget=str(widget),
        label=_label(entry.get("label"), name),
        hint=_label(entry["hint"], name) if "hint" in entry else EMPTY,
        required=_required(entry.get("required", False), name, siblings),
        choices=choices,
        columns=columns,
        messages={k: _label(v, f"{name}: {k}") for k, v in entry.get("messages", {}).items()},
        proposal=str(entry.get("proposal", "")),
    )


def _is_list_of_texts(schema: Any) -> bool:
    items = schema.get("items") if isinstance(schema, dict) else None
    texts = isinstance(items, dict) and items.get("type") == "string"
    return texts and schema.get("type") == "array"


def _required(mark: object, name: str, siblings: Mapping[str, Any]) -> bool | Mapping[str, str]:
    if isinstance(mark, bool):
        return mark
    if isinstance(mark, dict) and mark and set(mark) <= set(siblings) - {name}:
        return {str(key): str(value) for key, value in mark.items()}
    raise UnreadableForm(f"{name}: required is true, false, or the answers that make it so")


def _choice(raw: object, name: str) -> Choice:
    if not isinstance(raw, dict) or not isinstance(raw.get("value"), str):
        raise UnreadableForm(f"{name}: a choice needs a value")
    hint = _label(raw["hint"], name) if "hint" in raw else EMPTY
    return Choice(raw["value"], _label(raw.get("label"), name), hint)


def _label(raw: object, where: str) -> Label:
    if not isinstance(raw, dict) or set(raw) != {"zh", "en"}:
        raise UnreadableForm(f"{where}: a text needs zh and en")
    if not all(isinstance(raw[key], str) and raw[key].strip() for key in ("zh", "en")):
        raise UnreadableForm(f"{where}: a text is empty in one language")
    return Label(raw["zh"], raw["en"])
