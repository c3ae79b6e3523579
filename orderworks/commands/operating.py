"""The commands that start an installation, and give it more accounts."""

from typing import Annotated

import typer

from orderworks.commands.running import registered


def up(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of the UI.")] = 4200,
    another_worker: Annotated[
        bool,
        typer.Option(
            "--another-worker", help="Start a worker even if one of this home runs already."
        ),
    ] = False,
) -> None:
    """Start a local Prefect server, the deployments and a worker; Ctrl-C stops them.

    Asked a second time, it attaches to what runs instead, and returns.
    """
    try:
        registered("up")(port, another_worker, typer.echo)
    except KeyboardInterrupt:
        typer.echo("stopped")


def deploy(
    account: Annotated[str, typer.Option("--account", help="The account, as its broker names it.")],
    broker: Annotated[
        str | None,
        typer.Option("--broker", help="simulated, paper_stub or ibkr; as set by default."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of this account alone."),
    ] = None,
) -> None:
    """Give one more account its deployments, on the Prefect server that runs."""
    registered("deploy")(account, broker, given or [], typer.echo)
