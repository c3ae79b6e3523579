"""What a run owes to its schedule: not before its time, not after a newer occasion, not too late.

Prefect starts runs up to half a second early, and after an outage it starts all that are late, oldest first.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import wraps
from inspect import signature
from typing import ParamSpec, cast
from zoneinfo import ZoneInfo

from prefect.client.orchestration import get_client
from prefect.client.schemas import State
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import FlowRunContext
from prefect.states import Completed
from prefect.types import DateTime

from orderworks.market.calendar import NEW_YORK
from orderworks.model.clock import Clock, WallClock
from orderworks.settings import load_settings

Asked = ParamSpec("Asked")
Flow = Callable[Asked, Awaitable[State]]

BETWEEN_OCCASIONS = timedelta(seconds=1)
LOOKED_AT = 50
"""Of the runs after ours: that many may have been started by hand."""


def in_its_time(*, sends: bool) -> Callable[[Flow[Asked]], Flow[Asked]]:
    """A flow's body that is entered when it is due, or ends as skipped with the reason.

    A run that was started by hand, or again, is not judged; it waits for a time that it was asked for. One
    that begins on a later day than it was due is about the day on which it was due.

    Args:
        sends: whether the run makes new orders: those are not sent for an occasion long past.
    """

    def decorate(body: Flow[Asked]) -> Flow[Asked]:
        takes = signature(body)

        @wraps(body)
        async def entered(*positional: Asked.args, **named: Asked.kwargs) -> State:
            run = _run_of_a_deployment()
            if run is None or run.expected_start_time is None:
                return await body(*positional, **named)
            clock = WallClock()
            due = run.expected_start_time
            await clock.sleep_until(due)
            if run.auto_scheduled and run.run_count <= 1:
                reason = await overtaken(run, clock) or (too_late(due, clock) if sends else None)
                if reason:
                    return Completed(name="Skipped", message=reason)
            asked = takes.bind(*positional, **named)
            day, today = (moment.astimezone(NEW_YORK).date() for moment in (due, clock.now()))
            leaves_open = "session" in takes.parameters and asked.arguments.get("session") is None
            if leaves_open and day < today:
                asked.arguments["session"] = day
            return await body(*asked.args, **asked.kwargs)

        return entered

    return decorate


async def overtaken(run: FlowRun, clock: Clock) -> str | None:
    """Why a scheduled run is left to a newer one of its deployment that is due as well, or None."""
    due = run.expected_start_time
    if due is None or run.deployment_id is None:
        return None
    since = FlowRunFilterExpectedStartTime(
        after_=due + BETWEEN_OCCASIONS, before_=cast("DateTime", clock.now())
    )
    async with get_client() as client:
        later = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[run.deployment_id]),
                expected_start_time=since,
            ),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=LOOKED_AT,
        )
    newest = next((each.expected_start_time for each in later if each.auto_scheduled), None)
    if newest is None:
        return None
    return (
        f"it was due {_told(due)}, and could not begin before the next one was due {_told(newest)}: "
        "that one does the work of both, and nothing is done here"
    )


def too_late(due: datetime, clock: Clock) -> str | None:
    """Why nothing is sent any more for an occasion, by ``execution.late_after_seconds``, or None."""
    late_by = clock.now() - due
    bound = timedelta(seconds=load_settings().execution.late_after_seconds)
    if not bound or late_by <= bound:
        return None
    return (
        f"it was due {_told(due)} and could begin only {_told(clock.now())}, which is later than "
        f"execution.late_after_seconds ({bound.total_seconds():.0f}) permits: nothing is sent; run it by "
        "hand if its signals still hold"
    )


def _run_of_a_deployment() -> FlowRun | None:
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return run if run is not None and run.deployment_id is not None else None


def _told(moment: datetime, zone: ZoneInfo = NEW_YORK) -> str:
    return f"on {moment.astimezone(zone):%a %Y-%m-%d at %H:%M:%S} New York"
