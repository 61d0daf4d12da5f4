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


def security_of(who: SignedIn, at: datetime) -> Security:
    """Return the index: the age of the password, and attempts by somebody else since last time."""
    changed = who.password_changed_at
    age = at - changed if changed else timedelta.max
    since = changed.astimezone(BEIJING).strftime("%Y-%m-%d") if changed else "—"
    failures = who.failures_since
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
            (
                Label(
                    f"上次登录后有 {failures} 次失败的登录",
                    f"Failed sign-ins since the last one: {failures}",
                )
                if failures
                else Label("上次登录后没有失败的登录", "No failed sign-in since the last one"),
                failures == 0,
            ),
        )
    )


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
