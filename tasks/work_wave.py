"""Work one wave: the unit of retry."""

import logging

from orderworks.desk import waves
from orderworks.desk.desk import Desk
from orderworks.quality.efficiency import watch_efficiency
from tasks.step import step
from tasks.tell_alerts import tell_of_wave

log = logging.getLogger("orderworks.tasks.work_wave")


@step("work wave")
async def work_wave(desk: Desk, wave: waves.Wave) -> waves.WaveResult:
    """Settles the last wave's leftovers, sends what is due, books fills until the next is.

    Afterwards its fills are published, and it is told if the account sends too much for what trades.
    """
    result = await waves.work_wave(desk, wave)
    watch_efficiency(
        desk.ledger,
        desk.account,
        desk.session.date,
        desk.settings.quality.alert_order_efficiency,
        desk.clock.now(),
    )
    await tell_of_wave(desk)
    await desk.publish_fills()
    log.info("wave %d at %s UTC: %s", wave.number + 1, f"{wave.due_at:%H:%M:%S}", result)
    return result
