"""Cut the finished past off a resting instance; the history has its own table.

What stays, and why:

* every live task, and its parent: a task takes its values from its parent;
* every task below which two branches still live: joins look for what is common to them;
* what has arrived at a parallel join that still waits: the join counts arrivals;
* below a kept split of boundary events, its direct children: the join behind it tells the main
  task from the events by them.

Chains in between are drawn together and dead branches go, so a state does not grow with the
number of rounds, whether boundary timers, joins, subprocesses or multi-instances stand or not.
"""

from collections.abc import Iterable
from typing import Any

from app.workflow.specs import EndJoin, Join, ParallelGateway, Split
from app.workflow.tree import CANCELLED, LIVE, STARTED, ProcessTree, Task, Tree


def prune(top: ProcessTree) -> None:
    """Prune an instance and its subprocesses, and forget subprocesses that have ended."""
    top.ready.clear()  # at rest, only people's tasks are left in it
    running: dict[int, Any] = {}
    waiting: list[Tree] = [top]
    while waiting:
        tree = waiting.pop()
        _prune(tree)
        for task in tree.tasks.values():
            if task._state == STARTED and task.id in top.subprocesses:
                running[task.id] = top.subprocesses[task.id]
                waiting.append(running[task.id])
    top.subprocesses = running


def _prune(tree: Tree) -> None:
    needed = {task.id: task for task in _needed(tree.tasks.values())}
    branches = _branches(tree, needed.values())
    kept: dict[int, Task] = {}
    stack: list[tuple[Task, Task | None]] = [(tree.task_tree, None)]
    while stack:
        task, above = stack.pop()
        below = [child for child in task._children if child in branches]
        if (
            above is None
            or task.id in needed
            or len(below) > 1
            or any(child in needed for child in below)
            or (isinstance(above.task_spec, Split) and task._parent == above.id)
        ):
            kept[task.id] = task
            if above is not None:
                task._parent = above.id
                above._children.append(task.id)
            above = task
        stack.extend((tree.tasks[child], above) for child in reversed(below))
        task._children = []
    tree.tasks = kept
    first = [kept[child] for child in tree.task_tree._children]
    if len(first) == 1:  # nobody reads the root's values any more: keep them once
        tree.task_tree.data = first[0].data
    tree.last_task = None  # type: ignore[attr-defined]


def _needed(tasks: Iterable[Task]) -> list[Task]:
    live = [t for t in tasks if t._state & LIVE and not isinstance(t.task_spec, Join)]
    others = [t for t in live if not isinstance(t.task_spec, EndJoin)]
    pending = {t.task_spec for t in live if isinstance(t.task_spec, ParallelGateway)}
    if pending:
        others += [t for t in tasks if t._state == CANCELLED and t.task_spec in pending]
    return others or live


def _branches(tree: Tree, needed: Iterable[Task]) -> set[int]:
    """Return the ids of all tasks that lead to a needed one."""
    leading: set[int] = set()
    for task in needed:
        current: Task | None = task
        while current is not None and current.id not in leading:
            leading.add(current.id)
            current = tree.tasks.get(current._parent)
    return leading
