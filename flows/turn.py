"""A run's turn among the runs of its deployment, which the Prefect server lends it and may fail to renew.

Prefect ends a run at once whose turn cannot be renewed, in the middle of a wave. Here the ledger's lease sees
to it that an account is worked by one; a turn only keeps the machine quiet, so its loss is told and borne.
"""

from contextlib import AbstractAsyncContextManager
from uuid import UUID

from prefect import flow_engine
from prefect.concurrency._leases import amaintain_concurrency_lease


def keeps_turn(
    lease_id: UUID, lease_duration: float, **_: bool
) -> AbstractAsyncContextManager[None]:
    """Renews a turn while the context lasts; where that fails, the log says so and the run goes on."""
    return amaintain_concurrency_lease(lease_id, lease_duration, False)


def outlive_turns() -> None:
    """Lets the runs of this process go on without a turn."""
    vars(flow_engine)["amaintain_concurrency_lease"] = keeps_turn
