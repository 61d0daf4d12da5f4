"""4xxx: the numbered checks of a change of a holder's data (M5, R20, R21, G21).

They run when a change is handed in, and again when it is approved: what has changed meanwhile is
found out by comparing what the applicant was shown with what is so now.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from app.domain.credit_code import is_credit_code
from app.domain.findings import Finding
from app.domain.label import Label

Objection = tuple[Label, dict[str, object]]
NOTHING = Label("（空）", "(empty)")
CREDIT_CODE, REPRESENTATIVES = "credit_code", "representatives"


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """One change: what the applicant was ``shown``, what is ``current`` and what is ``asked``.

    Texts by field, none where empty; ``labels`` names the fields that may change. ``shown`` is
    None where nobody says what was shown (a machine that asks directly). ``said`` are the texts
    of answers that are choices.
    """

    labels: Mapping[str, Label]
    shown: Mapping[str, str] | None
    current: Mapping[str, str]
    asked: Mapping[str, str]
    opening_complete: bool
    code_taken: bool
    two_can_act: bool
    said: Mapping[tuple[str, str], Label]

    def text(self, name: str, values: Mapping[str, str]) -> Label:
        """Return a field's value in words."""
        value = values.get(name, "")
        return self.said.get((name, value)) or (Label(value, value) if value else NOTHING)

    @property
    def changed(self) -> tuple[str, ...]:
        """The fields that are asked to become something else."""
        return tuple(f for f in self.labels if self.asked.get(f) != self.current.get(f))


@dataclass(frozen=True, slots=True)
class ChangeCheck:
    """A numbered check: ``rule`` is what it demands, ``objections`` yields one for each failure."""

    code: str
    rule: Label
    objections: Callable[[ChangeFacts], Iterator[Objection]]


def _opening(facts: ChangeFacts) -> Iterator[Objection]:
    """R20: who was opened in bulk first hands in the opening files."""
    if not facts.opening_complete:
        yield (
            Label(
                "本单位由批量开户开立，须先上传开户附件，方可提交信息修改申请",
                "this holder was opened in bulk: upload the opening files before asking for a"
                " change",
            ),
            {"page": "opening_files"},
        )


def _something(facts: ChangeFacts) -> Iterator[Objection]:
    """M5: an application that changes nothing is no application."""
    if not facts.changed:
        yield (
            Label(
                "所填内容与现行信息完全相同，没有需要修改的内容",
                "everything is as it stands now: there is nothing to change",
            ),
            {},
        )


def _unmoved(facts: ChangeFacts) -> Iterator[Objection]:
    """R21: nobody puts back unawares what another approved change has set meanwhile."""
    shown = facts.current if facts.shown is None else facts.shown
    for name, label in facts.labels.items():
        if shown.get(name) != facts.current.get(name):
            before, now = facts.text(name, shown), facts.text(name, facts.current)
            yield (
                Label(
                    f"“{label.zh}”在申请填写后已由“{before.zh}”变更为“{now.zh}”",
                    f"“{label.en}” has meanwhile changed from “{before.en}” to “{now.en}”",
                ),
                {"field": name, "shown": shown.get(name, ""), "now": facts.current.get(name, "")},
            )


def _code(facts: ChangeFacts) -> Iterator[Objection]:
    """GB 32100: a mistyped code is found by its last character."""
    code = facts.asked.get(CREDIT_CODE, "")
    if CREDIT_CODE in facts.changed and code and not is_credit_code(code):
        yield (
            Label(
                f"统一社会信用代码 {code} 的校验位不正确，请核对",
                f"the check character of the credit code {code} is wrong: compare it again",
            ),
            {"field": CREDIT_CODE},
        )


def _code_free(facts: ChangeFacts) -> Iterator[Objection]:
    if facts.code_taken:
        code = facts.asked[CREDIT_CODE]
        yield (
            Label(
                f"统一社会信用代码 {code} 已登记在另一单位名下",
                f"the credit code {code} is another holder's",
            ),
            {"field": CREDIT_CODE},
        )


def _two(facts: ChangeFacts) -> Iterator[Objection]:
    """G21: an account that asks for two has two; else nobody could ever act for it again."""
    if facts.asked.get(REPRESENTATIVES) == "two" and not facts.two_can_act:
        yield (
            Label(
                "该账户尚无两位有效代表（一位可发起、另一位可确认），不能改为双人办理",
                "the account has no two representatives, one to initiate and another to confirm",
            ),
            {"field": REPRESENTATIVES},
        )


CHECKS = (
    ChangeCheck("4001", Label("开户附件齐全", "the opening files are complete"), _opening),
    ChangeCheck("4002", Label("至少修改一项", "something is changed"), _something),
    ChangeCheck(
        "4003",
        Label("填写依据仍是现行信息", "what the applicant was shown is still so"),
        _unmoved,
    ),
    ChangeCheck("4004", Label("统一社会信用代码正确", "the credit code is a correct one"), _code),
    ChangeCheck(
        "4005",
        Label("统一社会信用代码未被他人登记", "the credit code is nobody else's"),
        _code_free,
    ),
    ChangeCheck("4006", Label("双人办理有两位代表", "two-person accounts have two people"), _two),
)


def run_checks(facts: ChangeFacts) -> list[tuple[ChangeCheck, list[Finding]]]:
    """Run all checks; return each with what it found."""
    return [
        (check, [Finding(check.code, label, values) for label, values in check.objections(facts)])
        for check in CHECKS
    ]


def findings(facts: ChangeFacts) -> list[Finding]:
    """Return all that fail."""
    return [finding for _, found in run_checks(facts) for finding in found]
