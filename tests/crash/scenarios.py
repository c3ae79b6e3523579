"""What is traded while the worker is killed: signals as data, on the market of ``synthetic_day``.

Sizes are such that everything fills although the market has moved on by the seconds that a restart
takes: so a kill may change when shares are traded, and never how many.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any

from synthetic_day import SESSION, SLICES, signal

from orderworks.brokers.simulated.faults import Fault, Scripted
from orderworks.brokers.simulated.messages import Message

DAILY, LATER = time(14, 35), time(14, 50)
"""When runs begin, UTC."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """A run: its kind, when it begins (UTC, on ``SESSION``), and the signals that it trades."""

    kind: str
    begins: time
    signals: tuple[Mapping[str, Any], ...]

    @property
    def run_key(self) -> str:
        return f"{self.kind}:{SESSION}T{self.begins:%H:%M}"

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(SESSION, self.begins, UTC)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Runs of one account in their order, then the end of the day.

    Attributes:
        trades: by symbol, the shares that are bought and sold in all.
        settings: what differs from the tests' own.
        flattened_at: when (UTC) the kill switch is thrown: what is left of the runs is given up, and
            what is held is closed.
        lost: what befalls the messages of each worker on their way to the exchange and back.
        batch: how many orders are permitted together, where that is not all that are due.
    """

    runs: tuple[Occasion, ...]
    trades: Mapping[str, tuple[int, int]]
    settings: Mapping[str, str] = field(default_factory=dict)
    flattened_at: time | None = None
    lost: tuple[Scripted, ...] = ()
    batch: int | None = None


def daily(*signals: Mapping[str, Any]) -> Occasion:
    return Occasion("daily", DAILY, signals)


UNPROTECTED = {"ORDERWORKS_EXECUTION__PROTECT_ENTRIES": "false"}
EARLY_SWEEP = {"ORDERWORKS_EXECUTION__SWEEP_SECONDS": "30"}
PASSIVE = {
    "ORDERWORKS_ROUTER__SLICE_STYLE": "passive",
    "ORDERWORKS_EXECUTION__REMAINDER": "reprice",
}
NO_WAITING = {"ORDERWORKS_BROKER__IBKR__ANSWER_SECONDS": "0.2"}
"""For answers that do not come."""
SLICED = {"algo": "twap", "slices": SLICES}
OUT_OF_REACH = 38.5
"""A limit for RUSH that its market never comes to."""

SCENARIOS: Mapping[str, Scenario] = {
    "simple order": Scenario(
        (
            daily(
                signal("ACME", quantity=300, strength=0.95),
                signal("RUSH", quantity=500, limit_price=40.5),
            ),
        ),
        {"ACME": (300, 0), "RUSH": (500, 0)},
        UNPROTECTED,
    ),
    # Each is permitted while the one before it is on its way.
    "batches": Scenario(
        (
            daily(
                signal("ACME", quantity=300, strength=0.95),
                signal("ACME", strategy="reversion", quantity=100, strength=0.95),
                signal("RUSH", quantity=500, limit_price=40.5),
                signal("RUSH", strategy="reversion", quantity=200, limit_price=40.5),
            ),
        ),
        {"ACME": (400, 0), "RUSH": (700, 0)},
        UNPROTECTED,
        batch=1,
    ),
    # The thin one leaves something to sweep.
    "TWAP": Scenario(
        (daily(signal("SLIM", quantity=198, **SLICED), signal("ACME", quantity=900, **SLICED)),),
        {"SLIM": (198, 0), "ACME": (900, 0)},
        UNPROTECTED | EARLY_SWEEP,
    ),
    # A part is sold again, for which the exits make room; the rest takes its profit.
    "bracket": Scenario(
        (
            daily(
                signal(
                    "ACME",
                    quantity=500,
                    strength=0.95,
                    stop_loss_price=98.0,
                    take_profit_price=99.9,
                )
            ),
            Occasion("intraday", LATER, (signal("ACME", quantity=200, strength=0.95),)),
        ),
        {"ACME": (500, 500)},
    ),
    # One crosses late, one follows the near touch, and one is sent and cancelled slice by slice.
    "cancel and replace": Scenario(
        (
            daily(
                signal("SLIM", quantity=36, **SLICED),
                signal("THIN", quantity=60),
                signal("RUSH", quantity=600, limit_price=OUT_OF_REACH, **SLICED),
            ),
        ),
        {"SLIM": (36, 0), "THIN": (60, 0)},
        UNPROTECTED | EARLY_SWEEP | PASSIVE,
    ),
    # The switch is thrown after the first of three slices, while an order and an exit rest.
    "flatten": Scenario(
        (
            daily(
                signal("ACME", quantity=900, **SLICED),
                signal("RUSH", quantity=600, limit_price=OUT_OF_REACH),
            ),
        ),
        {"ACME": (300, 300)},
        flattened_at=time(14, 36),
    ),
    # A new life begins with a message that arrives: what is lost three times is left to a person.
    "lost messages": Scenario(
        (daily(signal("ACME", quantity=900, **SLICED)),),
        {"ACME": (900, 0)},
        UNPROTECTED | NO_WAITING,
        lost=(
            Scripted(Message.SUBMIT, 1, Fault.DROP_ANSWER),
            Scripted(Message.SUBMIT, 2, Fault.DROP_REQUEST),
        ),
    ),
}
