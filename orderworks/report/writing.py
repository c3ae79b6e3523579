"""The report as a file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from orderworks.ledger.connection import Ledger
from orderworks.ledger.report_rows import markets_of
from orderworks.market.data import MarketData
from orderworks.market.replay import ReplayMarket
from orderworks.model.errors import InputError
from orderworks.report.content import MarketOf, gather
from orderworks.report.figures import cost_of
from orderworks.report.page import attention_of, render, verdict_of


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """Where the report is, and what it says first."""

    path: Path
    verdict: str
    attention: str


def write_report(
    ledger: Ledger,
    account: str,
    first: date,
    last: date,
    market_of: MarketOf,
    at: datetime,
    path: Path,
) -> WrittenReport:
    """Writes the page, in the place of one that is there: a reader sees the old or the new one whole.

    Where the path is a symbolic link, what it leads to is replaced, and the link stays.

    Args:
        first, last: the sessions that it is about; one day where they are the same.
        market_of: where the quotes of the worst orders come from.
        at: when it is made, UTC.

    Raises:
        InputError: if what is there is no regular file; nothing is written.
        OSError: if the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    if os.path.lexists(target) and not target.is_file():
        raise InputError(
            f"the report cannot be written to {path}, which is no regular file; name another --output"
        )
    content = gather(ledger, account, first, last, market_of)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        unfinished.write_text(render(content, at), "utf-8")
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    cost = cost_of(content.orders)
    return WrittenReport(path, verdict_of(content, cost), attention_of(content, cost))


def report_path(home: Path, account: str, first: date, last: date) -> Path:
    """Where a report is written if nothing else is said."""
    days = f"{first}" if first == last else f"{first}-to-{last}"
    return home / "reports" / f"quality-{account}-{days}.html"


def recorded_markets(ledger: Ledger, account: str, first: date, last: date) -> MarketOf:
    """The recorded markets that the runs of these sessions replayed, as far as they are still there."""
    directories = markets_of(ledger, account, first, last)

    @cache
    def market_of(session: date) -> MarketData | None:
        directory = directories.get(session)
        return None if directory is None else ReplayMarket(Path(directory), session)

    return market_of
