"""A judgement in plain words, Chinese or English: who decided what, when, and what is not proven.

Everything that comes from a file is printed without control characters, so that no file can
rewrite what a terminal shows.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from app.evidence.certificate import Certificate
from app.evidence.documents import DECISION, Document
from app.evidence.judge import Check, Judgement
from app.evidence.limits import NOT_PROVEN
from app.evidence.reasons import Language, Text

_STANDS = Text("结论：签名成立", "Result: the signature stands")
_REFUSED = Text("结论：不成立", "Result: refused")
_CLAIMED = Text("（以下仅为文件所称，未获证明）", "(what follows is only what the file says)")

_CHECKS: Mapping[Check, Text] = {
    Check.DOCUMENT: Text(
        "所签文件是系统的文件类型，编码规范",
        "The signed document is of the registry's own type, and canonical",
    ),
    Check.ENVELOPE: Text(
        "签名是规定的唯一格式，没有未签名的内容",
        "The signature has the one accepted shape; nothing in it is unsigned",
    ),
    Check.SIGNATURE: Text(
        "签名由证书的密钥对该文件作出",
        "The certificate's key signed exactly this document",
    ),
    Check.TIME: Text(
        "所称签名时间在文件的有效时段内",
        "The claimed signing time lies within the document's window",
    ),
    Check.CHAIN: Text(
        "证书由受信任的根签发，当时有效，用途为签名",
        "The certificate leads to a trusted root, was valid then, and is for signing",
    ),
    Check.REVOCATION: Text(
        "按签发机构的吊销列表，当时没有证书被吊销",
        "By the issuers' lists no certificate was revoked at that time",
    ),
    Check.NOTHING_ELSE: Text(
        "证据文件没有多余内容，每个字节都已核对",
        "The file holds nothing else; every byte of it was checked",
    ),
    Check.NEWER_LISTS: Text(
        "按另外提供的吊销列表，当时也没有证书被吊销",
        "By the lists given besides, too, no certificate was revoked at that time",
    ),
}
_NONE = {"zh": "", "en": ""}


def report(
    found: Judgement, root_fingerprint: str, language: Language, *, root_named: bool
) -> Iterator[str]:
    """Yield the lines of a judgement; ``root_named``: the reader said whom they believe."""
    say = _Say(language)
    yield say(_STANDS if found.stands else _REFUSED)
    if found.why is not None:
        yield f"  {found.why.said(language)}"
    if found.document is not None:
        yield _sentence(found, say) if found.stands else say(_CLAIMED)
        yield from _document(found.document, say)
        yield from _who(found, say)
        yield from _when(found, say)
    yield from _checks(found, say)
    yield from _root(found, root_fingerprint, say, root_named=root_named)
    yield say(Text("未证明的事项", "What this does not prove"))
    for each in NOT_PROVEN:
        yield f"  - {say(each)}"


class _Say:
    """Speaks one language, and prints what comes from files harmlessly."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, text: Text) -> str:
        return text.in_language(self.language)

    def line(self, zh: str, en: str, value: object) -> str:
        colon = "：" if self.language == "zh" else ": "
        return f"  {self(Text(zh, en))}{colon}{harmless(str(value))}"

    def label(self, value: Mapping[str, str]) -> str:
        return value[self.language]


def harmless(text: str) -> str:
    """Return text in which control characters and changes of direction are written out."""
    return "".join(
        each if each.isprintable() or each == "\u3000" else each.encode("unicode_escape").decode()
        for each in text
    )


def _sentence(found: Judgement, say: _Say) -> str:
    """Say in one sentence who decided what and when."""
    if found.document is None or found.leaf is None or found.signature is None:
        return ""
    fields, leaf = found.document.fields, found.leaf
    what = " · ".join(
        filter(None, (say.label(fields["action"]), say.label(fields.get("verdict_text", _NONE))))
    )
    who = " ".join(filter(None, (leaf.serial_number or leaf.name, leaf.holder)))
    at = _instant(found.signature.signed_at)
    zh = f"会员 {who} 的密钥签署了“{what}”，所称时间为 {at}。"
    return "  " + harmless(
        say(Text(zh, f"The key of member {who} signed “{what}”, claiming {at}."))
    )


def _document(document: Document, say: _Say) -> Iterator[str]:
    fields = document.fields
    yield say(Text("内容", "What"))
    yield say.line("操作", "Action", say.label(fields["action"]))
    yield say.line("网站", "Site", fields["origin"])
    if document.type == DECISION:
        yield from _decision(fields, say)


