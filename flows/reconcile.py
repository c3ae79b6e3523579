"""Reconcile the books with the broker, between runs."""

from datetime import date

from prefect import flow
from prefect.client.schemas import State

from flows.failing import tell_failure
from flows.framing import framed
from orderworks.model.errors import BooksDiffer
from tasks.reconcile_books import reconcile_books
from tasks.take_account import take_account
from tasks.tell_alerts import tell_alerts


@flow(
    name="reconcile",
    flow_run_name="reconcile {session}",
    persist_result=False,
    on_failure=[tell_failure],
    on_crashed=[tell_failure],
)
async def reconcile_account(
    session: date | None = None, market: str | None = None, broker: str | None = None
) -> State:
    """Books what happened to orders that rest, and reports what differs.

    Args:
        session: the trading day; that of the latest replay, or today in New York, if not given.
        market: a directory of recorded quotes to replay; that of the latest run if not given.
        broker: simulated, ibkr or paper_stub; as set if not given.
    """
    async with framed("reconcile", session, None, market, broker, plans=False) as frame:
        if frame.desk is not None:
            desk, run = frame.entered
            await take_account(desk)
            result = await reconcile_books(desk, run)
            await tell_alerts(desk)
            frame.message = str(result)
            if not result.is_clean:
                raise BooksDiffer(
                    f"{result}: 'orderworks breaks' lists what the broker has otherwise"
                )
    return frame.state
