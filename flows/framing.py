"""What surrounds every run: its session, its row in the ledger, and how it ends.

A run ends in a sentence, whichever way: done, skipped because there is no session or no time, or
failed; the sentence is the Prefect state's message, the ledger's, and the command line's.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import psycopg
from prefect.client.schemas import State
from prefect.states import Completed

from flows.naming import name_run, scheduler_run
from flows.streams import redis_of
from flows.turn import outlive_turns
from orderworks.desk.desk import Desk
from orderworks.desk.fallback import Fallback, fallback_of
from orderworks.desk.inputs import Inputs
from orderworks.desk.opening import Occasion, occasion, open_desk_for
from orderworks.desk.opening_redis import fill_stream
from orderworks.desk.plan import fingerprint
from orderworks.desk.steps import take_stock
from orderworks.desk.summary import summary_of
from orderworks.desk.timing import tell_late, too_late
from orderworks.handoffs.engine import warm
from orderworks.ledger.runs import (
    Run,
    finish_run,
    note_scheduler,
    require_same_inputs,
    start_run,
)
from orderworks.market.calendar import find_session, reason_closed
from orderworks.model.errors import InputError
from orderworks.settings import load_settings
from tasks.announce_fallback import announce_fallback
from tasks.tell_alerts import link_alerts_to_this_run, tell_alerts

log = logging.getLogger("orderworks.flows")

# Whoever runs a flow, on whatever worker, has loaded this before it begins.
outlive_turns()

Needed = TypeVar("Needed")

OVER = {"DONE": "is done already", "CANCELLED": "was cancelled"}
"""The states of a run that nothing more is sent in."""


@dataclass(slots=True)
class Framed:
    """A run inside its frame. ``desk`` is None where there is nothing to do, and ``message`` says why."""

    asked: Occasion
    desk: Desk | None = None
    run: Run | None = None
    outcome: str = "Completed"
    message: str = ""
    fallback: Fallback | None = None

    @property
    def entered(self) -> tuple[Desk, Run]:
        """The desk and the run, for a frame that has them."""
        if self.desk is None or self.run is None:
            raise LookupError(self.message)
        return self.desk, self.run

    @property
    def state(self) -> State:
        """How the run ended, for Prefect."""
        return Completed(name=self.outcome, message=self.message)

    def needed(self, given: Needed | None) -> Needed:
        """An input that a run needs until it has a plan.

        Raises:
            InputError: if it was not given.
        """
        if given is None:
            raise InputError(
                f"run '{self.asked.run_key}' has no plan yet and needs its input; pass "
                f"--{'targets' if self.asked.kind == 'rebalance' else 'signals'} FILE"
            )
        return given

    def skip(self, reason: str) -> None:
        """Nothing is done, for a reason."""
        self.desk, self.outcome, self.message = None, "Skipped", reason
        log.info("skipped: %s", reason)

    def skip_over(self, run: Run) -> None:
        """Nothing is done, as nothing more of the run may be sent."""
        self.skip(f"run '{run.run_key}' {OVER[run.state]} ({run.message}): nothing is sent")

    def skip_run(self, reason: str) -> None:
        """Nothing is done of a run that was begun, for a reason that the ledger keeps as well."""
        desk, run = self.entered
        finish_run(desk.ledger, run, "SKIPPED", reason)
        self.skip(reason)

    def summarise(self) -> None:
        """Says what became of the run's orders."""
        desk, run = self.entered
        self.message = summary_of(desk, run)
        if self.fallback is not None:
            self.message += f"; {self.fallback.sentence}"


@asynccontextmanager
async def framed(
    kind: str,
    session: date | None,
    run_key: str | None,
    market: str | None,
    broker: str | None,
    *,
    inputs: Inputs | None = None,
    key_suffix: str = "",
    plans: bool = True,
) -> AsyncIterator[Framed]:
    """Opens the desk for a run, and records how the run ends.

    Args:
        inputs: what the run is planned from; other inputs than its plan's are refused.
        key_suffix: what tells runs of one kind and session apart, where no run key is given.
        plans: whether the run sends orders; one that does is skipped when it is too late.
    """
    link_alerts_to_this_run()
    settings = load_settings(**({"broker": {"provider": broker}} if broker else {}))
    asked = occasion(kind, settings, session, run_key, market, key_suffix)
    frame = Framed(asked)
    found = find_session(asked.session)
    if found is None:
        frame.skip(reason_closed(asked.session))
        yield frame
        return
    fallback = frame.fallback = await fallback_of(settings, asked)
    if fallback is not None:
        settings = fallback.settings
        asked = frame.asked = fallback.asked
    warming: asyncio.Task[None] | None = None
    try:
        redis = await redis_of(settings)
        async with open_desk_for(settings, asked, found, redis) as desk:
            desk.fills = fill_stream(redis, settings)
            named = None if asked.market is None else str(asked.market)
            run = start_run(
                desk.ledger,
                desk.account,
                asked.run_key,
                kind,
                asked.session,
                {
                    **settings.model_dump(mode="json"),
                    "market": named,
                    "fallback_from": None if fallback is None else fallback.instead_of,
                },
            )
            frame.desk, frame.run = desk, run
            if (name := scheduler_run()) is not None:
                note_scheduler(desk.ledger, run, name)
            await name_run(run)
            if fallback is not None:
                await announce_fallback(desk, run, fallback)
            if run.is_planned and inputs is not None and inputs.fixed is not None:
                require_same_inputs(run, fingerprint(run.kind, run.session, inputs.fixed.frame))
            if plans and run.state in OVER:
                frame.skip_over(run)
                yield frame
                return
            # Great Expectations takes seconds to import: it comes while the account is reconciled.
            warming = asyncio.create_task(asyncio.to_thread(warm)) if plans else None
            try:
                if reconciled := await take_stock(desk, run):
                    log.info("reconciled before the run: %s", reconciled)
                late = too_late(desk) if plans and not run.is_planned else None
                if late:
                    frame.skip_run(late)
                    tell_late(desk, run, late)
                    await tell_alerts(desk)
                yield frame
            except Exception as error:
                # A ledger that broke off takes no word of it, and must not hide why.
                with suppress(psycopg.Error):
                    finish_run(desk.ledger, run, "FAILED", str(error))
                raise
            finally:
                await desk.publish_fills()
            if frame.desk is not None:
                finish_run(desk.ledger, run, "DONE", frame.message)
    finally:
        if warming is not None:
            await warming
