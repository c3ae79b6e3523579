"""Cancel everything that rests at the broker or waits to be sent."""

import logging

from orderworks.desk import ending
from orderworks.desk.desk import Desk
from tasks.step import step

log = logging.getLogger("orderworks.tasks.cancel_resting")


@step("cancel resting orders")
async def cancel_resting(desk: Desk, reason: str) -> int:
    """Cancels and confirms; returns how many orders ended."""
    ended = await ending.cancel_everything(desk, reason)
    log.info("%d orders cancelled: %s", ended, reason)
    return ended
