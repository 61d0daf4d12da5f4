"""lanes.toml: which role a lane of a diagram names, and which party may act in it."""

import tomllib
from dataclasses import dataclass

from app.domain.label import Label


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane as drawn. A lane without a role is the system's: nobody acts in it.

    ``party`` says which people of those roles may act on an instance, such as ``applicant`` or
    ``applicant.province``. Several roles may begin a flow, and either of two may review one; in
    every other lane acts one.
    """

    key: str
    label: Label
    roles: tuple[str, ...] = ()
    party: str | None = None

    @property
    def role(self) -> str | None:
        """The role of the lane, the first of several; nothing in the system's lane."""
        return self.roles[0] if self.roles else None


# Who of a role may act on an instance; app.services.parties finds the holder.
JOINING = frozenset({"any.asked", "item"})  # a party only from the moment a task asks it
PARTIES = JOINING | {
    "applicant", "applicant.province", "applicant.reviewer", "subject.authority", "any",
}  # fmt: skip
SEVERAL_ROLES = frozenset({"applicant", "applicant.reviewer"})


class UnreadableLanes(ValueError):
    """lanes.toml is not what its README describes; the message says where."""


def read_lanes(content: bytes) -> dict[str, Lane]:
    """Return the lanes by the name drawn in the diagrams.

    Raises UnreadableLanes on bad TOML, a missing or doubled key, or a role without a party.
    """
    try:
        table = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableLanes(str(error)) from error
    lanes: dict[str, Lane] = {}
    for name, entry in table.items():
        lanes[name] = _lane(name, entry)
    keys = [lane.key for lane in lanes.values()]
    if len(keys) != len(set(keys)):
        raise UnreadableLanes("two lanes have the same key")
    return lanes


def _lane(name: str, entry: object) -> Lane:
    if not isinstance(entry, dict) or not all(map(_texts, entry.values())):
        raise UnreadableLanes(f"{name}: expected texts")
    unknown = set(entry) - {"key", "label_en", "role", "party"}
    if unknown:
        raise UnreadableLanes(f"{name}: unknown entry {', '.join(sorted(unknown))}")
    if not entry.get("key") or not entry.get("label_en"):
        raise UnreadableLanes(f"{name}: key and label_en are needed")
    if ("role" in entry) != ("party" in entry):
        raise UnreadableLanes(f"{name}: role and party belong together")
    if entry.get("party", "item") not in PARTIES:
        raise UnreadableLanes(f"{name}: party is one of {', '.join(sorted(PARTIES))}")
    roles = entry.get("role", [])
    roles = (roles,) if isinstance(roles, str) else tuple(roles)
    if len(roles) > 1 and entry["party"] not in SEVERAL_ROLES:
        raise UnreadableLanes(f"{name}: only applicant and its reviewer may have several roles")
    return Lane(entry["key"], Label(name, entry["label_en"]), roles, entry.get("party"))


def _texts(value: object) -> bool:
    texts = value if isinstance(value, list) and value else [value]
    return all(isinstance(text, str) and text for text in texts)
