"""The commands that look after an installation: start it, and examine it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Annotated

import typer

from orderworks.commands.running import registered
from orderworks.model.errors import OrderworksError

Check = Callable[[], str]

LEAST_FREE_GIB = 1
"""The ledger and Prefect need room to write."""


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


def doctor() -> None:
    """Examine this installation: settings, database, flows, disk, broker."""
    sound = True
    for name, check in _checks():
        try:
            typer.echo(f"ok    {name}: {check()}")
        except OrderworksError as error:
            sound = False
            typer.echo(f"WRONG {name}: {error}")
    if not sound:
        raise typer.Exit(1)


def _checks() -> Iterator[tuple[str, Check]]:
    yield "version", _versions
    yield "settings", _settings
    yield "home", _home
    yield "database", _database
    yield "flows", _flows
    yield "broker", _broker


def _versions() -> str:
    names = ("orderworks", "prefect", "pandas", "great-expectations", "ib_async")
    told = ", ".join(f"{name} {version(name)}" for name in names)
    return f"Python {sys.version.split()[0]}, {told}"


def _settings() -> str:
    from orderworks.settings import load_settings, settings_files

    load_settings()
    return " over ".join(str(path) for path in settings_files())


def _home() -> str:
    from orderworks.settings import home_directory

    home = home_directory()
    try:
        home.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(home).free / 2**30
    except OSError as error:
        raise OrderworksError(
            f"{home} cannot be used ({error.strerror}); set ORDERWORKS_HOME to a directory that can"
        ) from None
    if free < LEAST_FREE_GIB:
        raise OrderworksError(f"{home} has {free:.1f} GiB free; make room")
    return f"{home}, {free:.0f} GiB free"


def _database() -> str:
    from orderworks.ledger.connection import database_url, head, open_ledger
    from orderworks.settings import home_directory

    with open_ledger(database_url(home_directory())) as ledger:
        row = ledger.execute("SHOW server_version").fetchone() or {"server_version": "?"}
    return f"PostgreSQL {row['server_version']}, schema {head()}"


def _flows() -> str:
    registered("environment")()
    names = ("daily", "intraday", "rebalance", "reconcile", "end-of-day", "recover", "kill-switch")
    for name in names:
        registered(name)
    return f"{len(names)} flows can be loaded"


def _broker() -> str:
    from orderworks.brokers.ibkr.accounts import LIVE, PAPER, check_configured
    from orderworks.settings import load_settings

    broker = load_settings().broker
    if broker.provider == "ibkr":
        mode = PAPER if broker.paper_trading else LIVE
        check_configured(broker.account, broker.ibkr.port, mode)
        where = f"{broker.ibkr.host}:{broker.ibkr.port}"
        return f"ibkr, {mode} account {broker.account} through the gateway at {where}"
    return f"{broker.provider}, account {broker.account}; it replays the market that --market names"
