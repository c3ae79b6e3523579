"""The commands that trade: each calls a flow, which it finds by its registered name.

Flows stand above the domain, so nothing here imports them: they are registered under the entry
point group ``orderworks.flows``, and Prefect is only imported when one is run.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from orderworks.commands.options import date_of, session_date
from orderworks.model.errors import OrderworksError

GROUP = "orderworks.flows"

VALIDATING = frozenset({"daily", "intraday", "rebalance", "end-of-day"})
"""The flows that judge tables, for which Great Expectations is imported."""

run_app = typer.Typer(no_args_is_help=True, help="Run one flow now, in this process.")

Session = Annotated[
    date | None,
    typer.Option("--session", parser=session_date, metavar="DATE", help="The trading day."),
]
Day = Annotated[
    date | None,
    typer.Option("--day", parser=date_of("--day"), metavar="DATE", help="A day of the period."),
]
Market = Annotated[
    Path | None, typer.Option("--market", help="A directory of recorded quotes to replay.")
]
RunKey = Annotated[
    str | None, typer.Option("--run-key", help="The run's name: it never trades twice.")
]
Broker = Annotated[
    str | None, typer.Option("--broker", help="simulated, paper_stub or ibkr; as set by default.")
]
Signals = Annotated[
    str | None,
    typer.Option("--signals", help="The signals: a CSV, Parquet or SQL file, or redis:STREAM."),
]
Targets = Annotated[
    str | None, typer.Option("--targets", help="The target weights: a CSV, Parquet or SQL file.")
]


@run_app.command()
def daily(
    session: Session = None,
    signals: Signals = None,
    market: Market = None,
    run_key: RunKey = None,
    broker: Broker = None,
) -> None:
    """Trade a session's signals, from the open on."""
    finish("daily", session=session, signals=signals, market=market, run_key=run_key, broker=broker)


@run_app.command()
def intraday(
    session: Session = None,
    signals: Signals = None,
    market: Market = None,
    run_key: RunKey = None,
    broker: Broker = None,
) -> None:
    """Trade signals that came during the session, from now on."""
    finish(
        "intraday", session=session, signals=signals, market=market, run_key=run_key, broker=broker
    )


@run_app.command()
def rebalance(
    targets: Targets = None,
    session: Session = None,
    market: Market = None,
    run_key: RunKey = None,
    broker: Broker = None,
) -> None:
    """Move the account to target weights."""
    finish(
        "rebalance", session=session, targets=targets, market=market, run_key=run_key, broker=broker
    )


@run_app.command()
def reconcile(session: Session = None, market: Market = None, broker: Broker = None) -> None:
    """Bring the books to what the broker shows, and report what differs."""
    finish("reconcile", session=session, market=market, broker=broker)


@run_app.command(name="end-of-day")
def end_of_day(session: Session = None, market: Market = None, broker: Broker = None) -> None:
    """End a session: nothing rests, the books are reconciled, the cost is known."""
    finish("end-of-day", session=session, market=market, broker=broker)


@run_app.command()
def weekly(day: Day = None, broker: Broker = None) -> None:
    """Sum up what a week of trading cost; the last one that is over, by default."""
    finish("weekly-quality", day=day, broker=broker)


@run_app.command()
def monthly(day: Day = None, broker: Broker = None) -> None:
    """Sum up what a month of trading cost; the last one that is over, by default."""
    finish("monthly-quality", day=day, broker=broker)


@run_app.command()
def recover(broker: Broker = None) -> None:
    """Go on with the runs that a dead process left unfinished."""
    finish("recover", broker=broker)


def kill(
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the switch.")],
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Close every position at the market, too.")
    ] = False,
    session: Session = None,
    market: Market = None,
    broker: Broker = None,
) -> None:
    """Throw the kill switch: nothing more is sent, and what rests is cancelled."""
    finish(
        "kill-switch",
        reason=reason,
        flatten=flatten,
        session=session,
        market=market,
        broker=broker,
    )


def resume(
    reason: Annotated[str, typer.Option("--reason", help="Why it is safe again; kept.")],
    broker: Broker = None,
) -> None:
    """Permit sending again after the kill switch."""
    from orderworks.desk.kill_switch import resume as resume_account
    from orderworks.settings import load_settings

    settings = load_settings(**({"broker": {"provider": broker}} if broker else {}))
    resume_account(settings, reason)
    typer.echo(f"Account {settings.broker.account} may send again: {reason}")


def finish(name: str, **parameters: Any) -> None:
    """Runs a flow to its end and prints the sentence that it ended with."""
    typer.echo(run_flow(name, **parameters))


def run_flow(name: str, **parameters: Any) -> str:
    """Runs a registered flow in this process.

    Returns:
        The sentence that it ended with.

    Raises:
        OrderworksError: what the flow failed with, or that it did not complete.
    """
    from orderworks.settings import load_settings

    given = {
        key: str(value) if isinstance(value, Path) else value
        for key, value in parameters.items()
        if value is not None
    }
    # Before Prefect's seconds: a wrong setting or broker is told at once.
    load_settings(**({"broker": {"provider": given["broker"]}} if "broker" in given else {}))
    flow = prepared(name)
    with _quiet_library_logs():
        state = asyncio.run(_run(flow, given))
    return str(state.message or state.name)


def prepared(name: str, meanwhile: Callable[[], object] = lambda: None) -> Any:
    """A registered flow, and Prefect for it; what it needs is imported while Prefect's server starts.

    Args:
        meanwhile: is done before that.

    Raises:
        OrderworksError: if Orderworks was not installed with its flows.
    """

    def load() -> None:
        meanwhile()
        registered(name)
        if name in VALIDATING:
            from orderworks.handoffs import warm

            warm()

    registered("environment")()
    registered("api")(load)
    return registered(name)


def registered(name: str) -> Any:
    """What is registered under a name.

    Raises:
        OrderworksError: if Orderworks was not installed with its flows.
    """
    for found in entry_points(group=GROUP, name=name):
        return found.load()
    raise OrderworksError(f"the flow '{name}' is not installed; install Orderworks with its flows")


async def _run(flow: Any, parameters: dict[str, Any]) -> Any:
    state = await flow(**parameters, return_state=True)
    if not state.is_completed():
        failure = await state.aresult(raise_on_failure=False)
        if isinstance(failure, OrderworksError):
            raise failure
        if state.data is not None:
            await state.aresult(raise_on_failure=True)
        raise OrderworksError(state.message or f"the run ended {state.name}")
    return state


@contextmanager
def _quiet_library_logs() -> Iterator[None]:
    """Prefect tells its own story in its UI; a failure is told once, as the command's sentence."""
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
