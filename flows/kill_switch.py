"""The kill switch: nothing more is sent, and what rests is cancelled."""

import logging
from datetime import date

from prefect import flow
from prefect.client.schemas import State

from flows.framing import framed
from orderworks.desk.kill_switch import throw
from orderworks.settings import load_settings
from tasks.cancel_resting import cancel_resting
from tasks.measure_quality import emit_alerts
from tasks.take_account import take_account

log = logging.getLogger("orderworks.flows")


@flow(name="kill-switch", persist_result=False)
async def kill_switch(
    reason: str,
    session: date | None = None,
    market: str | None = None,
    broker: str | None = None,
) -> State:
    """Stops the account: from the moment that the row commits nothing is sent.

    Args:
        reason: why; kept with the switch.
        session: the trading day; that of the latest replay, or today in New York, if not given.
        market: a directory of recorded quotes to replay; that of the latest run if not given.
        broker: simulated, ibkr or paper_stub; as set if not given.
    """
    settings = load_settings(**({"broker": {"provider": broker}} if broker else {}))
    throw(settings, reason)
    log.warning("killed: %s; nothing is sent until 'orderworks resume'", reason)
    async with framed("kill-switch", session, None, market, broker, plans=False) as frame:
        if frame.desk is not None:
            desk, _ = frame.entered
            await take_account(desk)
            cancelled = await cancel_resting(desk, "the kill switch was thrown")
            emit_alerts(desk)
            frame.message = f"{cancelled} resting orders cancelled"
        frame.message = f"killed: {reason}; {frame.message}"
    return frame.state
