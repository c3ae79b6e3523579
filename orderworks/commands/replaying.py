"""The replay of signals over past sessions: what each algorithm would have cost."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderworks.commands import views
from orderworks.commands.options import FormatOption, date_of
from orderworks.printing import Format, print_listing

if TYPE_CHECKING:
    import pandas as pd

    from orderworks.backtest.comparison import Paired
    from orderworks.backtest.replay import Asked, Step


def replay(
    first: Annotated[
        date,
        typer.Option(
            "--from", parser=date_of("--from"), metavar="DATE", help="The first day, as 2026-11-20."
        ),
    ],
    last: Annotated[
        date, typer.Option("--to", parser=date_of("--to"), metavar="DATE", help="The last day.")
    ],
    signals: Annotated[
        Path, typer.Option("--signals", help="The signals of all sessions: CSV or Parquet.")
    ],
    market: Annotated[
        Path, typer.Option("--market", help="The directory of recorded quotes to replay.")
    ],
    algos: Annotated[
        str,
        typer.Option(
            "--algos",
            help="What to compare: 'routed' as signals ask and the router decides, or an algorithm "
            "to force on every order whose signal states no price or type, as 'twap', or with the "
            "price of its slices, 'twap-cross' at the far touch or 'twap-passive' at the near one.",
        ),
    ] = "routed,twap,vwap",
    form: FormatOption = Format.TABLE,
) -> None:
    """Ask what signals would have cost with one algorithm or another, over past sessions.

    Nothing of the ledger is touched: each algorithm trades an account of its own, at a simulated
    exchange of its own, in a database that is dropped afterwards.
    """
    import asyncio

    from orderworks.backtest import replay as replaying
    from orderworks.backtest import report
    from orderworks.backtest.algorithms import algorithms_of
    from orderworks.backtest.answer import answer, notes
    from orderworks.backtest.comparison import by_algorithm, by_route, compare_all
    from orderworks.handoffs.signals_file import read_signals
    from orderworks.ledger.connection import database_url
    from orderworks.settings import home_directory, load_settings

    settings = load_settings(broker={"provider": "simulated"})
    algorithms = algorithms_of(algos)
    directory = market.expanduser().absolute()
    asked = replaying.ask(settings, first, last, read_signals(signals), directory, algorithms)
    # What a run would warn of stands in the notes.
    logging.getLogger("orderworks").setLevel(logging.ERROR)
    with _progress(len(asked.sessions) * len(algorithms)) as tell:
        url = database_url(home_directory())
        replayed = asyncio.run(replaying.replay(settings, url, asked, tell))

    told = list(notes(replayed))
    if replayed.orders.empty:
        if form is not Format.TABLE:
            print_listing(report.NOTHING, form)
        typer.echo("\n".join(["No signal came to an order.", *told]), err=True)
        return
    summary, compared = by_algorithm(replayed.orders), compare_all(replayed.orders)
    said = answer(summary, compared)
    chart = _draw(asked, replayed.orders, summary, compared, said)
    _print(form, summary, by_route(replayed.orders), compared)
    sentences = [said, *told, f"Chart: {chart}"]
    typer.echo("\n".join(sentences), err=form is not Format.TABLE)


def _draw(
    asked: "Asked",
    orders: "pd.DataFrame",
    summary: "pd.DataFrame",
    compared: "list[Paired]",
    said: str,
) -> Path:
    from orderworks.backtest.chart import replay_chart
    from orderworks.settings import home_directory

    first, last = asked.sessions[0].date, asked.sessions[-1].date
    name = f"replay-{first}-{last}-{'-'.join(asked.algorithms)}.png"
    path = home_directory() / "reports" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    count = len(asked.sessions)
    sessions = f"{count} sessions, {first} to {last}" if count > 1 else f"session {first}"
    replay_chart(orders, summary, compared, said, f"Replay of {sessions}", path)
    return path


def _print(
    form: Format, summary: "pd.DataFrame", routes: "pd.DataFrame", compared: "list[Paired]"
) -> None:
    from orderworks.backtest import report

    if form is not Format.TABLE:
        print_listing(report.everything(summary, routes, compared), form)
        return
    for listing, view, scope in (
        (report.costs(summary), views.REPLAYED, ""),
        (report.costs(routes), views.REPLAYED_BY_ROUTE, "by the route of its orders"),
        (
            report.comparisons(compared),
            views.COMPARED,
            "of the same orders; below 0 the first costs less",
        ),
    ):
        if listing.rows:
            print_listing(listing, form, view, scope)
            typer.echo()


@contextmanager
def _progress(steps: int) -> "Iterator[Callable[[Step], None]]":
    """Tells each step on standard error: as a bar on a terminal, else as a line."""
    if not sys.stderr.isatty():
        yield lambda step: typer.echo(f"{step.number} of {steps}: {step}", err=True)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task("opening", total=steps)
        yield lambda step: progress.update(task, advance=1, description=str(step))
