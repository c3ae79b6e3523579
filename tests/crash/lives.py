"""The lives of a worker on one ledger, and the exchange's own record of what they came to."""

import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from forking import Ended, Forks
from judging import require_sound_books, rows
from scenarios import SCENARIOS
from synthetic_day import variables

from orderworks.ledger.connection import open_ledger
from orderworks.model.crash_points import VARIABLE, CrashPoint

NO_HOME = Path("/nonexistent")
"""Where a worker whose ledger is named has nothing to look for."""
NOTING = "NOTE_CRASH_POINTS"
"""Where this is set a worker says which points it passes."""


@dataclass(frozen=True, slots=True)
class Lives:
    """Starts a worker as a scheduler would, again and again with the same words."""

    workers: Forks
    url: str

    def die(self, scenario: str, point: str) -> None:
        """A life that must end by a kill at ``point``, or ``point:N``."""
        assert not self.ends_by_itself(scenario, point), f"{point} was not reached"

    def finish(self, scenario: str) -> None:
        """A life that nobody ends."""
        assert self._live(scenario, {}).status == 0

    def ends_by_itself(self, scenario: str, point: str) -> bool:
        """Whether a life ends well before it comes to the point; ending any other way is an error."""
        return self._live(scenario, {VARIABLE: point}).status == 0

    def passed(self, scenario: str) -> frozenset[CrashPoint]:
        """Every point that a life passes which nobody ends."""
        said = self._live(scenario, {NOTING: "yes"}).out
        return frozenset(CrashPoint(name) for name in said.split())

    def _live(self, scenario: str, asked: dict[str, str]) -> Ended:
        in_force = variables(self.url, NO_HOME) | SCENARIOS[scenario].settings | asked
        ended = self.workers.run(scenario, self.url, environment=in_force)
        assert ended.status in (0, -signal.SIGKILL), ended.err
        return ended


@dataclass(frozen=True, slots=True)
class Record:
    """What the exchange has on record.

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
    """What comes of a scenario in which nobody kills the worker, and the points that it passes."""

    record: Record
    passed: frozenset[CrashPoint]


def recorded(url: str) -> Record:
    """The exchange's record; the books must be sound, and nothing that was planned be left over."""
    with open_ledger(url) as ledger:
        require_sound_books(ledger)
        left = "SELECT * FROM orders WHERE closed_at IS NULL"
        assert rows(ledger, left) == []
        received = rows(ledger, "SELECT client_order_id FROM exchange.orders")
        fills = rows(ledger, "SELECT * FROM exchange.fills")
    filled, bought, sold = Counter[str](), Counter[str](), Counter[str]()
    for fill in fills:
        filled[fill["client_order_id"]] += fill["quantity"]
        (bought if fill["side"] == "buy" else sold)[fill["symbol"]] += fill["quantity"]
    return Record(
        tuple(sorted(row["client_order_id"] for row in received)),
        dict(filled),
        {symbol: (bought[symbol], sold[symbol]) for symbol in bought | sold},
    )
