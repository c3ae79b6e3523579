"""Prefect's environment: set before Prefect is first imported, never over what the user set."""

import os
from collections.abc import Callable
from pathlib import Path

from orderworks.settings import home_directory

LOGGING = Path(__file__).resolve().parents[1] / "config" / "logging.yml"

HEARTBEAT_SECONDS = 30
"""Between two signs of life of a run; Prefect permits no less."""


def prepare() -> None:
    """Keeps Prefect's local state in our home and its telemetry off."""
    home = home_directory()
    (home / "prefect").mkdir(parents=True, exist_ok=True)
    for name, value in _defaults(home).items():
        os.environ.setdefault(name, value)


def _defaults(home: Path) -> dict[str, str]:
    return {
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_SETTINGS_PATH": str(LOGGING),
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
        # flows/automations.py takes a run that is silent for three of these for dead.
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        # One summary a wave is what people watch; the recorder takes task runs in batches.
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "500",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "100",
    }


def start_api(meanwhile: Callable[[], object] = lambda: None) -> None:
    """Starts Prefect's temporary server where none is configured; it ends with this process.

    Args:
        meanwhile: is done while it starts, which takes seconds.
    """
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL

    if PREFECT_API_URL.value():
        meanwhile()
        return
    # Only here: this imports the whole of the server.
    from flows.temporary_server import TiedServer

    TiedServer()

    async def greet() -> None:
        async with get_client() as client:
            await client.hello()

    with ThreadPoolExecutor(1) as beside:
        greeted = beside.submit(asyncio.run, greet())
        meanwhile()
        greeted.result()
