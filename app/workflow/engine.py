"""What a running diagram may ask: the time, a value of an expression, an operator."""

from collections.abc import Callable, Mapping
from typing import Any

from app.domain.clock import Clock
from app.workflow.expressions import LARGEST, evaluate

Operate = Callable[[str, dict[str, object]], Mapping[str, object] | None]


class NotPlain(TypeError):
    """A value cannot be kept: only texts, whole numbers, booleans, lists and tables of them can."""


class ScriptsRefused(RuntimeError):
    """A diagram holds a script; scripts never run here."""


def plain(value: object) -> Any:
    """Return a value that a saved instance restores exactly. Raises NotPlain.

    Quantities are decimal strings, so there are no fractions; instants are ISO 8601 texts.
    """
    match value:
        case None | bool() | str():
            return value
        case int() if abs(value) <= LARGEST:
            return int(value)
        case list():
            return [plain(item) for item in value]
        case dict() if all(isinstance(key, str) for key in value):
            return {key: plain(item) for key, item in value.items()}
    raise NotPlain(f"{type(value).__name__} cannot be kept: {value!r:.80}")


class Engine:
    """Stands where SpiffWorkflow expects its script engine."""

    def __init__(self, declared: Mapping[str, None], clock: Clock, operate: Operate) -> None:
        self.clock = clock
        self._declared = declared
        self._operate = operate

    def evaluate(self, task: Any, expression: str, external_context: object = None) -> Any:  # noqa: ARG002
        """Compute an expression with a task's values; stock calls it for gateways and timers."""
        return self.compute(expression, task.data)

    def compute(self, expression: str, values: Mapping[str, object]) -> Any:
        """Compute an expression; a declared value that is not set yet is None."""
        return evaluate(expression, {**self._declared, **values})

    def execute(self, task: Any, script: str, external_context: object = None) -> bool:  # noqa: ARG002
        """Refuse: there are no scripts."""
        raise ScriptsRefused(f"{task.task_spec.name}: scripts do not run")

    def operate(self, task: Any, operator: str, parameters: Mapping[str, str]) -> None:
        """Run an operator with its computed parameters; keep the declared values it returns.

        What it leaves unset takes no room, unless it was set before.
        """
        computed = {name: self.compute(text, task.data) for name, text in parameters.items()}
        result = self._operate(operator, computed)
        for name, value in (result or {}).items():
            if name in self._declared and (value is not None or name in task.data):
                task.data[name] = plain(value)
