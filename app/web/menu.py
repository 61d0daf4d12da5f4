"""The menu, as data: one place where every page that stands in it is named.

An entry is shown to the roles it names (none named: to everybody signed in). The first entry a
role sees is its home. The manual's words (part F) are the labels.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.domain.label import Label
from app.web.addresses import address


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu: a page (endpoint), or a group of pages (children)."""

    label: Label
    endpoint: str = ""
    roles: frozenset[str] = frozenset()
    children: tuple["Entry", ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as one page shows it."""

    label: Label
    url: str
    current: bool
    children: tuple["Shown", ...] = ()


def for_roles(*roles: str) -> frozenset[str]:
    """Name the roles that see an entry."""
    return frozenset(roles)


HOLDERS = for_roles(
    "emitter",
    "participant",
    "project_owner",
    "provincial_authority",
    "national_authority",
    "registry_operator",
    "exchange",
    "auction_body",
)
OPENED = for_roles("emitter", "participant", "project_owner")
WORKERS = for_roles(
    "emitter", "participant", "project_owner", "provincial_authority", "registry_operator",
    "national_authority",
)  # fmt: skip
DEPOSITORS = for_roles("emitter", "registry_operator")  # who deposits, and who decides
CLAIMANTS = for_roles("emitter", "registry_operator")  # of another registry's reductions
CANCELLERS = for_roles("emitter", "participant", "registry_operator")  # and who decides
SURRENDERERS = for_roles("emitter", "participant", "national_authority")
PILOTS = for_roles("provincial_authority")
APPLICANTS = for_roles("emitter", "participant", "project_owner")

MENU: tuple[Entry, ...] = (
    # The others' first page is their work itself: the history, the state of operations.
    Entry(Label("首页", "Home"), "overview.index", HOLDERS),
    Entry(Label("待办", "To-do"), "inbox.index", WORKERS),
    Entry(
        Label("履约管理", "Compliance"),
        roles=for_roles("emitter"),
        children=(
            Entry(Label("履约清缴", "Surrender"), "compliance.notices"),
            Entry(Label("履约清缴记录查询", "Surrender records"), "records.surrender"),
        ),
    ),
    Entry(
        Label("外部减排量", "External reductions"),
        roles=CLAIMANTS,
        children=(
            Entry(Label("外部减排量标记", "Claims"), "records.external"),
            Entry(Label("外部减排量释放", "Releases"), "records.external_release"),
        ),
    ),
    Entry(
        Label("存管返还管理", "Custody and return"),
        roles=DEPOSITORS,
        children=(
            Entry(Label("存管申请", "Custody applications"), "records.custody"),
            Entry(Label("存管关联", "Custody links"), "records.custody_link"),
            Entry(Label("存管返还申请", "Returns from custody"), "records.custody_return"),
            Entry(Label("存管明细", "In custody"), "custody.index", for_roles("emitter")),
            Entry(Label("关联关系", "All links"), "custody.links", for_roles("registry_operator")),
        ),
    ),
    Entry(Label("自愿注销管理", "Voluntary cancellation"), "records.cancellation", CANCELLERS),
    Entry(
        Label("试点地区上缴", "Pilot regions"),
        roles=for_roles("emitter", "participant", "provincial_authority", "national_authority"),
        children=(
            Entry(Label("试点地区", "Pilot regions"), "pilots.index"),
            Entry(Label("上缴记录", "Surrenders to pilots"), "records.pilot", SURRENDERERS),
            Entry(Label("试点上缴数据导出", "Pilot surrender export"), "pilots.exports", PILOTS),
            Entry(Label("试点上缴基数", "Pilot bases"), "pilots.bases", PILOTS),
        ),
    ),
    Entry(Label("履约进度", "Progress"), "notices.index", for_roles("provincial_authority")),
    Entry(Label("申请记录", "Applications"), "records.index", for_roles("provincial_authority")),
    Entry(Label("流程历史", "Process history"), "history.index", for_roles("auditor")),
    Entry(
        Label("运行情况", "Operations"),
        "operator.index",
        for_roles("system_operator", "registry_operator"),
    ),
    Entry(
        Label("数字证书管理", "Certificates of people"),
        "credentials.index",
        for_roles("registry_operator", "auditor"),
    ),
    Entry(
        Label("信息查询", "Information"),
        roles=HOLDERS,
        children=(
            Entry(Label("配额发放查询", "Allocations"), "allocations.index", APPLICANTS),
            Entry(Label("持仓查询", "Holdings"), "holdings.index"),
            Entry(Label("申请记录", "Applications"), "records.index", APPLICANTS),
            Entry(Label("消息", "Messages"), "messages.index"),
        ),
    ),
    Entry(
        Label("账户管理", "Accounts"),
        children=(
            Entry(Label("账户信息", "Account details"), "account.show"),
            Entry(Label("账户信息修改", "Change account data"), "account.change", OPENED),
            Entry(Label("开户附件", "Opening files"), "attachments.opening", OPENED),
            Entry(Label("密码修改", "Change password"), "password.change"),
            Entry(Label("我的证书", "My certificates"), "own_certificates.show"),
            Entry(Label("请假委托", "Delegation for an absence"), "delegations.show", HOLDERS),
            Entry(Label("通知设置", "Notification settings"), "telling.show"),
            Entry(Label("我的 API 令牌", "My API tokens"), "tokens.show"),
        ),
    ),
)


def menu_for(role: str, page: str | None) -> tuple[Shown, ...]:
    """Return the menu of a role, with the present page (its endpoint) marked."""
    return tuple(_shown(entry, role, page) for entry in _visible(MENU, role))


def home_of(role: str) -> str:
    """Return the endpoint of a role's first page."""
    return next(_pages(_visible(MENU, role), role))


def _visible(entries: Iterable[Entry], role: str) -> Iterator[Entry]:
    for entry in entries:
        open_to = not entry.roles or role in entry.roles
        if open_to and (entry.endpoint or any(_visible(entry.children, role))):
            yield entry


def _pages(entries: Iterable[Entry], role: str) -> Iterator[str]:
    for entry in entries:
        if entry.endpoint:
            yield entry.endpoint
        yield from _pages(_visible(entry.children, role), role)


def _shown(entry: Entry, role: str, page: str | None) -> Shown:
    children = tuple(_shown(child, role, page) for child in _visible(entry.children, role))
    here = bool(entry.endpoint) and page == entry.endpoint
    return Shown(
        entry.label,
        address(entry.endpoint) if entry.endpoint else "",
        here or any(child.current for child in children),
        children,
    )
