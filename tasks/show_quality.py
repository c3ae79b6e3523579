"""Show the day in two pictures: what it cost, and how what was done followed what was planned."""

import logging

from orderworks.desk.desk import Desk
from orderworks.ledger.schedules import filled_steps, planned_steps
from orderworks.quality.chart import slippage_chart
from orderworks.quality.report import SessionQuality
from orderworks.quality.schedule_chart import schedule_chart
from orderworks.settings import home_directory
from tasks.showing import show_picture
from tasks.step import step

log = logging.getLogger("orderworks.tasks.show_quality")


@step("show quality")
async def show_quality(desk: Desk, quality: SessionQuality) -> None:
    """Draws the pictures into the reports folder and hangs them on the run."""
    account, session = desk.account, desk.session.date
    folder = home_directory() / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    cost, schedule = (
        folder / f"{name}-{account}-{session}.png" for name in ("quality", "schedule")
    )
    threshold = desk.settings.quality.alert_slippage_bps
    slippage_chart(quality.per_order, cost, account, session, threshold)
    planned = planned_steps(desk.ledger, account, session)
    schedule_chart(planned, filled_steps(desk.ledger, account, session), schedule, account, session)
    for path, kind, said in (
        (cost, "quality-chart", f"Slippage and shortfall of account {account} on {session}"),
        (schedule, "schedule-chart", f"Planned and done of account {account} on {session}"),
    ):
        await show_picture(path, f"{kind} {account} {session}", said)
        log.info("chart: %s", path)
