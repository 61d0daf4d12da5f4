"""``registry demo``: the demo market, and the file that tells scripts how to sign in."""

import json
from pathlib import Path
from typing import Any

import click

from app.commands.surroundings import context
from app.domain.errors import RegistryError
from app.services.context import Context
from app.services.demo.market import PASSWORD, make_market, people
from app.services.demo.tokens import PIN, hand_out
from app.services.tokens import make_token_for_member, token_use

DAYS = 30
USBKEY = "usbkey"  # the folder of one in software, beside the file


@click.command()
@click.option("--write", type=click.Path(path_type=Path), help="Write the sign-ins as JSON.")
def demo(write: Path | None) -> None:
    """Make the demo market unless it is there, and tell who can sign in."""
    ctx = context()
    try:
        make_market(ctx)
    except RegistryError as error:
        raise click.ClickException(f"{error.message.zh} {error.message.en}") from error
    known = _known(write)
    rows = [
        {
            "role": person.role,
            "member_no": person.member_no,
            "password": PASSWORD,
            "name": person.name,
            "api_token": _token(ctx, person.member_no, known.get(person.member_no)),
        }
        for person in people(ctx)
    ]
    if write is None:
        for row in rows:
            click.echo(f"{row['role']:22} {row['member_no']}  {row['password']}  {row['name']}")
        return
    told: dict[str, Any] = {"url": "", **_read(write), "people": rows}
    write.parent.mkdir(parents=True, exist_ok=True)
    if ctx.settings.signatures and ctx.settings.software_signer:
        folder = write.parent / USBKEY
        hand_out(ctx, folder, [row["member_no"] for row in rows])
        told["usbkey"] = {"folder": str(folder), "pin": PIN}
    write.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _token(ctx: Context, member_no: str, before: str | None) -> str:
    """Return the token of an earlier start while it is valid, else a new one."""
    if before and token_use(ctx, before) is not None:
        return before
    return make_token_for_member(ctx, member_no, (), DAYS, "demo")


def _known(path: Path | None) -> dict[str, str]:
    told = _read(path) if path else {}
    return {p["member_no"]: p["api_token"] for p in told.get("people", ())}


def _read(path: Path) -> dict[str, Any]:
    """Return what an earlier start wrote; a file that is not readable is written anew."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
