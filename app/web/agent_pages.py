"""Which pages may reach the agent on the user's own machine: those that sign, and no other.

A page that shows where signing stands (macros/usbkey.html) says so by that; only its answer allows
connections to the agent's port on the loopback address.
"""

from flask import Flask, g

from app.services.context import Context

_PORT = "usbkey_agent_port"


def let_pages_sign(app: Flask) -> None:
    """Offer ``signs_here()`` to templates: it returns the agent's port and marks the answer."""
    ctx: Context = app.extensions["registry"]

    def signs_here() -> int:
        setattr(g, _PORT, ctx.settings.usbkey_agent_port)
        return ctx.settings.usbkey_agent_port

    app.jinja_env.globals["signs_here"] = signs_here


def agent_source() -> str | None:
    """Return the agent's origin where the page that was rendered signs, else nothing."""
    port = g.get(_PORT)
    return None if port is None else f"http://127.0.0.1:{port}"
