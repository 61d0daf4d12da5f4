"""Who acts: a person, for an account, in the role of the account's holder."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """The three things stored with every draft, decision and transfer, and what follows from them.

    ``rights`` are those of the mandate (initiate, confirm, both, read: G21); ``province_id`` is
    the authority the holder answers to, None for those who answer to none. ``person_hash`` is the
    salted hash under which the person stands in canonical documents. ``two_person``: the account
    asks for one representative who fills in and another who confirms. ``signature_policy`` is the
    account's: which decisions are signed with the person's own key (decisions, every, none: R23).
    """

    person_id: int
    person_name: str
    holder_id: int
    holder_name: str
    account_id: int
    role: str
    rights: str
    province_id: int | None
    person_hash: str = ""
    two_person: bool = False
    signature_policy: str = "none"

    def signs(self, kind: str) -> bool:
        """Whether a decision of this kind (complete, trigger) asks for the person's signature."""
        if self.signature_policy == "none":
            return False
        return kind == "complete" or self.signature_policy == "every"

    @property
    def may_initiate(self) -> bool:
        """Whether the mandate lets the person draft and submit (G21)."""
        return self.rights in {"initiate", "both"}

    @property
    def may_confirm(self) -> bool:
        """Whether the mandate lets the person confirm or decide (G21)."""
        return self.rights in {"confirm", "both"}
