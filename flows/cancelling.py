"""What cancelling a run in the UI means: nothing more of it is sent, what rests of it is cancelled.

The worker has killed the run's process when this is called, in the worker's own process. It asks the
command line in one of its own, with the deployment's environment: that knows the account and its broker.
"""

import asyncio
import os
import subprocess
import sys
from typing import Any

from prefect import Flow, get_client
from prefect.client.schemas import FlowRun, State

from flows.environment import prepare

REASON = "cancelled in the Prefect UI"
PATIENCE_SECONDS = 180


async def cancel_orders(flow: Flow[..., Any], flow_run: FlowRun, state: State) -> None:
    """Cancels the orders of a flow run, and says in its state's message what became of them."""
    prepare()
    said = await _cancel(str(flow_run.id), os.environ | await _environment(flow_run))
    # Prefect says 'cancelled successfully' once this has returned, and the process that it runs in ends.
    # Its output is nobody's: the worker would wait for the end of whoever holds its own.
    subprocess.Popen(
        [sys.executable, "-m", "flows.last_word", str(flow_run.id), said],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


async def _cancel(scheduler_run: str, environment: dict[str, str]) -> str:
    """The sentence that the command ends with."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "orderworks", "cancel", scheduler_run, "--reason", REASON),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    except TimeoutError:
        process.kill()
        return "nothing more is sent if it had begun; 'orderworks orders' shows what rests"
    told = (out if process.returncode == 0 else err).decode().strip().splitlines()
    return told[-1] if told else "'orderworks orders' shows what rests"


async def _environment(flow_run: FlowRun) -> dict[str, str]:
    """What the deployment and the run set beyond the worker's own environment."""
    variables: dict[str, str] = {}
    async with get_client() as client:
        if flow_run.deployment_id is not None:
            deployment = await client.read_deployment(flow_run.deployment_id)
            variables |= (deployment.job_variables or {}).get("env", {})
    return variables | dict((flow_run.job_variables or {}).get("env", {}))
