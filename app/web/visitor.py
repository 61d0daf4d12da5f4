"""Who is looking at the page: the session of this request, and what the header says of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app, g

from app.domain.clock import BEIJING
from app.domain.errors import Forbidden
from app.domain.label import Label
from app.identity.sessions import SignedIn
from app.services.actor import Actor
from app.services.context import Context

ROLES: dict[str, Label] = {
    "emitter": Label("重点排放单位", "Key emitter"),
    "provincial_authority": Label("省级主管部门", "Provincial authority"),
    "national_authority": Label("国家主管部门", "National authority"),
    "registry_operator": Label("注册登记机构", "Registry operator"),
    "exchange": Label("交易机构", "Exchange"),
    "auction_body": Label("拍卖机构", "Auction body"),
    "project_owner": Label("项目业主", "Project owner"),
    "participant": Label("其他自愿参与方", "Voluntary participant"),
    "auditor": Label("审计", "Auditor"),
    "system_operator": Label("系统运维", "System operator"),
}


@dataclass(frozen=True, slots=True)
class Security:
    """The security index of the header (F2): how many of its points are met, and which."""

    points: tuple[tuple[Label, bool], ...]

    @property
    def label(self) -> Label:
        """The index as the header shows it: level, points met of all."""
        met, of = sum(yes for _, yes in self.points), len(self.points)
        level = {of: Label("高", "High"), of - 1: Label("中", "Medium")}.get(
            met, Label("低", "Low")
        )
        return Label(f"{level.zh}（{met}/{of}）", f"{level.en} ({met}/{of})")

    def reasons(self, language: str) -> list[str]:
        """Return each point in words, met or not."""
        return [f"{'✓' if yes else '✗'} {label.text(language)}" for label, yes in self.points]


SOON = 30  # days before its end that a certificate should be renewed


def security_of(who: SignedIn, at: datetime) -> Security:
    """Return the index (D29): password, certificate, two-person rule, attempts by somebody else."""
    changed = who.password_changed_at
    age = at - changed if changed else timedelta.max
    since = _day(changed) if changed else "—"
    return Security(
        (
            (
                Label(
                    f"密码在 365 天内修改过（{since}）",
                    f"Password changed within 365 days ({since})",
                ),
                age <= timedelta(days=365),
            ),
            (
                Label("密码在 90 天内修改过", "Password changed within 90 days"),
                age <= timedelta(days=90),
            ),
            _certificate(who, at),
            (
                Label(
                    "账户采用双人复核：一人发起，另一人确认",
                    "The account asks for two people: one initiates, another confirms",
                )
                if who.actor.two_person
                else Label("账户没有采用双人复核", "The account does not ask for two people"),
                who.actor.two_person,
            ),
            _failures(who.failures_since),
        )
    )


def _certificate(who: SignedIn, at: datetime) -> tuple[Label, bool]:
    """Signed in with a USBKey whose certificate is not about to end."""
    until = who.certificate_until
    if until is None:
        return Label("登录时没有使用证书", "Signed in without a certificate"), False
    if who.certificate_software:
        return Label(
            "使用软件证书登录（演示），私钥不在 USBKey 中",
            "Signed in with a software certificate (demonstration), not with a USBKey",
        ), False
    days = max(0, (until - at) // timedelta(days=1))
    if days < SOON:
        return Label(
            f"USBKey 证书还有 {days} 天到期（{_day(until)}），请办理更换",
            f"The USBKey's certificate ends in {days} days ({_day(until)}); have it renewed",
        ), False
    return Label(
        f"使用 USBKey 证书登录，有效期还有 {days} 天（至 {_day(until)}）",
        f"Signed in with a USBKey; its certificate is valid for {days} days ({_day(until)})",
    ), True


def _failures(failures: int) -> tuple[Label, bool]:
    if not failures:
        return Label("上次登录后没有失败的登录", "No failed sign-in since the last one"), True
    return Label(
        f"上次登录后有 {failures} 次失败的登录", f"Failed sign-ins since the last one: {failures}"
    ), False


def _day(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person on a page; templates read it as ``visitor``."""

    session: SignedIn
    security: Security

    @property
    def actor(self) -> Actor:
        """Who acts, as every service takes it."""
        return self.session.actor

    def __getattr__(self, name: str) -> object:
        return getattr(self.session, name)

    @property
    def role_label(self) -> Label:
        """The role in words."""
        return ROLES[self.session.actor.role]


def context() -> Context:
    """Return the context of this application."""
    found: Context = current_app.extensions["registry"]
    return found


def visitor() -> Visitor | None:
    """Return who is signed in, or None on a public page."""
    found: Visitor | None = g.get("visitor")
    return found


def actor() -> Actor:
    """Return who acts; only pages behind the sign-in ask."""
    return who().session.actor


def who() -> Visitor:
    """Return who is signed in; raises Forbidden where nobody is."""
    found = visitor()
    if found is None:
        raise Forbidden("请先登录。", "Sign in first.")
    return found


def only(*roles: str) -> Actor:
    """Return who acts when they have one of the roles; raises Forbidden."""
    found = actor()
    if found.role not in roles:
        raise Forbidden("您的角色不能使用本页。", "Your role may not use this page.")
    return found
