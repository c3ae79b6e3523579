"""Reconcile the books with the broker."""

import logging

from orderworks.desk.desk import Desk
from orderworks.desk.reconciliation import Reconciled, reconcile
from orderworks.ledger.listings import breaks
from orderworks.ledger.runs import Run
from tasks.showing import show_listing
from tasks.step import step

log = logging.getLogger("orderworks.tasks.reconcile_books")


@step("reconcile books")
async def reconcile_books(desk: Desk, run: Run | None) -> Reconciled:
    """Brings the ledger to what a complete snapshot proves, and records what still differs."""
    result = await reconcile(desk, run)
    log.info("reconciled: %s", result)
    await show_listing(
        breaks(desk.ledger, desk.account),
        f"breaks {desk.account} {desk.session.date}",
        f"What differs between the books of account {desk.account} and the broker: {result}",
    )
    return result
