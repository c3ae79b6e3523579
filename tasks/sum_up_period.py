"""Sum up the execution quality of a week or a month."""

import logging

from orderworks.ledger.connection import database_url, open_ledger
from orderworks.model.listing import Listing
from orderworks.quality.periods import Period, load_period, store_period
from orderworks.quality.telling import told
from orderworks.settings import home_directory
from tasks.showing import show_listing
from tasks.step import step

log = logging.getLogger("orderworks.tasks.sum_up_period")


@step("sum up period")
async def sum_up_period(account: str, period: Period) -> str:
    """Keeps what the account's sessions of a period cost, and shows it; returns it in a sentence."""
    with open_ledger(database_url(home_directory())) as ledger:
        store_period(ledger, account, period)
        rows = load_period(ledger, account, period)
    await show_listing(
        Listing(tuple(map(str, rows.columns)), list(rows.itertuples(index=False, name=None))),
        f"quality {account} {period.kind} {period.starts}",
        f"What trading cost account {account} in the {period}, weighted by notional",
    )
    whole = rows[rows["dimension"] == "all"].to_dict("records")
    sentence = f"{period}: {told(whole[0]) if whole else 'nothing was measured in it'}"
    log.info("summed up: %s", sentence)
    return sentence