def _decision(fields: Mapping[str, Any], say: _Say) -> Iterator[str]:
    yield say.line("申请编号", "Application", fields["instance"])
    yield say.line(
        "流程与任务",
        "Process and task",
        f"{fields['process']} / {fields['task']} ({fields['visit']}, {fields['kind']})",
    )
    yield say.line("流程版本", "Version of the process", fields["bundle"])
    verdict = say.label(fields["verdict_text"])
    if fields["verdict"]:
        verdict = f"{verdict} [{fields['verdict']}]"
    yield say.line("决定", "Verdict", verdict)
    if fields["opinion"]:
        yield say.line("意见", "Opinion", fields["opinion"])
    yield say.line("转出方", "From", _party(fields["from"], say))
    for each in fields["to"]:
        yield say.line("转入方", "To", _party(each, say))
    for each in fields["quantities"]:
        to = f" → {each['to']}" if "to" in each else ""
        yield say.line(
            "数量（吨）", "Quantity (t)", f"{int(each['quantity']):,} {each['instrument']}{to}"
        )
    yield say.line("表单散列", "Hash of the form", fields["form"])
    yield say.line("内容散列", "Hash of the content", fields["content"])


def _party(party: Mapping[str, Any], say: _Say) -> str:
    return f"{party.get('account', '')} {say.label(party['holder'])}".strip()


def _who(found: Judgement, say: _Say) -> Iterator[str]:
    fields = found.document.fields if found.document else {}
    yield say(Text("何人", "Who"))
    if found.leaf is not None:
        yield from _certificate(found.leaf, say)
    if "member_no" in fields:
        yield say.line("会员编号", "Member number", fields["member_no"])
    if "person" in fields:
        yield say.line("人员散列", "Person (salted hash)", fields["person"])
        yield say.line("账户与角色", "Account and role", f"{fields['account']} / {fields['role']}")
    if "initiator" in fields:
        yield say.line("经办人散列", "Prepared by (salted hash)", fields["initiator"])


def _certificate(leaf: Certificate, say: _Say) -> Iterator[str]:
    yield say.line("证书主体", "Certificate of", _name(leaf.loaded.subject))
    yield say.line("签发机构", "Issued by", _name(leaf.loaded.issuer))
    yield say.line("证书序列号", "Its serial number", f"{leaf.serial:x}")
    yield say.line("证书 SHA-256", "Its SHA-256", leaf.fingerprint.hex())


def _name(name: x509.Name) -> str:
    return name.rfc4514_string({NameOID.SERIAL_NUMBER: "serialNumber"})


def _when(found: Judgement, say: _Say) -> Iterator[str]:
    document = found.document
    if document is None:
        return
    window = f"{document.fields['issued']} … {document.fields['expires']}"
    yield say(Text("何时", "When"))
    yield say.line("系统给出的有效时段", "Window that the registry set", window)
    if found.signature is not None:
        yield say.line(
            "签名人计算机所称的签名时间",
            "Signing time that the signer's machine claims",
            _instant(found.signature.signed_at),
        )
    if found.at is not None:
        yield say.line("按此时间核对", "Checked as of", _instant(found.at))


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _checks(found: Judgement, say: _Say) -> Iterator[str]:
    yield say(Text("核对", "Checks"))
    for check, text in _CHECKS.items():
        if check in found.passed:
            yield f"  [{say(Text('通过', 'ok'))}] {say(text)}"
        elif check is found.failed:
            yield f"  [{say(Text('不通过', 'refused'))}] {say(text)}"
        elif check is not Check.NEWER_LISTS:
            yield f"  [{say(Text('未核对', 'not reached'))}] {say(text)}"


def _root(found: Judgement, fingerprint: str, say: _Say, *, root_named: bool) -> Iterator[str]:
    yield say(Text("根证书", "Root"))
    yield say.line("文件所含根证书的 SHA-256", "SHA-256 of the root in the file", fingerprint)
    if found.path:
        yield say.line("名称", "Name", _name(found.path[-1].loaded.subject))
    if not root_named:
        text = Text(
            "您没有指明信任哪个根。请从签发机构公布处核对上述指纹，再用 --root 文件 或 "
            "--fingerprint 指纹 重新核对。",
            "You named no root that you believe. Compare this fingerprint with the one its "
            "authority publishes, then ask again with --root FILE or --fingerprint HEX.",
        )
        yield f"  {say(text)}"
