"""The demo's pilot region: named, its base uploaded, three surrenders as far as each has come."""

from collections.abc import Mapping

from app.identity.actor import Actor
from app.services.applications import begin
from app.services.context import Context
from app.services.decide import Request, decide
from app.services.pilots.bases import upload
from app.services.pilots.exporting import export
from app.services.pilots.region import designate, regions

PROCESS = "ccer_pilot_surrender"
PILOT = "shanghai"
BASE = 40_000  # tonnes of allocation; 5 % of it are 2,000 t
ENTERPRISE = "PILOTCO"
AUTHORITY = "PILOT-31"


def tell_pilots(
    ctx: Context, enterprise: Actor, officer: Actor, nation: Actor, ccer: str, year: int
) -> None:
    """W21: one accepted by the pilot's registry, one that waits for export, one for review."""
    pilot = next(r.pilot.id for r in regions(ctx) if r.pilot.code == PILOT)
    designate(ctx, nation, pilot, AUTHORITY)
    upload(ctx, officer, pilot, f"{year},{ENTERPRISE},{BASE}\n".encode())
    pass_ = {"verdict": "approve", "opinion": "符合本试点抵消规则，同意。"}
    cancel = {"verdict": "approve", "opinion": "同意注销。"}
    begun = []
    for tonnes in (300, 200, 150):
        form = {"lines": [{"instrument": ccer, "quantity": str(tonnes)}], "year": str(year)}
        begun.append(begin(ctx, enterprise, PROCESS, pilot, form, submit=True).instance_id)
    for instance in begun[:2]:
        _decide(ctx, officer, instance, pass_)
        _decide(ctx, nation, instance, cancel)
    export(ctx, officer, begun[:1])
    accepted = {"verdict": "accepted", "reference": "SHDJ-0031"}
    _decide(ctx, officer, begun[0], accepted)


def _decide(ctx: Context, actor: Actor, instance: int, form: Mapping[str, str]) -> None:
    with ctx.database.transaction() as tx:
        row = tx.one("SELECT key FROM workflow.task WHERE instance_id = %(id)s", {"id": instance})
    if row is None:
        raise LookupError(f"instance {instance} has no open task")
    decide(ctx, actor, Request(instance, row[0], form))
