"""What a worker that is gone has left on the server: runs that would seem to run for ever.

Prefect says nothing of them by itself, and each holds its deployment's turn. A run that had not begun is
scheduled again; one that had is marked as crashed, and its orders stand in the ledger.
"""

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas import State
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType, WorkerStatus
from prefect.states import Cancelled, Crashed, Scheduled

from flows.operating.definitions import POOL

ABANDONED = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)

BROKEN_OFF = (
    "Its worker ended while it ran. Its orders stand in the ledger: 'recover' goes on with them within "
    "five minutes in trading hours, and so does a retry. None is sent twice."
)
NOT_BEGUN = "Its worker ended before it began; it waits for the next one."
CANCELLED = "Its worker ended while it was being cancelled."


async def settle_left_over(name: str) -> int:
    """Settles the runs whose worker is gone; to be called before the worker of that name starts.

    While another worker serves the pool, they may be that one's, and are left alone.

    Returns:
        How many there were.
    """
    abandoned = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(ABANDONED)))
    )
    in_the_pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
    async with get_client() as client:
        workers = await client.read_workers_for_work_pool(POOL)
        if any(each.status == WorkerStatus.ONLINE and each.name != name for each in workers):
            return 0
        found = await client.read_flow_runs(flow_run_filter=abandoned, work_pool_filter=in_the_pool)
        for run in found:
            await settle(client, run)
    return len(found)


async def settle(client: PrefectClient, run: FlowRun) -> None:
    """Says of a run that its worker is gone, unless it has ended."""
    if run.state_type in ABANDONED:
        await client.set_flow_run_state(run.id, _settled(run), force=True)


def _settled(run: FlowRun) -> State:
    match run.state_type:
        case StateType.PENDING:
            return Scheduled(scheduled_time=run.expected_start_time, message=NOT_BEGUN)
        case StateType.CANCELLING:
            return Cancelled(message=CANCELLED)
        case _:
            return Crashed(message=BROKEN_OFF)
