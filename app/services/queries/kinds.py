"""Which lists of applications there are: one entry each, for one flow or several of a kind.

A flow that comes adds its process to an entry, or an entry of its own; lists, filters, sorting and
export need nothing else (M16, M18, M25).
"""

from dataclasses import dataclass
from typing import Literal

from app.domain.label import Label

NOTHING = Label("", "")
BEGIN = Label("新增", "New")
HOLDERS = frozenset({"emitter", "participant", "project_owner"})
Shape = Literal["number", "process", "holder", "tonnes", "state", "count", "time", "text", "units"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: which attribute of a record (or field of its form) it shows, and how.

    ``sort`` names a key of ``records.KEYS`` where a list may be sorted by the column.
    """

    name: str
    label: Label
    shape: Shape = "text"
    sort: str = ""
    content: bool = False


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One list of applications; ``slug`` stands in its address.

    ``begin`` is the process that its button starts (from ``begin_page``, an endpoint, where what
    it is about is chosen first), and
    ``beginners`` are the roles that may; ``group`` is the menu's line above it.
    ``counterparties``: holders besides applicant and authorities take part, and find here the
    applications that concern them, without the quantities of others.
    """

    slug: str
    label: Label
    processes: tuple[str, ...]
    columns: tuple[Column, ...]
    begin: str = ""
    begin_label: Label = BEGIN
    begin_page: str = ""
    beginners: frozenset[str] = frozenset()
    group: Label = NOTHING
    short: Label = NOTHING
    counterparties: bool = False

    @property
    def business(self) -> Label:
        """What the applications are, where the list's own name says more than that."""
        return self.short if self.short.zh else self.label


NUMBER = Column("number", Label("申请编号", "Application no."), "number", "number")
PROCESS = Column("process", Label("业务", "Business"), "process")
HOLDER = Column("holder", Label("申请单位", "Applicant"), "holder")
NOTICE = Column("notice_number", Label("履约通知书", "Compliance notice"))
CCER = Column("ccer_quantity", Label("其中 CCER", "Of which CCER"), "tonnes", "ccer")
STATE = Column("standing", Label("状态", "Status"), "state")
RETURNS = Column("returns", Label("退回", "Returned"), "count")
SUBMITTED = Column("submitted_at", Label("提交时间", "Submitted"), "time", "submitted")
ENDED = Column("ended_at", Label("办结时间", "Ended"), "time", "ended")
UNITS = Column("units", Label("标的", "Instruments"), "units")


def quantity(zh: str, en: str) -> Column:
    """The tonnes of an application under the flow's own name for them."""
    return Column("quantity", Label(zh, en), "tonnes", "quantity")


def field(name: str, zh: str, en: str) -> Column:
    """A field of the application's form, as it was typed."""
    return Column(name, Label(zh, en), content=True)


END = (STATE, RETURNS, SUBMITTED, ENDED)
QUANTITY = quantity("申请提交量", "Applied quantity")
PLAIN = (NUMBER, PROCESS, QUANTITY, CCER, *END)

KINDS: dict[str, RecordKind] = {
    kind.slug: kind
    for kind in (
        RecordKind(
            "surrender",
            Label("履约清缴记录查询", "Surrender records"),
            ("compliance",),
            (NUMBER, NOTICE, QUANTITY, CCER, *END),
            group=Label("履约管理", "Compliance"),
            short=Label("履约清缴", "Surrender"),
        ),
        RecordKind(
            "custody",
            Label("存管申请", "Custody applications"),
            ("custody_application",),
            (
                NUMBER,
                UNITS,
                quantity("存管数量", "Quantity"),
                field("custody_type", "存管类型", "Type"),
                *END,
            ),
            begin="custody_application",
            group=Label("存管返还管理", "Custody and return"),
            beginners=frozenset({"emitter"}),
        ),
        RecordKind(
            "custody-link",
            Label("存管关联", "Custody links"),
            ("custody_link",),
            (NUMBER, field("holders", "拟关联单位", "Counterparties"), *END),
            begin="custody_link",
            group=Label("存管返还管理", "Custody and return"),
            beginners=frozenset({"emitter"}),
        ),
        RecordKind(
            "custody-return",
            Label("存管返还申请", "Returns from custody"),
            ("custody_return",),
            (NUMBER, quantity("返还数量", "Quantity"), *END),
            begin="custody_return",
            group=Label("存管返还管理", "Custody and return"),
            beginners=frozenset({"emitter"}),
            counterparties=True,
        ),
        RecordKind(
            "cancellation",
            Label("自愿注销管理", "Voluntary cancellation"),
            ("voluntary_cancel",),
            (
                NUMBER,
                UNITS,
                quantity("注销数量", "Quantity"),
                field("beneficiary", "受益人", "Beneficiary"),
                *END,
            ),
            begin="voluntary_cancel",
            short=Label("自愿注销", "Voluntary cancellation"),
            beginners=frozenset({"emitter", "participant"}),
            begin_label=Label("自愿注销新增", "New cancellation"),
        ),
        RecordKind(
            "pilot",
            Label("试点地区上缴", "Surrender to pilot regions"),
            ("ccer_pilot_surrender",),
            (NUMBER, UNITS, quantity("上缴数量", "Quantity"), *END),
            begin="ccer_pilot_surrender",
            begin_page="pilots.index",
            beginners=frozenset({"emitter", "participant"}),
        ),
        RecordKind(
            "external",
            Label("外部减排量标记", "Claims on external reductions"),
            ("external_ccer",),
            (
                NUMBER,
                field("project_name", "项目名称", "Project"),
                quantity("冻结数量", "Frozen quantity"),
                *END,
            ),
            begin="external_ccer",
            group=Label("外部减排量", "External reductions"),
            beginners=frozenset({"emitter"}),
        ),
        RecordKind(
            "external-release",
            Label("外部减排量释放", "Releases of external reductions"),
            ("external_release",),
            (NUMBER, UNITS, quantity("释放数量", "Quantity"), *END),
            begin="external_release",
            group=Label("外部减排量", "External reductions"),
            beginners=frozenset({"emitter"}),
        ),
        RecordKind(
            "account-change",
            Label("账户信息修改", "Changes of account data"),
            ("account_change",),
            (NUMBER, *END),
            begin="account_change",
            group=Label("账户管理", "Accounts"),
            beginners=HOLDERS,
        ),
        RecordKind(
            "credential-change",
            Label("数字证书变更", "Changes of certificates"),
            ("credential_change",),
            (
                NUMBER,
                field("change", "办理事项", "What is done"),
                field("member_no", "会员编号", "Member number"),
                *END,
            ),
            begin="credential_change",
            group=Label("数字证书管理", "Certificates of people"),
            beginners=frozenset({"registry_operator"}),
        ),
    )
}


def kind_of(process_id: str) -> RecordKind | None:
    """Return the list in which a flow's applications stand."""
    return next((kind for kind in KINDS.values() if process_id in kind.processes), None)
