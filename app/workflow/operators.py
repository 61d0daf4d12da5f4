"""What a diagram may ask of service tasks: the operators and the parameters they take.

The registry of operators is passed in, so that a diagram is checked without importing services.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["str", "int", "lanes", "values"]


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter: its kind, whether it must stand in the diagram, and what it may be.

    ``lanes`` is a list of lane keys of lanes.toml, ``values`` any list. ``choices`` limits a
    constant value, such as a transaction type's code; one computed while running is not limited.
    """

    kind: Kind = "str"
    required: bool = True
    choices: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class OperatorSpec:
    """One operator, such as ``ledger/reserve``, and its parameters by name."""

    parameters: Mapping[str, ParameterSpec] = field(default_factory=dict)
