"""An intraday run: signals that came during the session, traded from now on."""

from pathlib import Path

from prefect import flow
from prefect.client.schemas import State

from flows.daily import trade
from flows.due import in_its_time
from flows.framing import framed
from flows.parameters import Broker, Market, RunKey, Session, Signals
from orderworks.handoffs.signals_file import read_signals
from orderworks.market.calendar import NEW_YORK
from tasks.pull_signals import pull_signals


@flow(name="intraday-execution", flow_run_name="intraday {session}", persist_result=False)
@in_its_time(sends=True)
async def intraday_execution(
    signals: Signals = None,
    session: Session = None,
    market: Market = None,
    run_key: RunKey = None,
    broker: Broker = None,
) -> State:
    """Trades signals as they are, without waiting for the time after the open.

    Args:
        session: the trading day; today in New York if not given.
        signals: the signals file, CSV or Parquet.
        market: a directory of recorded quotes to replay.
        run_key: the run's name; `intraday:SESSIONTHH:MM` of the newest signal's New York time if
            not given. The same name never trades twice.
        broker: simulated, ibkr or paper_stub; as set if not given.
    """
    file = read_signals(Path(signals)) if signals else None
    moment = ""
    if file is not None and "ts" in file.frame and file.frame["ts"].notna().any():
        moment = f"T{file.frame['ts'].max().tz_convert(NEW_YORK):%H:%M}"
    async with framed(
        "intraday", session, run_key, market, broker, inputs=file, key_suffix=moment
    ) as frame:
        if frame.desk is not None:
            await trade(frame, file, pull_signals, frame.desk.clock.now())
    return frame.state
