"""What the health of an installation is judged by: how each account stands, and its last runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands; ``mode`` and ``provider`` are None until it is first opened."""

    account: str
    mode: str | None
    provider: str | None
    killed: bool
    kill_reason: str | None
    lease_holder: str | None
    lease_expires_at: datetime | None
    open_orders: int
    at_broker: int
    unknown: int
    held: int
    open_breaks: int
    alerts: int
    untold_alerts: int
    untold_since: datetime | None


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run of a kind of an account."""

    account: str
    kind: str
    run_key: str
    session: date
    state: str
    message: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Books:
    """What the ledger said at one moment, ``at`` by its own clock."""

    at: datetime
    schema: str
    accounts: Sequence[Standing]
    last_runs: Sequence[LastRun]
