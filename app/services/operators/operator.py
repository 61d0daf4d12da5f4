"""The shape of an operator: it adds to the step, and may return values the diagram declares."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.services.step import Step

Operator = Callable[["Step", Mapping[str, Any]], Mapping[str, Any] | None]
