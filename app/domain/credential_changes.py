"""41xx: the numbered checks of a change of somebody's certificate (M2, R23).

They run when one officer hands the change in, and again when another confirms it. What they say
the database asks again of what it writes: trust.change_credential, trust.guard_enrolment.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from app.domain.findings import Finding
from app.domain.label import Label

Objection = tuple[Label, dict[str, object]]
CODES, LEFT = "issue_codes", "left"
ENDING = frozenset({"lost", "revoked", "compromised", "replaced"})
OFFICERS = 2  # of the registry: one who fills in, one who confirms


@dataclass(frozen=True, slots=True)
class Member:
    """The person meant. ``holders`` are those they act for today or from a later day: code -> id.

    ``reachable`` names the channels with an address; ``said`` is who they are, in words.
    """

    person_id: int
    said: Label
    closed: bool
    reachable: frozenset[str]
    holders: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate of the person meant; ``said`` is from when until when it is valid."""

    certificate_id: int
    said: Label
    ended: bool


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """One change: what is asked, and what is so.

    ``own``: one of those who act on it is the person meant. ``certificate`` is the person's own
    that is named, None where it is nobody's or somebody else's. ``officers_left``: how many people
    could still act for the registry operator afterwards; None where the change takes none away.
    """

    action: str
    member_no: str
    named: str
    holder_code: str
    member: Member | None
    own: bool
    certificate: Held | None
    officers_left: int | None = None

    @property
    def holder_id(self) -> int | None:
        """The organisation that is left: the one named, or the only one there is."""
        if self.member is None:
            return None
        if not self.holder_code and len(self.member.holders) == 1:
            return next(iter(self.member.holders.values()))
        return self.member.holders.get(self.holder_code)


@dataclass(frozen=True, slots=True)
class CredentialCheck:
    """A numbered check: ``rule`` is what it demands, ``objections`` yields one for each failure.

    ``shown`` are the facts it was held against, for whoever is to confirm.
    """

    code: str
    rule: Label
    objections: Callable[[CredentialFacts], Iterator[Objection]]
    shown: Callable[[CredentialFacts], Label] = lambda _: Label("", "")


def _known(facts: CredentialFacts) -> Iterator[Objection]:
    if facts.member is None:
        yield (
            Label(
                f"没有会员编号为 {facts.member_no} 的会员",
                f"there is no member {facts.member_no}",
            ),
            {"field": "member_no"},
        )


def _open(facts: CredentialFacts) -> Iterator[Objection]:
    if facts.member is not None and facts.member.closed:
        yield (
            Label(
                f"会员 {facts.member_no} 已注销，不能再办理",
                f"member {facts.member_no} is closed",
            ),
            {"field": "member_no"},
        )


def _not_own(facts: CredentialFacts) -> Iterator[Objection]:
    """R23: who could issue codes to themselves would need nobody else to become anybody."""
    if facts.own:
        yield (
            Label(
                "任何人不得经办或复核本人的证书，请由其他人员办理",
                "nobody fills in or confirms a change of their own certificate",
            ),
            {"field": "member_no"},
        )


def _theirs(facts: CredentialFacts) -> Iterator[Objection]:
    if facts.action not in ENDING or facts.certificate is not None:
        return
    if not facts.named:
        zh = "请填写要终止的证书的指纹或序列号"
        en = "give the fingerprint or serial number of the certificate to be ended"
    else:
        zh = f"证书 {facts.named} 不是会员 {facts.member_no} 的证书"
        en = f"certificate {facts.named} is not one of member {facts.member_no}"
    yield Label(zh, en), {"field": "fingerprint"}


def _not_ended(facts: CredentialFacts) -> Iterator[Objection]:
    if facts.action in ENDING and facts.certificate is not None and facts.certificate.ended:
        yield (
            Label("该证书已经终止", "the certificate has ended already"),
            {"field": "fingerprint"},
        )


def _reachable(facts: CredentialFacts) -> Iterator[Objection]:
    """M2: two codes by two ways; by one way they would be one."""
    if facts.action != CODES or facts.member is None:
        return
    for channel, zh, en in (("email", "电子邮箱", "e-mail address"), ("sms", "手机号", "phone")):
        if channel not in facts.member.reachable:
            yield (
                Label(
                    f"会员 {facts.member_no} 没有登记{zh}，证书绑定码无法送达",
                    f"member {facts.member_no} has no {en}: the codes cannot be delivered",
                ),
                {"field": "member_no"},
            )


def _acts(facts: CredentialFacts) -> Iterator[Objection]:
    """R44: a certificate is for acting for somebody; and one leaves whom one acts for."""
    if facts.member is None or facts.action not in {CODES, LEFT}:
        return
    if not facts.member.holders:
        yield (
            Label(
                f"会员 {facts.member_no} 没有有效授权，不代表任何单位",
                f"member {facts.member_no} acts for no organisation",
            ),
            {"field": "member_no"},
        )
    elif facts.action == LEFT and facts.holder_id is None:
        codes = "、".join(sorted(facts.member.holders))
        yield (
            Label(
                f"请填写会员 {facts.member_no} 所离任的单位代码（{codes}）",
                f"give the code of the organisation that member {facts.member_no} leaves"
                f" ({codes.replace('、', ', ')})",
            ),
            {"field": "holder"},
        )


def _two_left(facts: CredentialFacts) -> Iterator[Objection]:
    """Without two officers nobody could ever be given a certificate again."""
    if facts.officers_left is not None and facts.officers_left < OFFICERS:
        yield (
            Label(
                "登记管理部门须保留至少两名可办理的人员，请先授权他人",
                "the registry operator keeps two people who may act: give another a mandate first",
            ),
            {"field": "member_no"},
        )


def _who(facts: CredentialFacts) -> Label:
    return facts.member.said if facts.member else Label("", "")


def _until(facts: CredentialFacts) -> Label:
    return facts.certificate.said if facts.certificate else Label("", "")


CHECKS = (
    CredentialCheck("4101", Label("会员存在", "the member exists"), _known, _who),
    CredentialCheck("4102", Label("会员未注销", "the member is open"), _open),
    CredentialCheck("4103", Label("不是本人办理", "nobody handles their own"), _not_own),
    CredentialCheck(
        "4104", Label("证书属于该会员", "the certificate is the member's"), _theirs, _until
    ),
    CredentialCheck("4105", Label("证书尚未终止", "the certificate has not ended"), _not_ended),
    CredentialCheck("4106", Label("绑定码可以送达", "the codes can be delivered"), _reachable),
    CredentialCheck("4107", Label("会员代表该单位", "the member acts for it"), _acts),
    CredentialCheck(
        "4108",
        Label("登记管理部门保留两名人员", "the registry operator keeps two officers"),
        _two_left,
    ),
)


def run_checks(facts: CredentialFacts) -> list[tuple[CredentialCheck, list[Finding]]]:
    """Run all checks; return each with what it found."""
    return [
        (check, [Finding(check.code, label, values) for label, values in check.objections(facts)])
        for check in CHECKS
    ]


def findings(facts: CredentialFacts) -> list[Finding]:
    """Return all that fail."""
    return [finding for _, found in run_checks(facts) for finding in found]
