"""``orderworks doctor``: whether this installation, and the gateway that it is to trade through, work."""

import asyncio
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Annotated

import typer

from orderworks.commands.running import registered
from orderworks.model.errors import OrderworksError
from orderworks.model.finding import Finding, Level
from orderworks.settings import Settings

Check = Callable[[], str]

LEAST_FREE_GIB = 1
"""The ledger and Prefect need room to write."""

WIDTH = max(len(level) for level in Level)


def doctor(
    symbol: Annotated[
        str,
        typer.Option("--symbol", help="A liquid stock, whose quotes the gateway is asked for."),
    ] = "SPY",
) -> None:
    """Examine this installation and its gateway; no order is sent, and nothing is changed.

    One line a question: ok, warning, fails, or look, for what only you can see. Exit status 1 if anything
    fails.
    """
    sound = True
    for finding in _findings(symbol):
        sound = sound and finding.level is not Level.FAILS
        typer.echo(f"{finding.level:<{WIDTH}} {finding.subject}: {finding.sentence}")
    if not sound:
        raise typer.Exit(1)


def _findings(symbol: str) -> Iterator[Finding]:
    for subject, check in CHECKS.items():
        try:
            yield Finding(Level.OK, subject, check())
        except OrderworksError as error:
            yield Finding(Level.FAILS, subject, str(error))
    try:
        settings = _load()
    except OrderworksError:
        return
    if settings.broker.provider == "ibkr":
        yield from _gateway(settings, symbol)


def _gateway(settings: Settings, symbol: str) -> Iterator[Finding]:
    from orderworks.brokers.ibkr.examination.judging import judge, judge_mode
    from orderworks.brokers.ibkr.examination.looking import look_at
    from orderworks.brokers.ibkr.examination.unseen import unseen
    from orderworks.ledger.broker_numbers import highest_number
    from orderworks.ledger.connection import database_url, open_ledger
    from orderworks.ledger.leases import lease_holder
    from orderworks.model.clock import WallClock
    from orderworks.settings import home_directory

    broker, ibkr = settings.broker, settings.broker.ibkr
    try:
        with open_ledger(database_url(home_directory())) as ledger:
            worker = lease_holder(ledger, ibkr.account_id)
            highest = highest_number(ledger, ibkr.account_id, ibkr.client_id)
        seen = asyncio.run(look_at(ibkr, symbol, WallClock().now, in_use=worker is not None))
    except OrderworksError as error:
        yield Finding(Level.FAILS, "gateway", str(error))
        yield judge_mode(ibkr, broker.mode)
    else:
        yield from judge(seen, ibkr, broker.mode, highest=highest, worker=worker)
    yield from unseen()


def _load() -> Settings:
    from orderworks.settings import load_settings

    return load_settings()


def _versions() -> str:
    names = ("orderworks", "prefect", "pandas", "great-expectations", "ib_async")
    told = ", ".join(f"{name} {version(name)}" for name in names)
    return f"Python {sys.version.split()[0]}, {told}"


def _settings() -> str:
    from orderworks.settings import settings_files

    _load()
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
    names = (
        *("daily", "intraday", "rebalance", "reconcile", "end-of-day", "weekly-quality"),
        *("monthly-quality", "recover", "kill-switch"),
    )
    for name in names:
        registered(name)
    return f"{len(names)} flows can be loaded"


def _broker() -> str:
    broker = _load().broker
    if broker.provider == "ibkr":
        where = f"{broker.ibkr.host}:{broker.ibkr.port}"
        told = f"ibkr, account {broker.account or '(none)'} through the gateway at {where}"
        if broker.fallback == "none":
            return told
        return f"{told}; a run that cannot reach it goes to the stub's {broker.paper_stub.account}"
    return f"{broker.provider}, account {broker.account}; it replays the market that --market names"


CHECKS: dict[str, Check] = {
    "version": _versions,
    "settings": _settings,
    "home": _home,
    "database": _database,
    "flows": _flows,
    "broker": _broker,
}
"""The questions about the installation, in order."""
