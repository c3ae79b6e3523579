"""What a run owes to its schedule, judged by a real server's runs; no worker is needed."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas import FlowRun, State
from prefect.flow_engine import run_flow_async
from prefect.states import Completed, Scheduled

from flows.due import in_its_time, overtaken, too_late
from orderworks.model.clock import ReplayClock

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


@flow
@in_its_time(sends=True)
async def probe(session: date | None = None, broker: str | None = None) -> State:
    """Says which session it is about, and when it began."""
    return Completed(message=f"{session} {broker} {datetime.now(UTC).isoformat()}")


@pytest.fixture
async def deployment(prefect_api: str) -> UUID:
    """A deployment of which every run is made by the test."""
    async with get_client() as client:
        number = await client.create_flow(probe)
        return await client.create_deployment(number, f"due-{datetime.now(UTC).timestamp()}")


async def run_at(deployment: UUID, moment: datetime, *, scheduled: bool) -> FlowRun:
    async with get_client() as client:
        run = await client.create_flow_run_from_deployment(
            deployment, state=Scheduled(scheduled_time=moment)
        )
        run = await client.read_flow_run(run.id)
    return run.model_copy(update={"auto_scheduled": scheduled})


async def said_by(run: FlowRun) -> list[str]:
    state = await run_flow_async(
        probe, flow_run=run, parameters=run.parameters, return_type="state"
    )
    return str(state.message).split()


@pytest.mark.proof
async def test_it_waits_for_its_time(deployment: UUID) -> None:
    due = datetime.now(UTC) + timedelta(seconds=3)
    _, _, begun = await said_by(await run_at(deployment, due, scheduled=False))
    assert datetime.fromisoformat(begun) >= due


@pytest.mark.proof
async def test_one_that_begins_on_a_later_day_is_about_the_day_on_which_it_was_due(
    deployment: UUID,
) -> None:
    session, broker, _ = await said_by(await run_at(deployment, NOON, scheduled=False))
    assert (session, broker) == ("2026-11-20", "None")


@pytest.mark.proof
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
