"""After each wave it is told if the account sends too much for what trades."""

from datetime import timedelta

from orderworks.desk.desk import Desk
from orderworks.desk.waves import Wave
from orderworks.settings import load_settings
from tasks.work_wave import work_wave


async def test_a_wave_that_sends_too_much_is_told(desk: Desk) -> None:
    desk.settings = load_settings(quality={"alert_order_efficiency": 0.1})
    now = desk.clock.now()
    for _ in range(2):
        await work_wave.fn(desk, Wave(0, now, now + timedelta(seconds=1)))
    told = "SELECT 1 FROM alerts WHERE kind = 'order_efficiency_breach'"
    assert len(desk.ledger.execute(told).fetchall()) == 1
