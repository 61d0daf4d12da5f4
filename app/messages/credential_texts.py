"""What messages about somebody's certificate say: Chinese first, then the same in English (M2).

A code is never part of a text that is kept: ``CODE`` holds its place until the text goes out.
"""

from dataclasses import dataclass
from datetime import datetime

from app.domain.clock import BEIJING
from app.domain.label import Label
from app.messages.texts import SIGNATURE, Written

CODE = "＊＊＊＊＊＊"
RULE = "-" * 40


@dataclass(frozen=True, slots=True)
class About:
    """A certificate as its person is told of it; ``fingerprint`` is short, in hexadecimal."""

    fingerprint: str
    not_after: datetime


def reference_email(until: datetime, url: str) -> Written:
    """Return the e-mail with the reference number, the first of the two codes."""
    return _email(
        "数字证书绑定参考号",
        [
            f"您的数字证书绑定参考号：{CODE}",
            "",
            "授权码另以短信发送至您的手机。",
            f"两码于 {_minute(until)}（北京时间）前有效，仅可使用一次。",
            f"请插入 USBKey 后登录绑定：{url}/sign-in",
            "登记机构人员不会向您索要这两个码，请勿转告他人。",
        ],
        [
            f"The reference number for your certificate: {CODE}",
            "",
            "The authorization code comes by SMS.",
            f"Both are good once, until {_minute(until)} (Beijing time).",
            f"Plug in your USBKey and sign in to bind it: {url}/sign-in",
            "The registry never asks you for these codes; tell them to nobody.",
        ],
    )


def code_sms(until: datetime) -> Written:
    """Return the short message with the authorization code, the second of the two codes."""
    text = f"{SIGNATURE.zh}数字证书绑定授权码：{CODE}，{_minute(until)}前有效，请勿转告他人。"
    return Written("", text)


def ended_email(about: About, why: Label, at: datetime, url: str) -> Written:
    """Return the e-mail that a certificate was ended."""
    return _email(
        "您的数字证书已终止",
        [
            f"您的数字证书（指纹 {about.fingerprint}…）已终止：{why.zh}。",
            f"终止时间：{_minute(at)}（北京时间）。",
            "您已退出登录，API 令牌已失效。终止前的签名在其签署时间仍然有效。",
            f"如需新的证书，请联系登记机构：{url}",
        ],
        [
            f"Your certificate (fingerprint {about.fingerprint}…) was ended: {why.en}.",
            f"Time: {_minute(at)} (Beijing time).",
            "You have been signed out and your API tokens are revoked.",
            "What you signed before stays valid as of its time.",
            f"For a new certificate ask the registry: {url}",
        ],
    )


def expiring_email(about: About, days: int, url: str) -> Written:
    """Return the e-mail that a certificate runs out within so many days."""
    until = _minute(about.not_after)
    return _email(
        f"您的数字证书将在 {days} 天内到期",
        [
            f"您的数字证书（指纹 {about.fingerprint}…）将于 {until}（北京时间）到期。",
            "到期后不能登录和签名。",
            f"请联系登记机构换发：{url}/account/certificates",
        ],
        [
            f"Your certificate (fingerprint {about.fingerprint}…) runs out at",
            f"{until} (Beijing time); it signs in and signs no more after that.",
            f"Ask the registry for the next one: {url}/account/certificates",
        ],
    )


def reported_email(member_no: str, at: datetime, url: str) -> Written:
    """Return the e-mail to the registry's officers that somebody reported a key as lost."""
    return _email(
        f"会员 {member_no} 报失数字证书",
        [
            f"会员 {member_no} 于 {_minute(at)}（北京时间）报失数字证书，证书已即时终止。",
            f"核实身份后可发放新的证书绑定码：{url}/credentials?search={member_no}",
        ],
        [
            f"Member {member_no} reported a key as lost at {_minute(at)} (Beijing time);",
            "the certificate has ended at once.",
            "When you have made sure of the person, issue codes for a new one:",
            f"{url}/credentials?search={member_no}",
        ],
    )


def _email(subject: str, zh: list[str], en: list[str]) -> Written:
    zh = [*zh, "", "本邮件由系统自动发送，请勿回复。"]
    en = [*en, "", "This is an automatic message; please do not reply."]
    return Written(f"{SIGNATURE.zh}{subject}", "\n".join([*zh, "", RULE, "", *en]) + "\n")


def _minute(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
