"""Reconcile the books with the broker, between runs."""

from prefect import flow
from prefect.client.schemas import State

from flows.due import in_its_time
from flows.framing import framed
from flows.parameters import Broker, Market, Session
from orderworks.model.errors import BooksDiffer
from tasks.measure_quality import emit_alerts
from tasks.reconcile_books import reconcile_books
from tasks.take_account import take_account


@flow(name="reconcile", flow_run_name="reconcile {session}", persist_result=False)
@in_its_time(sends=False)
async def reconcile_account(
    session: Session = None, market: Market = None, broker: Broker = None
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
            emit_alerts(desk)
            frame.message = str(result)
            if not result.is_clean:
                raise BooksDiffer(
                    f"{result}: 'orderworks breaks' lists what the broker has otherwise"
                )
    return frame.state
