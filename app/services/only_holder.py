"""The only holder of a lane's role, such as the registry operator."""

from app.db import Transaction
from app.domain.errors import Invalid
from app.workflow.lanes import Lane


def only_holder(tx: Transaction, lane: Lane) -> int:
    """Return the one holder of the lane's last role; raises Invalid unless there is just one."""
    rows = tx.all(
        "SELECT id FROM identity.holder WHERE role = %(role)s LIMIT 2", {"role": lane.roles[-1]}
    )
    if len(rows) != 1:
        raise nobody_for(lane)
    return int(rows[0][0])


def nobody_for(lane: Lane) -> Invalid:
    """Return what is said when nobody can fill a lane."""
    return Invalid(
        f"流程中的“{lane.label.zh}”没有可办理的单位，请联系登记机构。",
        f"No organisation can act as “{lane.label.en}” in this process; ask the registry.",
    )
