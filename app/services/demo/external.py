"""The demo's reductions of another registry: some marked, some that wait for the registry (G17)."""

from collections.abc import Callable

from app.identity.actor import Actor
from app.services.applications import begin
from app.services.attachments.upload import upload
from app.services.context import Context

CLAIMANT = "LJ"
PAPER = """示范证明（演示数据）
兹证明临江发电有限公司持有的下列减排量已在本登记系统冻结，拟用于清缴抵销：
{serials}
"""
Decide = Callable[[Context, Actor, int, dict[str, str]], None]


def tell_claims(ctx: Context, emitter: Actor, management: Actor, year: int, decide: Decide) -> None:
    """A claim of 1,500 t that is marked, and one of 800 t that waits for management."""
    done = _claim(ctx, emitter, year, 1, 1_500)
    said = {"verdict": "approve", "opinion": "已向对方登记机构核实冻结。"}
    decide(ctx, management, done, said)
    _claim(ctx, emitter, year, 1_501, 800)


def _claim(ctx: Context, emitter: Actor, year: int, first: int, tonnes: int) -> int:
    serials = f"CCER-{year - 1}-{first:06d}~CCER-{year - 1}-{first + tonnes - 1:06d}"
    paper = PAPER.format(serials=serials).encode()
    form = {
        "registry": "ccer_registry",
        "quantity": str(tonnes),
        "serials": serials,
        "project_code": "CCER-DEMO-001",
        "project_name": "海西光热发电示范项目",
        "project_type": "光热发电",
        "region": "青海",
        "vintage": str(year - 1),
        "covered_source": "no",
        "proof": [str(upload(ctx, emitter, "冻结证明.txt", paper).id)],
    }
    return begin(ctx, emitter, "external_ccer", None, form, submit=True).instance_id
