"""Measure what the session's executions cost."""

import logging

from orderworks.desk.desk import Desk
from orderworks.ledger.runs import Run
from orderworks.model.listing import Listing
from orderworks.quality.correcting import measure_changed, measure_current
from orderworks.quality.report import SessionQuality
from tasks.handing_on import hand_on
from tasks.showing import show_listing
from tasks.step import step
from tasks.tell_alerts import tell_alerts

log = logging.getLogger("orderworks.tasks.measure_quality")


@step("measure quality")
async def measure_quality(desk: Desk, run: Run) -> SessionQuality:
    """Per order and per day, with an alert for each threshold that was breached."""
    quality = measure_current(
        desk.ledger,
        desk.account,
        desk.session.date,
        desk.session.close,
        desk.market,
        desk.settings.quality,
        desk.clock.now(),
    )
    corrected = measure_changed(
        desk.ledger,
        desk.account,
        desk.session.date,
        desk.market,
        desk.settings.quality,
        desk.clock.now(),
    )
    log.info("earlier sessions: %s", corrected)
    await hand_on(desk, run, "quality", quality.per_order)
    daily = quality.daily
    await show_listing(
        Listing(tuple(map(str, daily.columns)), list(daily.itertuples(index=False, name=None))),
        f"quality {desk.account} {desk.session.date}",
        f"What trading cost account {desk.account} on {desk.session.date}, weighted by notional",
    )
    await tell_alerts(desk)
    log.info("measured: %s", quality)
    return quality
