"""Go on with whatever a dead process left unfinished."""

from prefect import flow
from prefect.client.schemas import State
from prefect.states import Completed, Failed

from flows.daily import trade
from flows.due import in_its_time
from flows.framing import framed
from flows.kill_switch import close_positions
from flows.parameters import Broker
from orderworks.desk.opening import Occasion, unfinished
from orderworks.model.errors import OrderworksError
from orderworks.model.order import FLATTEN
from orderworks.settings import load_settings
from tasks.pull_signals import pull_signals


@flow(name="recover", persist_result=False)
@in_its_time(sends=False)
async def recover(broker: Broker = None) -> State:
    """Takes up every planned run of the account that is not done.

    What another worker has in hand is watched to its end; a run that fails does not keep the others
    from being taken up.

    Args:
        broker: simulated, ibkr or paper_stub; as set if not given.
    """
    settings = load_settings(**({"broker": {"provider": broker}} if broker else {}))
    told, failed = [], False
    for left in unfinished(settings):
        try:
            message = await _take_up(left, broker)
        except OrderworksError as error:
            message, failed = str(error), True
        told.append(f"{left.run_key}: {message}")
    sentence = "; ".join(told) or "nothing was left unfinished"
    return Failed(message=sentence) if failed else Completed(message=sentence)


async def _take_up(left: Occasion, broker: str | None) -> str:
    market = str(left.market) if left.market else None
    async with framed(left.kind, left.session, left.run_key, market, broker) as frame:
        if frame.desk is not None and left.kind == FLATTEN:
            await close_positions(frame)
        elif frame.desk is not None:
            await trade(frame, None, pull_signals, frame.desk.clock.now())
    return frame.message
