"""What an emitter claims of another registry's reductions, for tests (G17)."""

from typing import Any

from app.identity.actor import Actor
from app.services.applications import begin
from app.services.attachments.upload import upload
from tests.services.market import APPROVE, Market

PAPER = "冻结证明：编号见申请。".encode()
CANCELLED = {"verdict": "cancelled", "reference": "CCER-ZX-2022-018"}


def proof(market: Market, actor: Actor, content: bytes = PAPER) -> str:
    """The id of a file that somebody uploaded."""
    return str(upload(market.ctx, actor, "证明.txt", content).id)


def claim_form(market: Market, actor: Actor, tonnes: int = 30, **other: Any) -> dict[str, Any]:
    """A claim on so many tonnes, numbered from CCER-2020-000001 on."""
    given = {
        "registry": "ccer_registry",
        "quantity": str(tonnes),
        "serials": f"CCER-2020-000001~CCER-2020-{tonnes:06d}",
        "project_code": "CCER-001",
        "project_name": "某光伏发电项目",
        "project_type": "光伏发电",
        "region": "青海",
        "vintage": "2020",
        "covered_source": "no",
        "proof": [proof(market, actor)],
    }
    return given | other


def claim(market: Market, emitter: Actor, tonnes: int = 30, **other: Any) -> int:
    """A submitted claim, waiting for the registry's confirmation."""
    form = claim_form(market, emitter, tonnes, **other)
    return begin(market.ctx, emitter, "external_ccer", None, form, submit=True).instance_id


def marked(market: Market, emitter: Actor, tonnes: int = 30, **other: Any) -> str:
    """A confirmed claim; return its instrument's code."""
    instance = claim(market, emitter, tonnes, **other)
    market.decide(market.actor("registry"), instance, APPROVE)
    return str(market.instance(instance)["number"])


def cancelled(market: Market, registry: Actor) -> dict[str, Any]:
    """The form with which the registry records the cancellation there."""
    return {**CANCELLED, "proof": [proof(market, registry, "注销证明".encode())]}
