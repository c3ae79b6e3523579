"""End the session's orders."""

import logging

from orderworks.desk import ending
from orderworks.desk.desk import Desk
from tasks.step import step

log = logging.getLogger("orderworks.tasks.close_session")


@step("close session")
async def close_session(desk: Desk) -> int:
    """Books everything up to the close and ends what rests, but for what rests overnight."""
    ended = await ending.close_session(desk)
    log.info("session %s closed, %d resting orders ended", desk.session.date, ended)
    return ended
