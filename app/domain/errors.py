"""Errors a user can meet. Each is typed once here and mapped to HTTP once in app.web.errors."""

from collections.abc import Mapping, Sequence

from app.domain.findings import Finding
from app.domain.label import Label


class RegistryError(Exception):
    """Something a user did cannot be done; the message says why in plain words."""

    def __init__(self, zh: str, en: str, **facts: object) -> None:
        self.message = Label(zh, en)
        self.facts = facts
        super().__init__(en)


class NotFound(RegistryError):
    """There is no such object, or it is not the asker's: the two are never told apart."""

    def __init__(
        self,
        zh: str = "没有找到您要查看的内容。",
        en: str = "Nothing was found here.",
        **facts: object,
    ) -> None:
        super().__init__(zh, en, **facts)


class Forbidden(RegistryError):
    """The person is known, but may not do this."""


class Conflict(RegistryError):
    """The object has moved on since the page was loaded, or a key was used twice."""


class AlreadyDecided(Conflict):
    """Somebody else completed the task first; says who, when and with which verdict."""


class Invalid(RegistryError):
    """The input breaks the form or numbered checks; nothing was changed.

    ``findings`` are failing numbered checks, ``fields`` are field name -> message.
    """

    def __init__(
        self,
        zh: str,
        en: str,
        findings: Sequence[Finding] = (),
        fields: Mapping[str, Label] | None = None,
        **facts: object,
    ) -> None:
        super().__init__(zh, en, **facts)
        self.findings = tuple(findings)
        self.fields = dict(fields or {})


class Refused(Invalid):
    """Numbered checks failed: all findings are carried at once."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        zh = "；".join(f"{f.code} {f.message.zh}" for f in findings)
        en = "; ".join(f"{f.code} {f.message.en}" for f in findings)
        super().__init__(zh, en, findings=findings)
