"""What a run owes to its schedule, judged by a real server's runs; no worker is needed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas import FlowRun
from prefect.states import Scheduled

from flows.due import overtaken, too_late
from orderworks.model.clock import ReplayClock

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


@flow
async def nothing() -> None:
    pass


@pytest.fixture
async def deployment(prefect_api: str) -> UUID:
    """A deployment of which every run is made by the test."""
    async with get_client() as client:
        number = await client.create_flow(nothing)
        return await client.create_deployment(number, f"due-{datetime.now(UTC).timestamp()}")


async def run_at(deployment: UUID, moment: datetime, *, scheduled: bool) -> FlowRun:
    async with get_client() as client:
        run = await client.create_flow_run_from_deployment(
            deployment, state=Scheduled(scheduled_time=moment)
        )
        run = await client.read_flow_run(run.id)
    return run.model_copy(update={"auto_scheduled": scheduled})


async def test_a_run_that_was_started_by_hand_overtakes_nothing(deployment: UUID) -> None:
    ours = await run_at(deployment, NOON, scheduled=True)
    await run_at(deployment, NOON + timedelta(minutes=5), scheduled=False)
    assert await overtaken(ours, ReplayClock(NOON + timedelta(minutes=6))) is None


@pytest.mark.parametrize(("late_by", "is_late"), [(1800, False), (1801, True)])
def test_too_late(late_by: int, is_late: bool) -> None:
    told = too_late(NOON, ReplayClock(NOON + timedelta(seconds=late_by)))
    assert (told is not None) == is_late
    if told:
        assert "due on Fri 2026-11-20 at 12:00:00 New York" in told
        assert "nothing is sent" in told


def test_however_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERWORKS_EXECUTION__LATE_AFTER_SECONDS", "0")
    assert too_late(NOON, ReplayClock(NOON + timedelta(days=1))) is None
