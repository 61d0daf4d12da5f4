"""``registry deploy``: diagrams, forms and lanes of the repository become current."""

import click

from app.commands.surroundings import context
from app.services.deployments import deploy_files
from app.workflow.refusals import Refused


@click.command()
def deploy() -> None:
    """Deploy every bundle that the database does not know yet."""
    try:
        deployed = deploy_files(context())
    except Refused as error:
        for refusal in error.refusals:
            click.echo(f"{refusal.element_id}: {refusal.reason.zh} / {refusal.reason.en}", err=True)
        raise click.ClickException("nothing was deployed") from error
    for one in deployed:
        click.echo(f"{one.process_id} {one.hash[:12]} {'deployed' if one.new else 'known'}")
