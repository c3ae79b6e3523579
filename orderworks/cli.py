"""The command line."""

import typer

from orderworks.commands import (
    approving,
    blotter,
    cancelling,
    deciding,
    demonstration,
    examining,
    health,
    listings,
    operating,
    replaying,
    reporting,
    running,
)
from orderworks.commands.errors import ClearCommands

app = typer.Typer(
    cls=ClearCommands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="From a table of trading signals to orders sent exactly once, reconciled and measured.",
)
app.command()(demonstration.demo)
app.add_typer(running.run_app, name="run")
app.command()(replaying.replay)
app.command()(reporting.report)
app.command()(operating.up)
app.command()(operating.deploy)
app.command()(operating.worker)
app.command()(examining.doctor)
app.command()(health.health)
app.command()(blotter.blotter)
app.command()(running.kill)
app.command()(running.resume)
app.command()(approving.approve)
app.command()(approving.reject)
app.command()(cancelling.cancel)
app.command()(deciding.adopt)
app.command()(deciding.abandon)
app.command()(deciding.resolve)
app.add_typer(listings.app)


def main() -> None:
    """The ``orderworks`` command."""
    app()
