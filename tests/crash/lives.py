"""The lives of a worker on one ledger, and the broker's own record of what they came to."""

import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from forking import Ended, Forks
from judging import require_sound_books, rows
from scenarios import SCENARIOS
from synthetic_day import variables
from venues import NO_HOME, Venue

from orderworks.ledger.connection import open_ledger
from orderworks.model.crash_points import VARIABLE, CrashPoint

NOTING = "NOTE_CRASH_POINTS"
"""Where this is set a worker says which points it passes."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the broker has on record.

    Attributes:
        orders: the name of each order that it received.
        filled: the shares that it traded for each.
        trades: by symbol, the shares that it bought and sold for the account.
    """

    orders: tuple[str, ...]
    filled: dict[str, int]
    trades: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Unhurt:
    """What comes of a scenario in which nobody kills the worker, and the points that it passes.

    Attributes:
        fills: of each, whose it is, when it was, and its quantity, price and commission.
    """

    record: Recorded
    fills: list[dict[str, Any]]
    passed: frozenset[CrashPoint]


@dataclass(frozen=True, slots=True)
class Lives:
    """Starts a worker as a scheduler would, again and again with the same words."""

    workers: Forks
    venue: Venue
    scenario: str
    url: str
    leads_there: Mapping[str, str]

    def die(self, point: str) -> None:
        """A life that must end by a kill at ``point``, or ``point:N``."""
        assert not self.ends_by_itself(point), f"{point} was not reached"

    def finish(self) -> None:
        """A life that nobody ends."""
        ended = self._live({})
        assert ended.status == 0, ended.err

    def ends_by_itself(self, point: str) -> bool:
        """Whether a life ends well before it comes to the point; ending any other way is an error."""
        return self._live({VARIABLE: point}).status == 0

    def passed(self) -> frozenset[CrashPoint]:
        """Every point that a life passes which nobody ends."""
        said = self._live({NOTING: "yes"}).out
        return frozenset(CrashPoint(name) for name in said.split())

    def complete(self, *points: str) -> Recorded:
        """What is on record after lives that were killed at these points, and one that was not."""
        for point in points:
            self.die(point)
        self.finish()
        return self.recorded()

    def complete_ever_later(self, point: str) -> Recorded:
        """What is on record after lives that were killed at a point, each at a later time of passing it."""
        self.die(point)
        for occurrence in count(2):
            if self.ends_by_itself(f"{point}:{occurrence}"):
                break
        return self.recorded()

    def recorded(self) -> Recorded:
        """The broker's record; the books must be sound, and nothing that was planned be left over."""
        record = self.venue.record
        with open_ledger(self.url) as ledger:
            require_sound_books(ledger, record)
            left = "SELECT * FROM orders WHERE closed_at IS NULL"
            assert rows(ledger, left) == []
            received = rows(ledger, f"SELECT client_order_id FROM {record.orders}")
            fills = rows(ledger, f"SELECT * FROM {record.fills}")
        filled, bought, sold = Counter[str](), Counter[str](), Counter[str]()
        for fill in fills:
            filled[fill["client_order_id"]] += fill["quantity"]
            (bought if fill["side"] == "buy" else sold)[fill["symbol"]] += fill["quantity"]
        return Recorded(
            tuple(sorted(row["client_order_id"] for row in received)),
            dict(filled),
            {symbol: (bought[symbol], sold[symbol]) for symbol in bought | sold},
        )

    def fills(self) -> list[dict[str, Any]]:
        """The broker's executions, in their order."""
        told = "client_order_id, ts, quantity, price, commission"
        with open_ledger(self.url) as ledger:
            query = f"SELECT {told} FROM {self.venue.record.fills} ORDER BY {told}"
            return rows(ledger, query)

    def _live(self, asked: dict[str, str]) -> Ended:
        settings = SCENARIOS[self.scenario].settings
        in_force = {**variables(self.url, NO_HOME), **self.leads_there, **settings, **asked}
        ended = self.workers.run(self.scenario, self.url, environment=in_force)
        assert ended.status in (0, -signal.SIGKILL), ended.err
        return ended
