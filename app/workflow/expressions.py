"""Expressions of diagrams: gateway conditions, timers, parameters, multi-instance conditions.

SpiffWorkflow's own evaluator hands the text to ``eval`` and is escapable. Here the text is parsed
and only a short list of harmless nodes is walked: names, constants, comparisons, boolean logic,
whole-number arithmetic, joining of texts, ``in``, lists, and calls of named functions.
There are no attributes, subscripts, comprehensions or lambdas, so nothing leads out.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

LONGEST = 500  # characters of an expression, and of a text it makes
DEEPEST = 20
LARGEST = 2**53  # beyond this, quantities are decimal strings, never numbers


class BadExpression(ValueError):
    """The text is not an expression that is allowed; the message says what is not."""


class ExpressionFailed(ValueError):
    """An allowed expression could not be computed with the present values."""


def tally(values: object, wanted: object) -> int:
    """Count how often a value stands in a list, for quorums: ``tally(votes, "yes") >= 2``."""
    return values.count(wanted) if isinstance(values, list) else 0


def size(values: object) -> int:
    """Return the length of a list or a text; nothing has length 0."""
    return len(values) if isinstance(values, list | str) else 0


FUNCTIONS: Mapping[str, Callable[..., object]] = {"size": size, "tally": tally}

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_CONSTANTS = (str, int, bool, type(None))


@lru_cache(maxsize=4096)
def parse(text: str) -> ast.expr:
    """Return the tree of an allowed expression. Raises BadExpression."""
    if len(text) > LONGEST:
        raise BadExpression(f"longer than {LONGEST} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadExpression(f"not an expression: {error}") from error
    _allow(tree, DEEPEST)
    return tree


def names_in(text: str) -> set[str]:
    """Return the values an expression reads. Raises BadExpression."""
    tree = parse(text)
    functions = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in functions}


def constant(text: str) -> object:
    """Return the value of an expression that reads nothing.

    Raises BadExpression, or ExpressionFailed when the expression reads a value.
    """
    return evaluate(text, {})


def evaluate(text: str, values: Mapping[str, object]) -> Any:
    """Compute an expression. Raises BadExpression or ExpressionFailed."""
    tree = parse(text)
    try:
        return _value(tree, values)
    except ExpressionFailed as error:
        raise ExpressionFailed(f"{text.strip()}: {error}") from error
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ExpressionFailed(f"{text.strip()}: {error}") from error


def _allow(node: ast.expr, depth: int) -> None:  # noqa: C901, PLR0912  one case a node
    if depth == 0:
        raise BadExpression("nested too deeply")
    match node:
        case ast.Name(id=name):
            if name.startswith("_") or name in FUNCTIONS:
                raise BadExpression(f"{name} is not the name of a value")
            parts: list[ast.expr] = []
        case ast.Constant(value=value):
            if type(value) not in _CONSTANTS:
                raise BadExpression(f"a {type(value).__name__} is not allowed")
            parts = []
        case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            pass
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            parts = [operand]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            parts = [left, right]
        case ast.Compare(left=left, comparators=others):
            parts = [left, *others]
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if name in FUNCTIONS:
            pass
        case ast.Call(func=ast.Name(id=name)):
            raise BadExpression(f"{name} is not a function of expressions")
        case _:
            raise BadExpression(f"{type(node).__name__} is not allowed")
    for part in parts:
        _allow(part, depth - 1)


def _value(node: ast.expr, values: Mapping[str, object]) -> Any:  # noqa: C901, PLR0911
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            if name not in values:
                raise ExpressionFailed(f"{name} is not known")
            return values[name]
        case ast.Compare():
            return _compared(node, values)
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_value(part, values) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_value(part, values) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, values)
        case ast.UnaryOp(operand=operand):
            return -_whole(_value(operand, values))
        case ast.BinOp(left=left, op=op, right=right):
            return _calculated(_value(left, values), op, _value(right, values))
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_value(part, values) for part in parts]
        case ast.Call(func=ast.Name(id=name), args=parts):
            return FUNCTIONS[name](*(_value(part, values) for part in parts))
    raise BadExpression(f"{type(node).__name__} is not allowed")  # _allow has refused it before


def _compared(node: ast.Compare, values: Mapping[str, object]) -> bool:
    left = _value(node.left, values)
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = _value(comparator, values)
        if not _COMPARE[type(op)](left, right):
            return False
        left = right
    return True


def _calculated(left: object, op: ast.operator, right: object) -> object:
    if isinstance(op, ast.Add) and isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > LONGEST:
            raise ExpressionFailed("the text becomes too long")
        return left + right
    result = _ARITHMETIC[type(op)](_whole(left), _whole(right))
    if abs(result) > LARGEST:
        raise ExpressionFailed("the number becomes too large")
    return result


def _whole(value: object) -> int:
    if type(value) is not int:
        raise ExpressionFailed("only whole numbers are calculated with")
    return value
