"""What is scheduled next."""

import asyncio

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort

from flows.operating.definitions import POOL
from orderworks.market.calendar import NEW_YORK

PATIENCE_SECONDS = 10
"""The server's scheduler looks at new deployments every few seconds."""

LISTED = 5


async def upcoming() -> list[str]:
    """The next scheduled runs, soonest first, in New York's time; none if all schedules are off."""
    scheduled = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
    )
    async with get_client() as client:
        for _ in range(2 * PATIENCE_SECONDS):
            runs = await client.read_flow_runs(
                flow_run_filter=scheduled,
                work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL])),
                sort=FlowRunSort.EXPECTED_START_TIME_ASC,
                limit=LISTED,
            )
            if runs:
                break
            await asyncio.sleep(0.5)
        named = {
            each: await client.read_deployment(each) for run in runs if (each := run.deployment_id)
        }
    return [
        f"{named[run.deployment_id].name} on "
        f"{run.expected_start_time.astimezone(NEW_YORK):%a %Y-%m-%d at %H:%M} New York"
        for run in runs
        if run.expected_start_time is not None and run.deployment_id is not None
    ]
