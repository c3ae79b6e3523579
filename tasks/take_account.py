"""Take over the account: from whoever works it, once that is done, or at once."""

from orderworks.desk.desk import Desk
from tasks.step import step


@step("stop the worker")
async def stop_worker(desk: Desk) -> None:
    """Returns with the account's lease held; whoever had it can send and book nothing more."""
    await desk.take_over(preempts=True)


@step("take account")
async def take_account(desk: Desk) -> None:
    """Returns with the account's lease held.

    Raises:
        LeaseLost: if another worker keeps it for longer than two leases last.
    """
    await desk.wait_for_account(2 * desk.settings.lease.ttl_seconds)
