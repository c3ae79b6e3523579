"""The demo: a whole trading session on a synthetic market."""

import os
import time
from datetime import date

import typer

from orderworks.commands import rehearsal
from orderworks.commands.options import SessionOption
from orderworks.commands.running import prepared, run_flow


class Stopwatch:
    """Where the time goes, in the order in which it went."""

    def __init__(self) -> None:
        self.laps: list[tuple[str, float]] = []
        self.start()

    def start(self) -> None:
        """The first lap begins now."""
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        """What was done since the last lap."""
        now = time.monotonic()
        self.laps.append((name, now - self._last))
        self._last = now

    @property
    def total(self) -> float:
        return sum(seconds for _, seconds in self.laps)

    def __str__(self) -> str:
        return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.laps)


def demo(session: SessionOption = None) -> None:
    """Watch a whole session happen: signals to measured fills, on a synthetic market."""
    from orderworks.ledger.connection import database_url, named_database_url, open_ledger
    from orderworks.market.calendar import latest_closed_session
    from orderworks.model.clock import WallClock
    from orderworks.settings import home_directory

    watch, meanwhile = Stopwatch(), Stopwatch()
    day: date = session or latest_closed_session(WallClock().now())
    home = home_directory()
    parts = rehearsal.arrange(home / "demo", day)
    os.environ["ORDERWORKS_CONFIG"] = str(parts.settings)
    if named := named_database_url():
        # Before Prefect's seconds: where it does not answer, that is told at once.
        open_ledger(named).close()

    def set_up() -> None:
        meanwhile.start()
        rehearsal.write_missing(parts)
        meanwhile.lap("synthetic market")
        open_ledger(database_url(home)).close()
        meanwhile.lap("database")

    prepared("daily", set_up)
    watch.lap(f"Prefect and its server (meanwhile {meanwhile})")
    traded = run_flow("daily", session=day, signals=parts.signals, market=parts.market)
    watch.lap("daily run")
    ended = run_flow("end-of-day", session=day, market=parts.market)
    watch.lap("end of day")

    _show(day, parts, traded, ended)
    typer.echo(f"\n{watch.total:.1f} s: {watch}.")


def _show(day: date, parts: rehearsal.Rehearsal, traded: str, ended: str) -> None:
    from orderworks.commands.listings import orders
    from orderworks.commands.quality import quality
    from orderworks.report.writing import report_path
    from orderworks.settings import home_directory

    typer.echo()
    orders(session=day, parents=True)
    quality(session=day)
    typer.echo(f"\nDaily run:  {traded}\nEnd of day: {ended}\n")
    report = report_path(home_directory(), rehearsal.ACCOUNT, day, day)
    typer.echo(f"Signals   {parts.signals}\nMarket    {parts.market}\nReport    {report}")
    typer.echo(
        f"Look on   export ORDERWORKS_CONFIG={parts.settings}\n"
        "          uv run orderworks plan   (or fills, positions, alerts, orders --children ...)"
    )
