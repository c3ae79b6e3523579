"""The worker: a Prefect process worker whose runs are forked from the preloaded process.

Its pool is of Prefect's type ``process``, so that an ordinary worker may serve it as well, elsewhere.
"""

import asyncio
import os
import shlex
import sys
from typing import Any

import anyio
from prefect.client.schemas.objects import FlowRun
from prefect.utilities.processutils import setup_signal_handlers_worker
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult

from flows.operating import launch
from flows.operating.definitions import POOL
from flows.operating.leftovers import settle

PREFETCH_SECONDS = 30
"""A run's process is there before its time, and waits for it."""

OF_A_RUN = {"PREFECT_CLIENT_MAX_RETRIES": "8"}
"""A run waits up to eight minutes for a server that is away, to report how it ended."""

LAST_WORD_SECONDS = 5


class PreloadedWorker(ProcessWorker):
    """Starts runs through ``launch``."""

    socket = ""

    async def run(
        self,
        flow_run: FlowRun,
        configuration: ProcessJobConfiguration,
        task_status: Any = None,
    ) -> ProcessWorkerResult:
        """Runs a flow run to its end; a command of the deployment's own stands.

        Where the worker is told to end, the run ends with it, and its state says so: Prefect would leave
        it running for ever.

        Returns:
            A result that tells of no failure. How the process ended has been reported by then; the report
            that Prefect makes of the result comes seconds later, and would end a retry that has begun.
        """
        if not configuration._command_configured:
            command = [sys.executable, "-I", "-S", launch.__file__, self.socket]
            configuration.command = shlex.join(command)
            configuration._command_configured = True
        configuration.env |= OF_A_RUN
        try:
            ended = await super().run(flow_run, configuration, task_status)
        except asyncio.CancelledError:
            with anyio.move_on_after(LAST_WORD_SECONDS, shield=True):
                await settle(self.client, await self.client.read_flow_run(flow_run.id))
            raise
        return ProcessWorkerResult(status_code=0, identifier=ended.identifier)


def main(name: str, socket: str, at_once: str, *queues: str) -> None:
    """Works until it is told to end; then its runs are ended, too.

    Args:
        at_once: how many runs at once; 0 for any number.
        queues: those that it serves; all if none is named.
    """
    PreloadedWorker.socket = socket
    setup_signal_handlers_worker(os.getpid(), "the worker", print)
    worker = PreloadedWorker(
        work_pool_name=POOL,
        work_queues=list(queues) or None,
        name=name,
        limit=int(at_once) or None,
        prefetch_seconds=PREFETCH_SECONDS,
        create_pool_if_not_found=False,
    )
    asyncio.run(worker.start(printer=print))


if __name__ == "__main__":
    main(*sys.argv[1:])
