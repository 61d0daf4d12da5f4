"""The commands of ``registry`` that run the registry: one module a noun, each calls a service."""

import click

from app.commands.bench import bench
from app.commands.demo import demo
from app.commands.deploy import deploy
from app.commands.ledger import verify
from app.commands.rehearse import rehearse
from app.commands.trust import certificate, crl, trust
from app.commands.verify_decision import verify_decision
from app.commands.worker import sweep, worker

COMMANDS: tuple[click.Command, ...] = (
    deploy,
    demo,
    verify,
    rehearse,
    worker,
    sweep,
    bench,
    verify_decision,
    trust,
    crl,
    certificate,
)
