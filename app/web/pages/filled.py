"""A form that is data, as one page shows it: its values, what is wrong with them, and where."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.attachments.kinds import ACCEPTED
from app.attachments.store import Attachment
from app.domain.errors import Invalid
from app.domain.findings import Finding
from app.domain.label import Label
from app.services.attachments.reading import own
from app.web.visitor import actor, context
from app.workflow.forms import Field, Form

VERDICT = "verdict"
LONGEST_TEXT = 4000  # characters, where the schema gives no limit


class Filled:
    """Values of a form and the refusal of them, if any."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.values: dict[str, Any] = {}
        self.errors: dict[str, Label] = {}
        self.findings: tuple[Finding, ...] = ()
        self.message: Label | None = None
        self.once = secrets.token_hex(16)

    @property
    def has_lines(self) -> bool:
        """Whether the form is a list of instruments and quantities."""
        return any(field.widget == "unit_lines" for field in self.form.fields)

    @property
    def has_lots(self) -> bool:
        """Whether the form returns units out of custody lots."""
        return any(field.widget == "lot_lines" for field in self.form.fields)

    @property
    def has_files(self) -> bool:
        """Whether files may be handed in with the form."""
        return any(field.widget == "attachments" for field in self.form.fields)

    @property
    def refused(self) -> bool:
        """Whether something has to be changed."""
        return bool(self.errors or self.findings or self.message)

    def read(self, values: Mapping[str, Any], *, typed: bool = True) -> None:
        """Take values; a conclusion is never preselected, so one that was saved is left out."""
        self.values = dict(values)
        if not typed:
            for field in self.form.fields:
                if field.widget == "choice" and field.name == VERDICT:
                    self.values.pop(field.name, None)

    def checked(self, *, strict: bool) -> dict[str, Any]:
        """Return the clean values; raises Invalid with every field that is wrong."""
        clean, errors = self.form.validate(self.values, strict=strict)
        if errors:
            raise Invalid("请修改下列内容。", "Please correct the following.", fields=errors)
        return clean

    def refuse(self, refused: Invalid) -> None:
        """Keep what a service found wrong, to be shown with the form."""
        self.errors = {field.replace("/", "-"): text for field, text in refused.fields.items()}
        self.findings = refused.findings
        if not self.errors and not self.findings:
            self.message = refused.message

    def lines(self, name: str) -> list[Mapping[str, Any]]:
        """Return the rows of a table of the form, whatever was typed."""
        rows = self.values.get(name)
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def text(self, name: str) -> str:
        """Return a text of the form, whatever was typed; a list of texts one a line."""
        value = self.values.get(name, "")
        if isinstance(value, list):
            return "\n".join(line for line in value if isinstance(line, str))
        return value if isinstance(value, str) else ""

    def named(self, name: str) -> list[str]:
        """Return the ids of the files that a field names, whatever was typed."""
        value = self.values.get(name)
        return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []

    @property
    def file_rules(self) -> Mapping[str, object]:
        """Return what a page says of files: the endings, MiB of each, files of an application."""
        settings = context().settings
        return {
            "endings": ACCEPTED,
            "mib": settings.attachment_mib,
            "most": settings.attachments_most,
        }

    def files(self, name: str) -> list[Attachment]:
        """Return the files that a field names, as far as they are one's own."""
        return own(context(), actor(), self.named(name))

    def said(self, field: Field) -> str:
        """Return what a field says, in one line of plain text."""
        if field.widget == "attachments":
            return "；".join(file.filename for file in self.files(field.name))
        return self.text(field.name)

    def total(self, name: str) -> int:
        """Return the whole tonnes of all rows that can be read; for showing only."""
        typed = [str(row.get("quantity", "")) for row in self.lines(name)]
        plain = (text for text in typed if text.isascii() and text.isdigit() and len(text) < 16)
        return sum(map(int, plain))

    def lot_rows(self, name: str, recipients: Iterable[str]) -> list[tuple[int, Mapping[str, Any]]]:
        """Return a line for each lot that is picked and each linked holder, with its place.

        What was typed keeps its place, so that what is wrong with it is said there.
        """
        given = list(enumerate(self.lines(name)))
        present = {(row.get("lot"), row.get("recipient")) for _, row in given}
        blank = [
            {"lot": lot, "recipient": code, "quantity": ""}
            for lot in dict.fromkeys(row.get("lot") for _, row in given)
            for code in recipients
            if (lot, code) not in present
        ]
        rows = [*given, *enumerate(blank, start=len(given))]
        return sorted(rows, key=lambda row: (str(row[1].get("lot")), str(row[1].get("recipient"))))

    def pick_lots(self, name: str, lots: Iterable[str], recipients: Sequence[str]) -> None:
        """Pick lots: a line for each linked holder comes with them."""
        new = [{"lot": lot, "recipient": code, "quantity": ""} for lot in lots
               for code in recipients]  # fmt: skip
        self.values[name] = [*self.lines(name), *new]

    def without_blanks(self) -> None:
        """Leave out lines of lots for which nothing was typed; not every holder gets of each."""
        for field in self.form.fields:
            if field.widget == "lot_lines" and field.name in self.values:
                rows = self.lines(field.name)
                self.values[field.name] = [row for row in rows if row.get("quantity")]

    def limit(self, name: str) -> int:
        """Return how many characters a text field takes."""
        return int(self.form.schema["properties"][name].get("maxLength", LONGEST_TEXT))

    def add(self, name: str, codes: list[str]) -> None:
        """Add rows for instruments that have none (without scripts, the server does it)."""
        rows = self.lines(name)
        present = {row.get("instrument") for row in rows}
        new = [{"instrument": code, "quantity": ""} for code in codes if code not in present]
        self.values[name] = [*rows, *new]
