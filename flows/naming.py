"""What a run is called in the UI: kind, session, account, and how much it trades."""

from uuid import UUID

from prefect import get_client, runtime

from orderworks.ledger.runs import Run
from orderworks.model.counted import counted
from tasks.showing import show


def scheduler_run() -> str | None:
    """The id of the flow run that this is, if it is one."""
    found = runtime.flow_run.get_id()
    return None if found is None else str(found)


async def name_run(run: Run, orders: int | None = None) -> None:
    """Names the flow run: 'daily 2026-11-20 · DU123 · 42 orders'."""
    parts = [f"{run.kind.replace('-', ' ')} {run.session}", run.account]
    if orders is not None:
        parts.append(counted(orders, "order"))
    await name_flow_run(*parts)


async def name_flow_run(*parts: str) -> None:
    """Names the flow run that this is, if it is one."""
    flow_run = scheduler_run()
    if flow_run is not None:
        await show("the run's name", _rename(UUID(flow_run), " · ".join(parts)))


async def _rename(flow_run: UUID, name: str) -> None:
    async with get_client() as client:
        await client.update_flow_run(flow_run, name=name)
