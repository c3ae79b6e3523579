"""An intraday run: signals that came during the session, traded from now on."""

from prefect.client.schemas import State

from flows.daily import trade
from flows.declaring import declared
from flows.framing import framed
from flows.inputs import signals_from
from flows.moments import begun_at
from flows.parameters import Broker, Market, RunKey, Session, Signals
from orderworks.desk.inputs import Inputs
from orderworks.market.calendar import NEW_YORK
from orderworks.model.errors import NothingNew
from tasks.pull_signals import pull_signals


@declared("intraday-execution", sends=True)
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
        signals: a CSV or Parquet file, a `.sql` file whose query is asked, or `redis:STREAM`.
        market: a directory of recorded quotes to replay.
        run_key: the run's name; `intraday:SESSIONTHH:MM` of the newest signal's New York time if
            not given, or `intraday:SESSIONTHH:MM:SS` of the time that a run was first to begin at
            that asks a database or a stream. The same name never trades twice.
        broker: simulated, ibkr or paper_stub; as set if not given.
    """
    source = await signals_from(signals)
    async with framed(
        "intraday", session, run_key, market, broker, inputs=source, key_suffix=moment_of(source)
    ) as frame:
        if frame.desk is not None:
            try:
                await trade(frame, source, pull_signals, frame.desk.clock.now())
            except NothingNew as nothing:
                frame.skip_run(str(nothing))
    return frame.state


def moment_of(source: Inputs | None) -> str:
    """What tells the intraday runs of a session apart, and is the same for each retry of one."""
    if source is None:
        return ""
    if source.fixed is None:
        # Its newest signal is not known yet, and would be another one when it is retried.
        return f"T{begun_at().astimezone(NEW_YORK):%H:%M:%S}"
    frame = source.fixed.frame
    if "ts" in frame and frame["ts"].notna().any():
        return f"T{frame['ts'].max().tz_convert(NEW_YORK):%H:%M}"
    return ""
