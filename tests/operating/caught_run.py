"""A run caught in the middle of its slices, at a gateway whose record is the judge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway_process import Process, tell
from judging import GATEWAY, LIVE, require_sound_books, rows
from operating_house import Server, outcome, told, wait_until
from synthetic_day import SESSION, in_session

from orderworks.ledger.connection import Ledger

FAST, SLOW = 10, 4
"""How many times as fast as it was the market of a gateway goes: a wave takes 3 seconds, or 8."""

PLANNED = "SELECT 1 FROM orders WHERE state = 'NEW'"
A_LATER_SLICE = "SELECT 1 FROM orders WHERE slice_index > 0 AND state = ANY(%s)"
DONE = "SELECT 1 FROM runs WHERE kind = 'daily' AND state = 'DONE'"
WAITING = (
    "SELECT 1 FROM orders WHERE state IN ('NEW', 'PENDING', 'UNKNOWN') AND attached_to IS NULL"
)
RECEIVED = "SELECT document -> 'fields' ->> 'orderRef' AS name FROM gateway.orders"


@dataclass(frozen=True, slots=True)
class CaughtRun:
    """A daily run that trades while its test does something to it.

    Attributes:
        id: of the flow run.
        ledger: its own, and where the gateway keeps its record.
        gateway: its own.
        variables: of a run that trades there.
        in_force: what else a command needs.
    """

    id: str
    server: Server
    ledger: Ledger
    gateway: Process
    variables: Mapping[str, str]
    in_force: Mapping[str, str]

    def require_in_the_middle(self) -> None:
        """Waits for it to be there: its market goes slowly where a busy machine might miss it."""
        self._wait_for(PLANNED)
        tell(self.gateway, f"speed {SLOW}")
        self._wait_for(A_LATER_SLICE, list(LIVE))
        tell(self.gateway, f"speed {FAST}")
        assert self.flow_run["state"]["type"] == "RUNNING"
        assert not self.is_done

    def _wait_for(self, found: str, *parameters: object) -> None:
        wait_until(
            lambda: rows(self.ledger, found, *parameters) != [], lambda: outcome(self.flow_run)
        )

    @property
    def flow_run(self) -> Any:
        """As the server has it."""
        return self.server.flow_run(self.id)

    @property
    def is_done(self) -> bool:
        """Whether the ledger has it as done."""
        return rows(self.ledger, DONE) != []

    @property
    def received(self) -> set[str]:
        """What the broker has ever received, by its own record."""
        return {row["name"] for row in rows(self.ledger, RECEIVED)}

    def require_finished_once(self) -> None:
        """Its orders have been worked to their end, and each has reached the broker once."""
        assert self.is_done
        self.require_sound()
        assert rows(self.ledger, WAITING) == []

    def require_sound(self) -> None:
        """Each order once, and equal books, once the market stands and what rested is booked."""
        tell(self.gateway, "speed 0")
        told(*in_session("reconcile"), variables={**self.in_force, **self.variables})
        require_sound_books(self.ledger, GATEWAY)


def start(
    server: Server,
    ledger: Ledger,
    gateway: tuple[Process, dict[str, str]],
    in_force: Mapping[str, str],
    signals: str,
) -> CaughtRun:
    """A daily run that has come to the middle of its slices."""
    process, variables = gateway
    asked = server.run("daily-SIM1", variables, session=str(SESSION), signals=signals)
    caught = CaughtRun(asked, server, ledger, process, variables, in_force)
    caught.require_in_the_middle()
    return caught
