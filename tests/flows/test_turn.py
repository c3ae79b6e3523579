"""A run whose turn cannot be renewed goes on."""

import asyncio
import threading
from uuid import uuid4

import pytest
from operating_house import free_port
from prefect import flow_engine
from prefect.concurrency import _leases
from prefect.settings import PREFECT_API_URL, temporary_settings

import flows.framing  # noqa: F401 - what every run has loaded


def is_renewing() -> bool:
    return any("lease-renewal" in thread.name for thread in threading.enumerate())


async def test_a_server_that_is_away_does_not_end_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_leases, "_RENEWAL_RETRY_BASE_DELAY", 0.01)
    nobody = f"http://127.0.0.1:{free_port()}/api"
    waves = 0
    with temporary_settings({PREFECT_API_URL: nobody}):
        # As the engine enters it.
        async with flow_engine.amaintain_concurrency_lease(
            uuid4(), 300, raise_on_lease_renewal_failure=True
        ):
            assert is_renewing()
            while is_renewing():
                await asyncio.sleep(0.05)
                waves += 1
            await asyncio.sleep(0.05)
            waves += 1
    assert waves > 1
