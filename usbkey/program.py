"""``python -m usbkey``: the user's and the operator's own commands."""

import click

from usbkey.agent.command import agent
from usbkey.commands import ca, keys, provision


@click.group()
def main() -> None:
    """USBKeys of the registry: list, sign, agent; provision and ca for the operator."""


for command in (agent, keys.show, keys.sign, provision.group, ca.group):
    main.add_command(command)
