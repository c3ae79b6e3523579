"""Show the day's cost as a picture."""

import base64
import logging

from prefect.artifacts import acreate_markdown_artifact

from orderworks.desk.desk import Desk
from orderworks.quality.chart import slippage_chart
from orderworks.quality.report import SessionQuality
from orderworks.settings import home_directory
from tasks.step import step

log = logging.getLogger("orderworks.tasks.show_quality")


@step("show quality")
async def show_quality(desk: Desk, quality: SessionQuality) -> None:
    """Draws the chart into the reports folder and hangs it on the run."""
    session = desk.session.date
    path = home_directory() / "reports" / f"quality-{desk.account}-{session}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    slippage_chart(
        quality.per_order, path, desk.account, session, desk.settings.quality.alert_slippage_bps
    )
    picture = base64.b64encode(path.read_bytes()).decode()
    await acreate_markdown_artifact(
        f"![cost of {session}](data:image/png;base64,{picture})",
        key=f"quality-chart-{desk.account.lower()}-{session}",
        description=f"Slippage and shortfall of account {desk.account} on {session}",
    )
    log.info("chart: %s", path)
