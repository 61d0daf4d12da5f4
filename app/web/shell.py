"""What every template may name: macros, header, menu, to-do count."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from zlib import crc32

from flask import Flask, current_app, g

from app.identity.sessions import IDLE
from app.services.actor import Actor
from app.services.context import Context
from app.services.to_do import ToDo
from app.web.addresses import address
from app.web.asset_files import asset
from app.web.kept import kept
from app.web.language import language
from app.web.menu import APPLICANTS, HOLDERS, WORKERS, menu_for
from app.web.returning import this_page
from app.web.visitor import visitor

MACROS = ("status", "data", "forms", "process", "usbkey")
MessageCount = Callable[[Context, Actor], int]
TodoCount = Callable[[Context, Actor], ToDo]
FLOWS = 3  # flows named in the header; the inbox names them all


def dress(app: Flask) -> None:
    """Offer macros as ``ui`` and the shell's values to every template."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["element_id"] = lambda text: f"id-{crc32(str(text).encode()):08x}"
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["address"] = address
    app.jinja_env.globals["kept"] = kept
    app.jinja_env.globals["menu_for"] = menu_for
    app.jinja_env.globals["ui"] = SimpleNamespace(**_macros(app))
    app.context_processor(_shell)


def count_todos(app: Flask, count: TodoCount, endpoint: str) -> None:
    """Let the header show how many tasks wait for the actor, also by flow, and lead to them."""
    app.extensions["registry_todo"] = (count, endpoint)


def count_messages(app: Flask, count: MessageCount, endpoint: str) -> None:
    """Let the header's bell show how many messages are unread, and lead to them."""
    app.extensions["registry_messages"] = (count, endpoint)


def messages_counted(count: int) -> None:
    """Take the number of unread messages from a page that has read them already."""
    g.unread = count


def todos_counted(counted: ToDo) -> None:
    """Take the numbers from a page that has read them already; they are not read twice."""
    g.todo = counted


def _macros(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in MACROS:
        module = app.jinja_env.get_template(f"macros/{name}.html").module
        found |= {k: v for k, v in vars(module).items() if not k.startswith("_")}
    return found


def _shell() -> dict[str, Any]:
    ctx: Context = current_app.extensions["registry"]
    found = visitor()
    todo, todo_url = _todo(ctx) if found else (None, "")
    return {
        "visitor": found,
        "language": language(),
        "now": ctx.clock.now(),
        "here": this_page(),
        "environment": ctx.settings.environment,
        "idle_seconds": int(IDLE.total_seconds()),
        "todo": todo,
        "todo_url": todo_url,
        "most_flows": FLOWS,
        "applicants": APPLICANTS,
        "bell": _bell,
    }


def _bell() -> tuple[int, str] | None:
    """Return how many messages are unread and where they are; asked by the header alone."""
    known = current_app.extensions.get("registry_messages")
    found = visitor()
    if known is None or found is None:
        return None
    count, endpoint = known
    if "unread" not in g:
        g.unread = count(current_app.extensions["registry"], found.actor)
    if not g.unread and found.actor.role not in HOLDERS:
        return None  # as with the to-dos: a role that is never told of anything has no bell
    return g.unread, address(endpoint)


def _todo(ctx: Context) -> tuple[ToDo | None, str]:
    known = current_app.extensions.get("registry_todo")
    found = visitor()
    if known is None or found is None:
        return None, ""
    count, endpoint = known
    if "todo" not in g:
        g.todo = count(ctx, found.actor)
    # A role without the page in its menu hears of it only when something waits.
    if not g.todo.total and found.actor.role not in WORKERS:
        return None, ""
    return g.todo, address(endpoint)
