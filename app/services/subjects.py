"""What an application is about, and the values its diagram may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.compliance.notices import notice_of
from app.db import Transaction
from app.domain.errors import NotFound
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
    if kind != "notice" or subject_id is None:
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
