"""The command that starts an installation."""

from typing import Annotated

import typer

from orderworks.commands.running import registered


def up(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of the UI.")] = 4200,
) -> None:
    """Start a local Prefect server, the deployments and a worker; Ctrl-C stops them."""
    from orderworks.ledger.connection import database_url, open_ledger
    from orderworks.settings import home_directory, load_settings

    load_settings()
    open_ledger(database_url(home_directory())).close()
    try:
        registered("up")(port, typer.echo)
    except KeyboardInterrupt:
        typer.echo("stopped")
