"""A plan that waits for a person: in the UI as a form, at the command line as a command.

The decision stands in the ledger, whoever made it and wherever; nobody's, in time, is a rejection.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Literal
from uuid import UUID, uuid4

from prefect import get_client
from prefect.flow_runs import apause_flow_run
from prefect.input import RunInput
from prefect.runtime import deployment
from prefect.states import Running

from flows.naming import scheduler_run
from orderworks.desk.cancelling import confirm_cancelled
from orderworks.desk.desk import Desk
from orderworks.ledger.approvals import decide_plan
from orderworks.ledger.runs import Run, find_run
from orderworks.model.errors import InputError

log = logging.getLogger("orderworks.flows")

POLL_SECONDS = 2
CONFIRM_SECONDS = 5
"""How long it is waited for the orders of a rejected plan to be given up; the next run would, too."""


class Verdict(RunInput):
    """Approve the plan or reject it; its table is among the run's artifacts."""

    decision: Literal["approve", "reject"]
    note: str = "decided in the Prefect UI"


async def decided(desk: Desk, run: Run) -> Run:
    """The run once its plan is approved or rejected; meanwhile others may work the account."""
    await desk.hand_back()
    minutes = desk.settings.approval.wait_minutes
    log.warning(
        "run '%s' waits to be approved: Resume it in the UI, or 'orderworks approve %s'; after %g minutes "
        "it is rejected",
        *(run.run_key, run.run_key, minutes),
    )
    form = asyncio.create_task(_ask_in_ui(desk, run, minutes))
    try:
        async with asyncio.timeout(minutes * 60):
            while (run := _as_it_stands(desk, run)).state == "PROPOSED":
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        _decide(desk, run, approved=False, note=f"nobody decided within {minutes:g} minutes")
    finally:
        await _put_away(form)
    run = _as_it_stands(desk, run)
    if run.state == "CANCELLED":
        log.info("%s", await confirm_cancelled(desk, run, CONFIRM_SECONDS))
    return run


async def _ask_in_ui(desk: Desk, run: Run, minutes: float) -> None:
    """Pauses the flow run with a form; a run that no deployment started has no page to show it."""
    if deployment.id is None:
        return
    try:
        # A key of its own: the server shows no form twice, and this may be asked again after a retry.
        verdict = await apause_flow_run(
            Verdict, timeout=round(minutes * 60), poll_interval=POLL_SECONDS, key=str(uuid4())
        )
    except Exception as error:  # noqa: BLE001 - the ledger can still be told at the command line
        log.warning("the form is not shown in the UI: %s", error)
        return
    _decide(desk, run, approved=verdict.decision == "approve", note=verdict.note)


async def _put_away(form: asyncio.Task[None]) -> None:
    """Ends the pause where it was not the form that was answered."""
    paused = not form.done()
    form.cancel()
    await asyncio.wait([form])
    flow_run = scheduler_run()
    if paused and flow_run is not None:
        async with get_client() as client:
            await client.set_flow_run_state(UUID(flow_run), Running(), force=True)


def _decide(desk: Desk, run: Run, *, approved: bool, note: str) -> None:
    # Whoever decided first has decided.
    with suppress(InputError):
        decide_plan(desk.ledger, desk.account, run.run_key, approved=approved, note=note)


def _as_it_stands(desk: Desk, run: Run) -> Run:
    return find_run(desk.ledger, run.account, run.run_key) or run
