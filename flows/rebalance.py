"""An ad-hoc rebalance to target weights."""

from pathlib import Path

from prefect import flow
from prefect.client.schemas import State

from flows.daily import trade
from flows.due import in_its_time
from flows.framing import framed
from flows.parameters import Broker, Market, RunKey, Session, Targets, Weights
from orderworks.handoffs.table_file import TableFile
from orderworks.handoffs.targets_file import read_targets, targets_of
from tasks.pull_targets import pull_targets


@flow(name="rebalance", flow_run_name="rebalance {session}", persist_result=False)
@in_its_time(sends=True)
async def rebalance(
    weights: Weights = None,
    targets: Targets = None,
    session: Session = None,
    market: Market = None,
    run_key: RunKey = None,
    broker: Broker = None,
) -> State:
    """Moves the account to target weights; symbols that are not named are left alone.

    Args:
        weights: symbol to signed fraction of equity; 0 closes the position.
        targets: a file with the columns symbol and weight, instead of `weights`.
        session: the trading day; today in New York if not given.
        market: a directory of recorded quotes to replay.
        run_key: the run's name; derived from session and targets if not given, so that the same
            rebalance is not done twice in a day. Give one to repeat it.
        broker: simulated, ibkr or paper_stub; as set if not given.
    """
    file: TableFile | None = targets_of(weights) if weights else None
    if targets:
        file = read_targets(Path(targets))
    suffix = f":{file.sha256[:8]}" if file else ""
    async with framed(
        "rebalance", session, run_key, market, broker, inputs=file, key_suffix=suffix
    ) as frame:
        if frame.desk is not None:
            await trade(frame, file, pull_targets, frame.desk.clock.now())
    return frame.state
