"""Daily bars of many symbols, where only some may be asked for: each is asked for once a day, and kept.

What may not be asked for in time is asked for afterwards, for as long as the program runs. Until then the
bars as they were some sessions ago stand in for it: a mean of twenty days hardly changes in a few.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Protocol

from orderworks.brokers.ibkr.market.history import Asked, History
from orderworks.brokers.ibkr.market.history_pace import ALL_SECONDS
from orderworks.ledger.connection import open_ledger
from orderworks.ledger.daily_bars import Bar, KeptBars, keep_daily_bars, kept_daily_bars
from orderworks.market.calendar import NEW_YORK, previous_sessions
from orderworks.model.errors import OrderworksError

if TYPE_CHECKING:
    import pandas as pd
    from ib_async import BarData

log = logging.getLogger(__name__)

PROVIDER = "ibkr"
DAYS = 30
"""Daily bars that are asked for at least: who needs one soon needs some."""
LONGEST = 365
"""Days that are asked for by number; more are asked for by years."""
OLDEST_SESSIONS = 5
"""How many sessions ago bars that stand in for newer ones may end."""
CATCH_UP_SECONDS = 5.0
"""Between two looks whether more may be asked for."""
CATCH_UP_SHARE = 0.75
"""Of the requests in 10 minutes: the rest is left to who waits for an answer."""
NAMED = 5
"""Symbols that a message names."""

COLUMNS = ("open", "high", "low", "close", "volume")


class Shelf(Protocol):
    """Where bars are kept."""

    def load(self, symbols: Iterable[str]) -> dict[str, KeptBars]: ...

    def store(self, told: Mapping[str, KeptBars]) -> None: ...


class LedgerShelf:
    """Bars are kept in the ledger."""

    def __init__(self, url: str) -> None:
        self._url = url

    def load(self, symbols: Iterable[str]) -> dict[str, KeptBars]:
        with open_ledger(self._url) as ledger:
            return kept_daily_bars(ledger, PROVIDER, symbols)

    def store(self, told: Mapping[str, KeptBars]) -> None:
        with open_ledger(self._url) as ledger:
            keep_daily_bars(ledger, PROVIDER, told)


class DailyBars:
    """By symbol, the bars before a day.

    Args:
        shelf: where they outlive the program; None for nowhere.
        wait_seconds: how long the first who asks for a day waits for the turns of requests.
    """

    def __init__(self, history: History, shelf: Shelf | None, wait_seconds: float) -> None:
        self._history, self._shelf = history, shelf
        self._wait_seconds = wait_seconds
        self._kept: dict[str, KeptBars] = {}
        self._looked_up: set[str] = set()
        self._waited_for: set[tuple[str, date]] = set()
        self._later: dict[str, tuple[date, int]] = {}
        self._catching_up: asyncio.Task[None] | None = None

    async def before(self, day: date, symbols: Sequence[str], days: int) -> pd.DataFrame:
        """At least the last ``days`` bars of each before ``day``, where there are as many."""
        self._load(symbols)
        lacking = [one for one in symbols if not self._has(one, day, days)]
        # Those that nothing can stand in for come first, then those that are the oldest.
        lacking.sort(key=lambda one: self._kept[one].before if one in self._kept else date.min)
        # Once is enough: who asks again is answered with what there is.
        is_new = any((one, day) not in self._waited_for for one in lacking)
        self._waited_for |= {(one, day) for one in lacking}
        unasked = await self._ask(day, lacking, days, self._wait_seconds if is_new else 0)
        if unasked:
            if is_new:
                self._tell(unasked, day)
            self._later |= dict.fromkeys(unasked, (day, days))
            self._catch_up()
        return _frame({one: self._usable(one, day) for one in symbols}, day)

    def _load(self, symbols: Sequence[str]) -> None:
        new = [one for one in symbols if one not in self._looked_up]
        if new and self._shelf is not None:
            self._kept = self._shelf.load(new) | self._kept
        self._looked_up |= set(new)

    def _has(self, symbol: str, day: date, days: int) -> bool:
        kept = self._kept.get(symbol)
        return kept is not None and kept.before == day and kept.days >= days

    def _usable(self, symbol: str, day: date) -> Sequence[Bar]:
        kept = self._kept.get(symbol)
        if kept is None or not _oldest(day) <= kept.before <= day:
            return ()
        return kept.bars

    async def _ask(
        self, day: date, symbols: Sequence[str], days: int, wait_seconds: float
    ) -> list[str]:
        """Asks for the bars of symbols; those that could not be asked for."""
        wanted = max(days, DAYS)
        ends = datetime.combine(day, time(), NEW_YORK).astimezone(UTC)
        duration = f"{wanted} D" if wanted <= LONGEST else f"{wanted // 250 + 1} Y"
        requests = [Asked(symbol, ends, duration, "1 day") for symbol in symbols]
        answers = await self._history.bars(requests, wait_seconds)
        told = {
            symbol: KeptBars(day, wanted, [_bar(one) for one in bars])
            for symbol, bars in zip(symbols, answers, strict=True)
            if bars is not None
        }
        self._kept |= told
        if told and self._shelf is not None:
            self._shelf.store(told)
        return [one for one in symbols if one not in told]

    def _tell(self, unasked: Sequence[str], day: date) -> None:
        """Says what is missing or old, why, and what will become of it."""
        missing = [one for one in unasked if not self._usable(one, day)]
        limit = self._history.limit
        minutes = ceil(len(unasked) / (limit * CATCH_UP_SHARE)) * ALL_SECONDS / 60
        log.warning(
            "of %d symbols (%s%s) the daily bars could not be asked for by now: of %d those of the last "
            "sessions stand in, of %d there are none, and no order opens a position without a daily "
            "volume. IBKR is asked %d times in 10 minutes (broker.ibkr.history_requests); the rest is "
            "asked for within some %d minutes while this runs, and kept for the next run",
            len(unasked),
            ", ".join((missing or unasked)[:NAMED]),
            ", ..." if len(missing or unasked) > NAMED else "",
            len(unasked) - len(missing),
            len(missing),
            limit,
            minutes,
        )

    def _catch_up(self) -> None:
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._ask_later())

    async def _ask_later(self) -> None:
        """Asks for what is lacking as there is room for it; each once more, whatever comes of it."""
        while self._later:
            room = self._history.room(CATCH_UP_SHARE)
            symbols = list(self._later)[:room]
            by_request: dict[tuple[date, int], list[str]] = {}
            for symbol in symbols:
                by_request.setdefault(self._later.pop(symbol), []).append(symbol)
            for (day, days), part in by_request.items():
                try:
                    await self._ask(day, [s for s in part if not self._has(s, day, days)], days, 0)
                except OrderworksError as error:
                    log.warning("daily bars are not asked for any more: %s", error)
                    return
            await asyncio.sleep(CATCH_UP_SECONDS)


@cache
def _oldest(day: date) -> date:
    """The first day before which bars must not end, to stand in for those before ``day``."""
    return previous_sessions(day, OLDEST_SESSIONS)[0]


def _bar(told: BarData) -> Bar:
    day = told.date.date() if isinstance(told.date, datetime) else told.date
    prices = float(told.open), float(told.high), float(told.low), float(told.close)
    return (day, *prices, float(told.volume))


def _frame(bars: Mapping[str, Sequence[Bar]], day: date) -> pd.DataFrame:
    import pandas as pd

    rows = [(when, symbol, *rest) for symbol, told in bars.items() for when, *rest in told]
    frame = pd.DataFrame(rows, columns=["date", "symbol", *COLUMNS])
    frame["date"] = pd.to_datetime(frame["date"])
    frame = frame.astype({"symbol": "str", **dict.fromkeys(COLUMNS, float)})
    earlier = frame[frame["date"] < pd.Timestamp(day)]
    return earlier.sort_values(["date", "symbol"], ignore_index=True)
