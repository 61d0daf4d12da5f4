"""An instance as bytes, and back.

    version (1 byte) | check (12 bytes) | JSON array

The check is a keyed digest of the array with the bundle's hash as key: a changed byte, or the
state of another bundle, is refused before anything of it is used. The array is

    [next id, visits by user task, outcome, values at the end, tasks, subprocesses]

where tasks are the root's values and then one row a task, parents first:

    [next id - id, row of parent, number of spec, state, change, internal values, triggered]

Ids are kept as distances, so that they stay short however long the instance lives. A change of
values is 0 (as the parent's), or [changed] or [changed, gone names]. Always kept as bytes:
PostgreSQL's jsonb reorders keys.
"""

import hashlib
from typing import Any

import orjson

from app.workflow.tree import (
    COMPLETED,
    ROOT,
    STARTED,
    WAITING,
    ProcessTree,
    SubProcessTree,
    Task,
    Tree,
)

VERSION = b"\x01"
CHECK = 12
SAME = 0


class BadState(ValueError):
    """The bytes are not a state of this bundle: changed, of another bundle, or another version."""


def seal(payload: list[Any], bundle_hash: str) -> bytes:
    """Return the bytes of a payload."""
    body = orjson.dumps(payload)
    return VERSION + _check(body, bundle_hash) + body


def unseal(state: bytes, bundle_hash: str) -> list[Any]:
    """Return the payload of bytes. Raises BadState."""
    state = bytes(state)  # psycopg2 hands out memoryview
    body = state[1 + CHECK :]
    if state[:1] != VERSION:
        raise BadState("the state was saved by another version of the codec")
    if state[1 : 1 + CHECK] != _check(body, bundle_hash):
        raise BadState("the state was changed, or belongs to another bundle")
    payload: list[Any] = orjson.loads(body)
    return payload


def _check(body: bytes, bundle_hash: str) -> bytes:
    return hashlib.blake2b(body, digest_size=CHECK, key=bytes.fromhex(bundle_hash)).digest()


def rows_of(tree: Tree) -> list[Any]:
    """Return the root's values and the rows of a pruned tree, parents first."""
    numbers = tree.spec.numbers  # type: ignore[attr-defined]
    next_id = tree.top_workflow.next_id  # type: ignore[attr-defined]
    root, *tasks = tree.tasks.values()
    rows: list[Any] = [root.data]
    position = {root.id: 0}
    for task in tasks:
        position[task.id] = len(rows)
        parent = tree.tasks[task._parent]
        row = [
            next_id - task.id,
            position[parent.id],
            numbers[task.task_spec.name],
            task._state,
            _change(parent.data, task.data),
        ]
        if task.internal_data or task.triggered:
            row.append(task.internal_data)
            if task.triggered:
                row.append(1)
        rows.append(row)
    return rows


def plant(tree: Tree, rows: list[Any]) -> None:
    """Make the tasks of an empty tree from what `rows_of` returned."""
    specs, names = tree.spec.task_specs, tree.spec.names  # type: ignore[attr-defined]
    top = tree.top_workflow  # type: ignore[attr-defined]
    root = tree.task_tree = Task(tree, tree.spec.start, None, COMPLETED, ROOT)  # type: ignore[attr-defined]
    root.data = rows[0]
    built = [root]
    for distance, parent_row, spec, state, change, *rest in rows[1:]:
        parent = built[parent_row]
        task = Task(tree, specs[names[spec]], parent, state, top.next_id - distance)
        task.data = _changed(parent.data, change)
        if rest:
            task.internal_data = rest[0]
            task.triggered = len(rest) > 1
        if state == WAITING and hasattr(task.task_spec, "event_definition"):
            top.event_manager.add_task(task)
        built.append(task)


def subprocesses_of(top: ProcessTree) -> list[list[Any]]:
    """Return [id of the calling task, its rows] of each running subprocess, callers first."""
    found = []
    waiting: list[Tree] = [top]
    while waiting:
        tree = waiting.pop(0)
        for task in tree.tasks.values():
            sub = top.subprocesses.get(task.id)
            if sub is not None and task._state == STARTED:
                found.append([task.id, rows_of(sub)])
                waiting.append(sub)
    return found


def plant_subprocess(top: ProcessTree, caller_id: int, rows: list[Any]) -> None:
    """Make a running subprocess from rows; its caller hears when it ends."""
    caller = top.get_task_from_id(caller_id)
    spec = top.subprocess_specs[caller.task_spec.spec]
    sub = SubProcessTree(spec, caller_id, top)
    top.subprocesses[caller_id] = sub
    sub.completed_event.connect(caller.task_spec._on_subworkflow_completed, caller)
    plant(sub, rows)


def _change(before: dict[str, Any], after: dict[str, Any]) -> Any:
    if after == before:
        return SAME
    changed = {k: v for k, v in after.items() if k not in before or before[k] != v}
    gone = [k for k in before if k not in after]
    return [changed, gone] if gone else [changed]


def _changed(before: dict[str, Any], change: Any) -> dict[str, Any]:
    """Return the values after a change.

    Lists and tables are copied as the engine itself does when a task takes its parent's values:
    one level deep, since only their ends are ever appended to.
    """
    values = {k: v.copy() if isinstance(v, list | dict) else v for k, v in before.items()}
    if change != SAME:
        values.update(change[0])
        for name in change[1] if len(change) > 1 else ():
            del values[name]
    return values
