"""An ad-hoc rebalance to target weights."""

from hashlib import sha256

from prefect.client.schemas import State

from flows.daily import trade
from flows.declaring import declared
from flows.framing import framed
from flows.inputs import targets_from
from flows.parameters import Broker, Market, RunKey, Session, Targets, Weights
from orderworks.desk.inputs import FixedInputs, Inputs, QueryInputs
from orderworks.handoffs.targets_file import targets_of
from tasks.pull_targets import pull_targets


@declared("rebalance", sends=True)
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
        targets: a file with the columns symbol and weight, instead of `weights`; or a `.sql` file
            whose query gives them.
        session: the trading day; today in New York if not given.
        market: a directory of recorded quotes to replay.
        run_key: the run's name; derived from session and targets, or their query, if not given, so
            that the same rebalance is not done twice in a day. Give one to repeat it.
        broker: simulated, ibkr or paper_stub; as set if not given.
    """
    source: Inputs | None = FixedInputs(targets_of(weights)) if weights else None
    if targets:
        source = await targets_from(targets)
    async with framed(
        "rebalance", session, run_key, market, broker, inputs=source, key_suffix=_suffix(source)
    ) as frame:
        if frame.desk is not None:
            await trade(frame, source, pull_targets, frame.desk.clock.now())
    return frame.state


def _suffix(source: Inputs | None) -> str:
    match source:
        case FixedInputs(table):
            return f":{table.sha256[:8]}"
        case QueryInputs(query):
            return f":{sha256(query.text.encode()).hexdigest()[:8]}"
        case _:
            return ""
