"""Why a signature is refused: one number a reason, never used again for another (R23, G29).

8001 to 8009 what cannot be read, 8011 to 8019 the signed document, 8021 to 8029 the signature's
envelope, 8031 to 8039 the signature, 8041 to 8059 certificates, 8061 to 8069 revocation, 8071 on
what only the server can know: whom, what and when a document was asked for.
"""

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class Text:
    """A text in both languages of the registry."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        """Return the text in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Reason:
    """One numbered reason."""

    code: int
    text: Text


class Rejected(Exception):
    """A document, signature, certificate or list was refused; ``detail`` says what exactly."""

    def __init__(self, reason: Reason, detail: Text | str = "") -> None:
        self.reason = reason
        self.detail = Text(detail, detail) if isinstance(detail, str) else detail
        super().__init__(self.said("en"))

    def said(self, language: Language) -> str:
        """Return number, reason and detail in one language."""
        text = f"{self.reason.code} {self.reason.text.in_language(language)}"
        detail = self.detail.in_language(language)
        if not detail:
            return text
        return f"{text}（{detail}）" if language == "zh" else f"{text} ({detail})"

    @property
    def zh(self) -> str:
        """The Chinese text."""
        return self.said("zh")

    @property
    def en(self) -> str:
        """The English text."""
        return self.said("en")


def _reason(code: int, zh: str, en: str) -> Reason:
    return Reason(code, Text(zh, en))


BUNDLE_MALFORMED = _reason(8001, "不是决定证据文件", "This is not an evidence file of a decision")
TRUNCATED = _reason(8002, "内容不完整，被截断", "It is cut off")
BUNDLE_NOT_CANONICAL = _reason(
    8003,
    "证据文件不是规范编码，内容可能被改动",
    "The evidence file is not in canonical form; something in it was changed",
)
TOO_LARGE = _reason(8004, "内容过大", "It is too large")

DOCUMENT_MALFORMED = _reason(
    8011, "签名文件不是有效的 JSON", "The signed document is not valid JSON"
)
DOCUMENT_TYPE = _reason(8012, "签名文件的类型未知", "The signed document is of no known type")
DOCUMENT_MEMBER = _reason(
    8013,
    "签名文件缺少内容或含有未知内容",
    "The signed document lacks a member, or has an unknown one",
)
DOCUMENT_NOT_CANONICAL = _reason(
    8014, "签名文件不是规范编码", "The signed document is not in canonical form"
)

CMS_MALFORMED = _reason(8021, "签名数据不是有效的 DER 编码", "The signature is not valid DER")
CMS_SHAPE = _reason(
    8022,
    "签名数据不是规定的 CMS 格式",
    "The signature is not of the one CMS shape that is accepted",
)
UNSIGNED_ATTRIBUTES = _reason(
    8023, "签名数据带有未签名的属性", "The signature carries attributes that nobody signed"
)
SEVERAL_SIGNERS = _reason(
    8024, "签名数据不是恰好一个签名人", "The signature does not have exactly one signer"
)

DIGEST_DIFFERS = _reason(8031, "签名不属于该文件", "The signature is over another document")
SIGNATURE_WRONG = _reason(8032, "签名无效", "The signature is wrong")
WEAK_ALGORITHM = _reason(
    8033,
    "算法强度不足或不被接受",
    "The algorithm is too weak, or none of those accepted",
)
SIGNING_TIME = _reason(
    8034,
    "签名时间不在文件的有效时段内，请检查计算机时钟",
    "The signing time lies outside the document's window; check the computer's clock",
)

CERTIFICATE_MALFORMED = _reason(8041, "证书无法读取", "A certificate cannot be read")
NOT_BOUND = _reason(
    8042,
    "签名未绑定所附证书",
    "The signature does not name the certificate that it comes with",
)
ISSUER_MISSING = _reason(8043, "找不到证书的签发机构", "The issuer of a certificate is not known")
UNTRUSTED_ROOT = _reason(
    8044, "证书不是由受信任的根签发", "The certificate does not lead to a trusted root"
)
CHAIN_BROKEN = _reason(8045, "证书链不成立", "The chain of certificates is broken")
LEAF_USAGE = _reason(
    8046,
    "证书的用途不允许签名",
    "The certificate is not made for signing decisions",
)
CERTIFICATE_EXPIRED = _reason(8047, "证书在该时间已过期", "A certificate had expired at that time")
CERTIFICATE_NOT_YET = _reason(
    8048, "证书在该时间尚未生效", "A certificate was not yet valid at that time"
)
UNNEEDED_CERTIFICATE = _reason(
    8049,
    "含有证书链不需要的证书",
    "There is a certificate that the chain does not need",
)

NO_REVOCATION_LIST = _reason(
    8061,
    "没有该证书的吊销列表，无法确认其未被吊销",
    "There is no revocation list for a certificate",
)
LIST_STALE = _reason(
    8062,
    "吊销列表在该时间已过期",
    "The revocation list was out of date at that time",
)
LIST_SIGNATURE = _reason(8063, "吊销列表的签名无效", "The signature of a revocation list is wrong")
LIST_MALFORMED = _reason(
    8064, "吊销列表无法读取", "A revocation list cannot be read or is of no accepted kind"
)
LIST_FOREIGN = _reason(
    8065,
    "吊销列表不是由证书的签发机构发布",
    "A revocation list is not by the issuer of any certificate in the chain",
)
REVOKED = _reason(8066, "证书在该时间已被吊销", "A certificate had been revoked at that time")

FOREIGN_ORIGIN = _reason(8071, "签名是为另一个网站作出的", "It was signed for another site")
WRONG_PERSON = _reason(8072, "签名人不是本人", "It was not signed by this person, or not for them")
WRONG_TASK = _reason(8073, "签名是为另一项任务作出的", "It was signed for another task")
CONTENT_DIFFERS = _reason(
    8074,
    "所签内容与现在要决定的内容不同",
    "What was signed is not what is being decided now",
)
EXPIRED = _reason(8075, "签名请求已过期", "The time for signing it has run out")
NOT_YET = _reason(8076, "签名请求的时间尚未开始", "The time for signing it has not begun")
REPLAYED = _reason(8077, "该签名已被使用过", "It has been used before")
UNKNOWN_NONCE = _reason(
    8078,
    "系统没有发出过该签名请求",
    "The registry never asked this session for it",
)
UNKNOWN_CERTIFICATE = _reason(
    8079, "证书未与该用户绑定", "The certificate is not bound to this person"
)
CERTIFICATE_ENDED = _reason(
    8080,
    "证书在系统中已停用",
    "The certificate is no longer in use at the registry",
)
SIGNATURE_MISSING = _reason(8081, "该决定必须签名", "This decision asks for a signature")
SOFTWARE_CERTIFICATE = _reason(
    8082,
    "此处不接受软件证书",
    "A certificate whose key lies in a file is not accepted here",
)
CODES_WRONG = _reason(
    8083,
    "参考号或授权码不正确、已过期或已使用",
    "Reference number or authorization code are wrong, used or too old",
)

REASONS: tuple[Reason, ...] = tuple(each for each in globals().values() if isinstance(each, Reason))
BY_CODE: dict[int, Reason] = {each.code: each for each in REASONS}
