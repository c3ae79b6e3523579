"""The worker: a Prefect process worker whose runs are forked from the preloaded process.

Its pool is of Prefect's type ``process``, so that an ordinary worker may serve it as well, elsewhere.
"""

import asyncio
import os
import shlex
import sys
from typing import Any

from prefect.client.schemas.objects import FlowRun
from prefect.utilities.processutils import setup_signal_handlers_worker
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult

from flows.operating import launch
from flows.operating.definitions import POOL

PREFETCH_SECONDS = 30
"""A run's process is there before its time, and waits for it."""


class PreloadedWorker(ProcessWorker):
    """Starts runs through ``launch``."""

    socket = ""

    async def run(
        self,
        flow_run: FlowRun,
        configuration: ProcessJobConfiguration,
        task_status: Any = None,
    ) -> ProcessWorkerResult:
        """Runs a flow run to its end; a command of the deployment's own stands."""
        if not configuration._command_configured:
            command = [sys.executable, "-I", "-S", launch.__file__, self.socket]
            configuration.command = shlex.join(command)
            configuration._command_configured = True
        return await super().run(flow_run, configuration, task_status)


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
