"""Take over the account, waiting for whoever works it to be done."""

from orderworks.desk.desk import Desk
from tasks.step import step


@step("take account")
async def take_account(desk: Desk) -> None:
    """Returns with the account's lease held.

    Raises:
        LeaseLost: if another worker keeps it for longer than two leases last.
    """
    await desk.wait_for_account(2 * desk.settings.lease.ttl_seconds)
