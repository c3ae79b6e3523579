"""``orderworks worker``: a worker for a Prefect server that runs elsewhere, and nothing else.

It registers no deployments: which accounts there are is no matter of the machines that run them.
"""

import asyncio
import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from flows.environment import prepare
from flows.operating.children import Children
from flows.operating.claim import running_address
from flows.operating.interrupts import raise_interrupts
from flows.operating.server import wait_for
from flows.operating.staffing import Share, start_worker
from orderworks.ledger.connection import database_url, open_ledger
from orderworks.model.errors import InputError
from orderworks.settings import home_directory, load_settings


def work(queues: list[str], at_once: int | None, tell: Callable[[str], None]) -> None:
    """Works until interrupted; then the runs of this machine are ended, too.

    Raises:
        InputError: if no server is to be found.
        OrderworksError: if the server or the ledger does not answer, or the worker does not stay.
    """
    share = Share(queues, at_once)
    raise_interrupts()
    load_settings()
    home = home_directory()
    api = os.environ.get("PREFECT_API_URL") or running_address(home)
    if api is None:
        raise InputError(
            "no Prefect server is known; name the one to work for with PREFECT_API_URL"
        )
    os.environ["PREFECT_API_URL"] = api
    prepare()
    open_ledger(database_url(home)).close()
    tell("the ledger answers, its schema is up to date")
    logs = home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="orderworks-") as private, Children() as children:
        wait_for(children, api)
        # Only here: Prefect takes its address from the environment when it is imported.
        from flows.operating.registration import have_queues

        asyncio.run(have_queues(share.queues))
        name = f"{socket.gethostname()}-{os.getpid()}"
        log = start_worker(children, name, share, Path(private) / "preloaded", logs)
        tell(f"worker '{name}' works for {api}: {share}; its log is {log}")
        children.keep(tell)
