"""Reconcile the books with the broker."""

import logging

from orderworks.desk.desk import Desk
from orderworks.desk.reconciliation import Reconciled, reconcile
from orderworks.ledger.runs import Run
from tasks.step import step

log = logging.getLogger("orderworks.tasks.reconcile_books")


@step("reconcile books")
async def reconcile_books(desk: Desk, run: Run | None) -> Reconciled:
    """Brings the ledger to what a complete snapshot proves, and records what still differs."""
    result = await reconcile(desk, run)
    log.info("reconciled: %s", result)
    return result
