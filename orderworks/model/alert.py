"""The kinds of alerts: how severe each is, what its payload holds, and what a person should do.

This table is the whole of it: the notifications, the events and ``docs/alerts.md`` are made from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Severity(StrEnum):
    """How much an alert matters: to know of, to look at today, to act on now."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class AlertKind:
    """A kind of alert. ``payload`` names the fields that alerts of it carry, and what each is."""

    name: str
    severity: Severity
    when: str
    action: str
    payload: Mapping[str, str] = field(default_factory=dict)
    by_server: bool = False
    """Told by the Prefect server itself, as no process of ours could: no row in the ledger."""


_ORDER = {
    "strategy": "of the order",
    "symbol": "of the order",
    "side": "buy or sell",
    "quantity": "ordered, in shares",
}
_FILLED = {"filled_quantity": "so far, in shares", "average_price": "paid, money a share"}
_RUN = {
    "flow_run_id": "of the Prefect server",
    "flow": "the flow's name",
    "reason": "why",
    "state": "Failed or Crashed",
    "state_id": "of the Prefect server",
}

_TABLE = (
    # What orders cost and how long they took
    AlertKind(
        "slippage_breach",
        Severity.WARNING,
        "an order's fills cost more over the mid at its release than `quality.alert_slippage_bps`, or what "
        "`quality.thresholds` says for its symbol or route; looked at after every wave",
        "Look at the order's route and at its market ('orderworks quality'); if more of the kind is "
        "planned, stop it or trade it slower.",
        {
            **_ORDER,
            **_FILLED,
            "arrival_price": "the mid at release, money a share",
            "slippage_arrival_bps": "of the average fill, basis points, positive is cost",
            "threshold": "basis points",
        },
    ),
    AlertKind(
        "slippage_outlier",
        Severity.WARNING,
        "an order's fills cost more over the mid at its release than is ordinary for its route: more than "
        "`quality.outliers.deviations` median absolute deviations above the median of the route's last "
        "`quality.outliers.days` days; looked at after every wave",
        "Look at what was different: the hour, the size, the spread ('orderworks quality --by route_rule "
        "--by hour').",
        {
            **_ORDER,
            **_FILLED,
            "arrival_price": "the mid at release, money a share",
            "slippage_arrival_bps": "of the average fill, basis points, positive is cost",
            "route_rule": "the route",
            "median_bps": "of the route's orders",
            "deviation_bps": "the median of how far they are from it",
            "history_orders": "how many there were",
            "threshold": "basis points",
        },
    ),
    AlertKind(
        "day_slippage_breach",
        Severity.WARNING,
        "the session as a whole cost more than `quality.alert_slippage_bps`, weighted by notional",
        "Compare the routes of the day in 'orderworks quality' and the end of day's chart.",
        {
            "session": "the trading day",
            "slippage_arrival_bps": "of the day, basis points, positive is cost",
            "threshold": "basis points",
        },
    ),
    AlertKind(
        "latency_breach",
        Severity.WARNING,
        "an order was acknowledged later than `quality.alert_latency_ms` after its release, or what "
        "`quality.thresholds` says for its symbol or route; looked at after every wave",
        "See whether the broker's line or this machine is slow before more is sent.",
        {
            **_ORDER,
            "latency_ack_ms": "from release to acknowledgement",
            "threshold": "milliseconds",
        },
    ),
    AlertKind(
        "limit_breach",
        Severity.CRITICAL,
        "a fill is worse than the limit that its order had then; looked at after every wave",
        "Ask the broker to explain or bust the execution.",
        {
            **_ORDER,
            **_FILLED,
            "limit_price": "on average, money a share",
            "slippage_limit_worst_bps": "of the worst fill, basis points beyond the limit",
            "threshold": "basis points: 0",
        },
    ),
    AlertKind(
        "order_efficiency_breach",
        Severity.WARNING,
        "an account sent more orders, changes and cancels for each that traded than "
        "`quality.alert_order_efficiency`; once a session",
        "Cancel and revise less: slower repricing, fewer slices. Above 20 Interactive Brokers objects.",
        {
            "session": "the trading day",
            "order_efficiency_ratio": "of the day so far",
            "submissions": "orders sent",
            "revisions": "changes sent",
            "cancellations": "cancels",
            "executed_orders": "orders that traded",
            "threshold": "of the ratio",
        },
    ),
    AlertKind(
        "quality_outdated",
        Severity.WARNING,
        "a fill, a correction or a bust came after its session's cost was measured, and the session cannot "
        "be measured again; looked for at the end of every day",
        "Run 'orderworks run end-of-day --session DATE --market DIR' with a record of that day's market.",
        {"session": "the day that changed", "reason": "why it was not measured again"},
    ),
    AlertKind(
        "fallback",
        Severity.CRITICAL,
        "a run went to the paper stub, as the gateway could not be reached at its start",
        "Nothing was traded at the broker: start the gateway, and give the run another run key.",
        {"run_key": "of the run", "instead_of": "the account that was meant"},
    ),
    # What the broker said
    AlertKind(
        "order_rejected",
        Severity.WARNING,
        "orders of a run were rejected; those with one reason are one alert, told when first seen",
        "Read the reason; correct the signals or the limits. Nothing is sent again by itself.",
        {
            "run_key": "of the run",
            "reason": "of the first of them",
            "orders": "how many there were when it was told",
            "examples": "up to five of them",
        },
    ),
    AlertKind(
        "late_fill",
        Severity.WARNING,
        "an execution came for an order that had ended; it is booked",
        "See that the position is as you want it.",
    ),
    AlertKind(
        "overfill",
        Severity.CRITICAL,
        "an execution is more than what was left of its order; it is not booked",
        "Compare with the broker, then 'orderworks resolve' the break that follows.",
    ),
    AlertKind(
        "correction",
        Severity.WARNING,
        "the broker corrected an execution; the books follow",
        "See that position and cost are as you want them.",
    ),
    AlertKind(
        "bust",
        Severity.CRITICAL,
        "the broker cancelled an execution; the books follow",
        "The position is not what it was: trade it again if it is still wanted.",
    ),
    AlertKind(
        "order_held",
        Severity.CRITICAL,
        "an order's fate is in doubt and evidence cannot settle it; nothing is done with it",
        "Look at the broker, then 'orderworks adopt' or 'orderworks abandon' the order.",
    ),
    AlertKind(
        "resurfaced",
        Severity.WARNING,
        "the broker has an order that was taken for unsent; it is adopted",
        "Nothing, unless it happens often: then the broker's line loses messages.",
    ),
    AlertKind(
        "unknown_order",
        Severity.CRITICAL,
        "the broker reports an order in our name that the ledger does not have",
        "See who else trades this account; a database that was restored from a backup shows so, too.",
    ),
    AlertKind(
        "refused_event",
        Severity.WARNING,
        "the broker reported something that an order's state does not permit; it is not booked",
        "Compare the order with the broker's record.",
    ),
    # The books and the run
    AlertKind(
        "reconciliation_break",
        Severity.CRITICAL,
        "the books and the broker differ, and no evidence explains it; what it concerns is locked",
        "'orderworks breaks' shows it; find the cause, then 'orderworks resolve' it.",
        {
            "kind": "of the difference",
            "subject": "the symbol, order or account in which they differ",
            "ours": "what the ledger has",
            "theirs": "what the broker has",
        },
    ),
    AlertKind(
        "kill_switch",
        Severity.CRITICAL,
        "the kill switch was thrown: nothing is sent any more",
        "'orderworks resume' once the reason is gone.",
        {"reason": "as given", "flatten": "whether positions are closed, too"},
    ),
    AlertKind(
        "run_failed",
        Severity.CRITICAL,
        "a run failed or crashed",
        "Read why, then Retry: it is safe. Orders that rest are at the broker still; 'orderworks run "
        "recover' goes on with what was planned.",
        _RUN,
    ),
    AlertKind(
        "books_differ",
        Severity.INFO,
        "a reconciliation ended as failed because breaks are left; each break was told by itself",
        "See reconciliation_break.",
        _RUN,
    ),
    AlertKind(
        "run_late",
        Severity.CRITICAL,
        "a run began when no time was left to trade: nothing was sent; or, told by the Prefect server, "
        "a scheduled run has not begun in time",
        "See that a worker runs; trade by hand what must be traded today.",
        {"run_key": "of the run", "session": "the trading day"},
    ),
    AlertKind(
        "worker_gone",
        Severity.CRITICAL,
        "no worker has been heard of for a while: scheduled runs do not begin",
        "Start a worker ('orderworks up').",
        by_server=True,
    ),
    AlertKind(
        "run_lost",
        Severity.CRITICAL,
        "a run shows no sign of life, or ended badly and its process could not tell so",
        "Retry it, or leave it to the scheduled recovery; both are safe.",
        by_server=True,
    ),
)

KINDS: Mapping[str, AlertKind] = MappingProxyType({kind.name: kind for kind in _TABLE})


def severity_of(kind: str) -> Severity:
    """How severe alerts of a kind are. One that is not in the table is never lost: a warning."""
    return KINDS[kind].severity if kind in KINDS else Severity.WARNING
