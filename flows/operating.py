"""``orderworks up``: a local Prefect server with our deployments, and a worker that runs them."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.environment import prepare
from orderworks.model.errors import OrderworksError
from orderworks.settings import home_directory

PROJECT = Path(__file__).resolve().parents[1]
DEPLOYMENTS = PROJECT / "deployments" / "prefect.yaml"
POOL = "orderworks"
PATIENCE_SECONDS = 90
"""For a server that makes its database first."""

SCHEDULER_SECONDS = 10
"""The server's scheduler looks at new deployments every few seconds."""

UPCOMING = 5
"""How many scheduled runs are told."""


def up(port: int, tell: Callable[[str], None]) -> None:
    """Starts what is not running yet and stays until interrupted; then stops what it started.

    Raises:
        OrderworksError: if the server or the worker does not come up, naming its log.
    """
    prepare()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    address = f"http://127.0.0.1:{port}"
    os.environ["PREFECT_API_URL"] = f"{address}/api"
    logs = home_directory() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with _server(port, logs, tell):
        tell("registering deployments")
        _prefect("work-pool", "create", POOL, "--type", "process", "--overwrite")
        _prefect("--no-prompt", "deploy", "--prefect-file", str(DEPLOYMENTS), "--all")
        with _running(["worker", "start", "--pool", POOL], logs / "worker.log") as worker:
            tell(f"worker running, its log is {logs / 'worker.log'}")
            for line in asyncio.run(_upcoming()):
                tell(f"next: {line}")
            tell(f"UI: {address}   (Ctrl-C stops everything)")
            worker.wait()
            raise OrderworksError(f"the worker ended by itself; {logs / 'worker.log'} tells why")


@contextmanager
def _server(port: int, logs: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """The server at this port: the one that answers there already, or our own."""
    if _answers(port):
        tell(f"attaching to the Prefect server that answers at port {port}")
        yield
        return
    log = logs / "server.log"
    command = ["server", "start", "--host", "127.0.0.1", "--port", str(port)]
    tell("starting the Prefect server")
    with _running(command, log, without=("PREFECT_API_URL",)) as process:
        for _ in range(PATIENCE_SECONDS):
            if _answers(port):
                break
            if process.poll() is not None:
                raise OrderworksError(f"the Prefect server ended at once; {log} tells why")
            time.sleep(1)
        else:
            raise OrderworksError(
                f"the Prefect server does not answer after {PATIENCE_SECONDS} s; {log} tells why"
            )
        yield


@contextmanager
def _running(
    arguments: list[str], log: Path, without: tuple[str, ...] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """A Prefect process in the background, stopped on the way out."""
    environment = {name: value for name, value in os.environ.items() if name not in without}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


def _prefect(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise OrderworksError(
            f"'prefect {arguments[0]}' failed: {said[-1] if said else 'no reason'}"
        )


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


async def _upcoming() -> list[str]:
    """The next scheduled runs, soonest first, in New York time."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState
    from prefect.client.schemas.filters import FlowRunFilterStateType as StateTypes
    from prefect.client.schemas.objects import StateType
    from prefect.client.schemas.sorting import FlowRunSort

    from orderworks.market.calendar import NEW_YORK

    scheduled = FlowRunFilter(state=FlowRunFilterState(type=StateTypes(any_=[StateType.SCHEDULED])))
    async with get_client() as client:
        for _ in range(SCHEDULER_SECONDS):
            runs = await client.read_flow_runs(
                flow_run_filter=scheduled, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=UPCOMING
            )
            if len(runs) == UPCOMING:
                break
            await asyncio.sleep(1)
        flows = {run.flow_id: (await client.read_flow(run.flow_id)).name for run in runs}
    return [
        f"{flows[run.flow_id]} at {run.expected_start_time.astimezone(NEW_YORK):%a %Y-%m-%d %H:%M} New York"
        for run in runs
        if run.expected_start_time is not None
    ]
