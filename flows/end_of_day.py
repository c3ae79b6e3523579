"""The end of the day: nothing rests, the books are reconciled, the cost is known."""

from prefect.client.schemas import State

from flows.declaring import declared
from flows.framing import framed
from flows.parameters import Broker, Market, Session
from orderworks.model.counted import counted
from tasks.close_session import close_session
from tasks.measure_quality import measure_quality
from tasks.reconcile_books import reconcile_books
from tasks.show_quality import show_quality
from tasks.take_account import take_account
from tasks.write_report import write_report_of_session


@declared("end-of-day", sends=False)
async def end_of_day(
    session: Session = None, market: Market = None, broker: Broker = None
) -> State:
    """Ends a session: resting orders end, fills are booked, quality is measured, shown and reported.

    Args:
        session: the trading day; that of the latest replay, or today in New York, if not given.
        market: a directory of recorded quotes to replay; that of the latest run if not given.
        broker: simulated, ibkr or paper_stub; as set if not given.
    """
    async with framed("end-of-day", session, None, market, broker, plans=False) as frame:
        if frame.desk is not None:
            desk, run = frame.entered
            await take_account(desk)
            ended = await close_session(desk)
            reconciled = await reconcile_books(desk, run)
            quality = await measure_quality(desk, run)
            await show_quality(desk, quality)
            await write_report_of_session(desk)
            frame.message = f"{counted(ended, 'resting order')} ended; {reconciled}; {quality}"
    return frame.state
