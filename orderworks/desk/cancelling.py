"""Confirming that a cancelled run has ended: its orders, but for the exits of what it holds.

Whoever holds the account ends them, at the beginning of each wave; where nobody does, whoever asks.
"""

import asyncio
from datetime import timedelta
from time import monotonic

from orderworks.desk.desk import POLL_SECONDS, Desk
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.summary import summary_of
from orderworks.desk.waves import Wave, work_wave
from orderworks.ledger.leases import lease_holder
from orderworks.ledger.runs import Run
from orderworks.ledger.stopped_runs import cancelled_with_work

A_MOMENT = timedelta(seconds=1)
"""For which the broker is listened to before what it did not confirm is cancelled again."""


async def confirm_cancelled(desk: Desk, run: Run, patience_seconds: float) -> str:
    """Sees to it that the orders of a cancelled run end; what became of them, in a sentence.

    Where another worker holds the account, it ends them in its next wave; that is waited for.
    """
    give_up = monotonic() + patience_seconds
    while True:
        if await desk.take_over():
            await reconcile(desk, run)
            now = desk.clock.now()
            await work_wave(desk, Wave(0, now, now + A_MOMENT))
        if run.run_id not in cancelled_with_work(desk.ledger, desk.account):
            return _told(desk, run)
        if monotonic() >= give_up:
            return f"{_told(desk, run)}; {_who_is_left(desk)}"
        await asyncio.sleep(POLL_SECONDS)


def _who_is_left(desk: Desk) -> str:
    if desk.lease is not None:
        return "the broker has not confirmed all cancels; 'orderworks run reconcile' looks again"
    holder = lease_holder(desk.ledger, desk.account)
    return f"what rests is cancelled by {holder or 'another worker'}, who works the account, in its next wave"


def _told(desk: Desk, run: Run) -> str:
    became = summary_of(desk, run) if run.is_planned else "nothing had been planned"
    return f"cancelled: {run.message}; {became}"
