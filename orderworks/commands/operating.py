"""The commands that start an installation, and give it more accounts."""

from typing import Annotated

import typer

from orderworks.commands.running import registered

AtOnce = Annotated[
    int | None,
    typer.Option("--at-once", min=1, help="How many runs the worker runs at once; any by default."),
]


def up(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of the UI.")] = 4200,
    another_worker: Annotated[
        bool,
        typer.Option(
            "--another-worker", help="Start a worker even if one of this home runs already."
        ),
    ] = False,
    at_once: AtOnce = None,
) -> None:
    """Start a local Prefect server, the deployments and a worker; Ctrl-C stops them.

    Asked a second time, it attaches to what runs instead, and returns.
    """
    try:
        registered("up")(port, another_worker, at_once, typer.echo)
    except KeyboardInterrupt:
        typer.echo("stopped")


def deploy(
    accounts: Annotated[
        list[str],
        typer.Option("--account", help="As its broker names it; may be repeated."),
    ],
    broker: Annotated[
        str | None,
        typer.Option("--broker", help="simulated, paper_stub or ibkr; as set by default."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of these accounts alone."),
    ] = None,
) -> None:
    """Give more accounts their deployments, on the Prefect server that runs."""
    registered("deploy")(accounts, broker, given or [], typer.echo)


def worker(
    queues: Annotated[
        list[str] | None,
        typer.Option(
            "--queue",
            metavar="ACCOUNT",
            help="Serve this account; may be repeated; all by default.",
        ),
    ] = None,
    at_once: AtOnce = None,
) -> None:
    """Start a worker for the Prefect server that PREFECT_API_URL names; Ctrl-C stops it."""
    try:
        registered("worker")(queues or [], at_once, typer.echo)
    except KeyboardInterrupt:
        typer.echo("stopped")
