"""Write the session's report, and hang where it is on the run."""

import logging

from orderworks.blotter.reports import address_of
from orderworks.desk.desk import Desk
from orderworks.market.data import MarketData
from orderworks.report.writing import WrittenReport, report_path, write_report
from orderworks.settings import home_directory
from tasks.showing import show_markdown
from tasks.step import step

log = logging.getLogger("orderworks.tasks.write_report")


@step("write report")
async def write_report_of_session(desk: Desk) -> WrittenReport:
    """One HTML file in the reports folder, which the artifact links to where the blotter serves it.

    A browser does not follow a link from a server's page to a file: without a blotter, the file's
    address is there to be copied.
    """
    account, session = desk.account, desk.session.date

    def market_of(_: object) -> MarketData:
        return desk.market

    written = write_report(
        desk.ledger,
        account,
        session,
        session,
        market_of,
        desk.clock.now(),
        report_path(home_directory(), account, session, session),
    )
    log.info("report: %s", written.path)
    blotter = desk.settings.blotter
    address = address_of(blotter.host, blotter.port, written.path.name)
    link = f"[Open the report]({address}) (while `orderworks blotter` runs)\n\n" if address else ""
    description = f"Report of account {account} on {session}"
    await show_markdown(
        f"**{written.verdict}** {written.attention}\n\n{link}"
        f"The report is a file on the machine that ran this: `{written.path}`\n\n"
        f"Without the blotter, copy this into the browser's address bar there: `{written.path.as_uri()}`",
        f"quality-report {account} {session}",
        description,
    )
    return written
