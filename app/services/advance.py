"""Take one step of an instance: restore the run, move it, write everything it changed.

The only place where a diagram meets the database. It knows no task by name: what is open, what
follows and which effects are due, the diagram says.
"""

from collections.abc import Callable

from app.services.context import Context
from app.services.step import Step
from app.workflow.run import Run

Move = Callable[[Run], object]


def advance(ctx: Context, step: Step, move: Move) -> int:
    """Restore the instance's run, apply ``move``, write the step; return the decision's id."""
    run, before = tried(ctx, step, move)
    decision = step.write(run, before)
    for follow in step.afterwards:
        follow(ctx, decision)
    return decision


def tried(ctx: Context, step: Step, move: Move) -> tuple[Run, frozenset[int]]:
    """Move the run in memory only; return it with the keys of the tasks that were open before.

    Raises what the diagram's service tasks refuse, such as every failing numbered check.
    """
    instance = step.instance
    step.custody_strictly_less = ctx.settings.custody_strictly_less
    run = Run.restore(instance.definition, instance.state, ctx.clock, ctx.operators.bind(step))
    before = frozenset(task.key for task in run.open_tasks())
    move(run)
    return run, before
