"""What an application is about, and the values its diagram may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.compliance.notices import notice_of
from app.db import Transaction
from app.domain.errors import Forbidden, Invalid, NotFound
from app.pilots.pilots import pilot_of
from app.services.actor import Actor


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of an instance: ``kind`` as the diagram declares it, and its values.

    ``authority_id`` is the holder that a lane with the party ``subject.authority`` belongs to.
    """

    kind: str = ""
    id: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    authority_id: int | None = None


def subject_of(tx: Transaction, kind: str, subject_id: int | None, actor: Actor) -> Subject:
    """Return the subject; raises NotFound when it is missing or not the actor's."""
    if not kind:
        return Subject()
    if subject_id is None:
        raise NotFound
    if kind == "pilot":
        return _pilot(tx, subject_id, actor)
    if kind != "notice":
        raise NotFound
    notice = notice_of(tx, subject_id)
    if notice is None or notice.account_id != actor.account_id:
        raise NotFound
    remind = notice.deadline - timedelta(days=notice.remind_days)
    return Subject(
        kind,
        subject_id,
        {
            "year": notice.year,
            "deadline": notice.deadline.isoformat(),
            "remind_at": remind.isoformat(),
        },
    )


def _pilot(tx: Transaction, pilot_id: int, actor: Actor) -> Subject:
    """Return a pilot region; raises Forbidden unless a general holding account acts (R39).

    Raises Invalid while nobody has been named to run it (W21.0).
    """
    pilot = pilot_of(tx, pilot_id)
    if pilot is None:
        raise NotFound
    if pilot.authority_id is None:
        raise Invalid(
            f"{pilot.name.zh}尚未指定主管部门，暂不能办理。",
            f"Nobody has been named to run the {pilot.name.en} yet.",
        )
    row = tx.one("SELECT type FROM identity.account WHERE id = %(id)s", {"id": actor.account_id})
    if row is None or row[0] != "general":
        raise Forbidden(
            "试点地区上缴只能由一般持有账户办理，请切换到一般持有账户。",
            "A surrender to a pilot region is made from a general holding account;"
            " act for that account.",
        )
    return Subject("pilot", pilot_id, authority_id=pilot.authority_id)
