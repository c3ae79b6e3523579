"""What a run that failed or crashed tells before its process ends.

Where it cannot, as the ledger is away or its machine is, the Prefect server's automation `run-lost`
does; it waits for the word of this one first.
"""

import asyncio
import logging
from typing import Any

import psycopg
from prefect import Flow
from prefect.client.schemas import FlowRun, State

from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.connection import database_url, open_ledger
from orderworks.ledger.overview import known_accounts
from orderworks.model.clock import WallClock
from orderworks.model.errors import BooksDiffer, OrderworksError
from orderworks.settings import Settings, home_directory, load_settings
from tasks.tell_alerts import deliver_now, link_alerts_to

log = logging.getLogger("orderworks.flows")


async def tell_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State) -> None:
    """The hook of every flow, for when a run has failed or crashed."""
    broker = (flow_run.parameters or {}).get("broker")
    try:
        settings = load_settings(**({"broker": {"provider": broker}} if broker else {}))
        link_alerts_to(str(flow_run.id))
        alert = await _alert_of(flow.name, flow_run, state)
        await asyncio.to_thread(_store_and_tell, settings, alert)
    except (OrderworksError, psycopg.Error) as error:
        log.error("that this run failed could not be stored as an alert: %s", error)


async def _alert_of(flow: str, flow_run: FlowRun, state: State) -> Alert:
    failure = await _failure(state)
    reason = reason_of(failure, state)
    kind = "books_differ" if isinstance(failure, BooksDiffer) else "run_failed"
    how = "crashed" if state.is_crashed() else "failed"
    return Alert(
        kind=kind,
        cause=f"{kind}:{flow_run.id}:{state.id}",
        # The same flow that fails for the same reason every five minutes is told once a period.
        subject=f"{kind}:{flow}:{type(failure).__name__ if failure else how}",
        message=f"{flow_run.name} ({flow}) {how}: {reason}",
        at=WallClock().now(),
        payload={
            "flow_run_id": str(flow_run.id),
            "flow": flow,
            "reason": reason,
            "state": str(state.type.value).capitalize(),
            "state_id": str(state.id),
        },
    )


def reason_of(failure: BaseException | None, state: State) -> str:
    """Why a run ended so, in words: an interruption, and some errors, have none of their own."""
    if failure is None:
        return str(state.message or state.name)
    if str(failure):
        return str(failure)
    return type(failure).__name__ if isinstance(failure, Exception) else "it was interrupted"


async def _failure(state: State) -> BaseException | None:
    """The error that a run ended with; None if it ended with a state that it made itself."""
    if state.data is None:
        return None
    result = await state.aresult(raise_on_failure=False)
    return result if isinstance(result, BaseException) else None


def _store_and_tell(settings: Settings, alert: Alert) -> None:
    account = settings.broker.account
    with open_ledger(database_url(home_directory())) as ledger:
        if account not in known_accounts(ledger):
            return
        raise_alerts(ledger, account, [alert])
    deliver_now(settings)
