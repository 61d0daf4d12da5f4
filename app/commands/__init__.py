"""The commands of ``registry`` that run the registry: one module a noun, each calls a service."""

from importlib import import_module

import click

MODULES = {
    "deploy": "deploy",
    "demo": "demo",
    "verify": "ledger",
    "rehearse": "rehearse",
    "worker": "worker",
    "sweep": "worker",
    "bench": "bench",
    "verify-decision": "verify_decision",
    "trust": "trust",
    "crl": "trust",
    "certificate": "trust",
}


class Commands(click.Group):
    """A group that imports a command's module when the command is asked for.

    Every start of a program pays for what it imports: a sweep needs none of what a rehearsal needs.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, also of those that are not imported yet."""
        return sorted({*super().list_commands(ctx), *MODULES})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None where there is none of that name."""
        if cmd_name in MODULES and cmd_name not in self.commands:
            module = import_module(f"app.commands.{MODULES[cmd_name]}")
            self.add_command(getattr(module, cmd_name.replace("-", "_")))
        return super().get_command(ctx, cmd_name)
