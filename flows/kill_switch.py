"""The kill switch: nothing more is sent, what rests is cancelled, and if asked what is held is closed."""

import logging

from prefect import flow
from prefect.client.schemas import State

from flows.failing import tell_failure
from flows.framing import Framed, framed
from flows.parameters import Broker, Flatten, Market, Reason, Session
from orderworks.desk.kill_switch import throw
from orderworks.desk.waves import waves
from orderworks.ledger.controls import refuse_while_killed
from orderworks.model.clock import WallClock
from orderworks.model.counted import counted
from orderworks.model.order import FLATTEN
from orderworks.settings import load_settings
from tasks.cancel_resting import cancel_resting
from tasks.commit_plan import commit_plan
from tasks.measure_quality import measure_quality
from tasks.plan_flattening import plan_flattening
from tasks.reconcile_books import reconcile_books
from tasks.take_account import stop_worker
from tasks.tell_alerts import link_alerts_to_this_run, tell_alerts
from tasks.work_wave import work_wave

log = logging.getLogger("orderworks.flows")


@flow(
    name="kill-switch",
    persist_result=False,
    on_failure=[tell_failure],
    on_crashed=[tell_failure],
)
async def kill_switch(
    reason: Reason,
    flatten: Flatten = False,
    session: Session = None,
    market: Market = None,
    broker: Broker = None,
) -> State:
    """Stops the account: from the moment that the row commits nothing is sent.

    Args:
        reason: why; kept with the switch.
        flatten: whether to close every position at the market, once what rests is cancelled.
        session: the trading day; that of the latest replay, or today in New York, if not given.
        market: a directory of recorded quotes to replay; that of the latest run if not given.
        broker: simulated, ibkr or paper_stub; as set if not given.
    """
    settings = load_settings(**({"broker": {"provider": broker}} if broker else {}))
    link_alerts_to_this_run()
    throw(settings, reason, flatten=flatten)
    log.warning("killed: %s; nothing is sent until 'orderworks resume'", reason)
    async with framed("kill-switch", session, None, market, broker, plans=False) as frame:
        if frame.desk is not None:
            desk, run = frame.entered
            await stop_worker(desk)
            await reconcile_books(desk, run)
            cancelled = await cancel_resting(desk, "the kill switch was thrown")
            await tell_alerts(desk)
            frame.message = f"{counted(cancelled, 'resting order')} cancelled"
        frame.message = f"killed: {reason}; {frame.message}"
    if flatten and frame.desk is not None:
        at = f":{WallClock().now():%Y-%m-%dT%H:%M:%S.%f}"
        async with framed(FLATTEN, session, None, market, broker, key_suffix=at) as closing:
            if closing.desk is not None:
                await close_positions(closing)
        frame.message += f"; flattening: {closing.message}"
    elif flatten:
        frame.message += "; nothing is flattened, positions stay as they are"
    return frame.state


async def close_positions(frame: Framed) -> None:
    """Plan a market order for each position; then work the waves, reconcile, measure."""
    desk, run = frame.entered
    refuse_while_killed(desk.ledger, desk.account, flattens=True)
    if not run.is_planned:
        async with desk.planning_turn():
            run = await commit_plan(desk, run, await plan_flattening(desk, run))

    async for wave in waves(desk, run):
        await work_wave(desk, wave)

    await reconcile_books(desk, run)
    await measure_quality(desk, run)
    frame.summarise()
