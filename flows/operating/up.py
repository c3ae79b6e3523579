"""``orderworks up``: a Prefect server with our deployments, and a worker that runs them."""

import asyncio
import os
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flows.environment import prepare
from flows.operating.accounts import configured
from flows.operating.children import Children
from flows.operating.claim import Claim, claimed
from flows.operating.interrupts import raise_interrupts
from flows.operating.server import Answer, found_at, require_free, start_server, wait_for
from flows.operating.staffing import Share, start_worker
from orderworks.ledger.connection import database_url, open_ledger
from orderworks.model.counted import counted
from orderworks.settings import home_directory, load_settings

Tell = Callable[[str], None]


def up(port: int, another_worker: bool, at_once: int | None, tell: Tell) -> None:
    """Starts what is not running yet and stays until interrupted; then stops what it started.

    Where another one has the home, it attaches: it brings the deployments up to date on the other's server
    and returns, unless it is to start one more worker.

    Raises:
        OrderworksError: if the server or the worker does not come up, naming its log.
    """
    begun = time.monotonic()
    prepare()
    raise_interrupts()
    trading, home = configured(), home_directory()
    ledger_url = database_url(home)
    open_ledger(ledger_url).close()
    tell("the ledger answers, its schema is up to date")
    logs = home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (
        claimed(home) as claim,
        tempfile.TemporaryDirectory(prefix="orderworks-") as private,
        Children(claim.ending) as children,
    ):
        api = _server(claim, port, ledger_url, children, logs, tell)
        works = claim.ours or another_worker
        # Only here: Prefect takes its address from the environment when it is imported, and that takes
        # seconds, in which the server starts.
        from flows.operating.registration import definitions_with_flows, register

        stated = definitions_with_flows()
        wait_for(children, api)
        if claim.ours:
            claim.note(api)
        registered = asyncio.run(register(trading, Path.cwd(), stated))
        tell(f"account {trading.account} ({trading.broker}): {registered}")
        tell(f"automations: {', '.join(asyncio.run(_automations())) or 'none'}")
        if works:
            preloaded = Path(private) / "preloaded"
            _start_worker(children, claim, Share(at_once=at_once), preloaded, logs, tell)
        _tell_what_is_next(tell)
        ui = api.removesuffix("/api")
        if not works:
            tell(
                f"UI: {ui}   (another 'orderworks up' runs the server and the worker: nothing to stop)"
            )
            return
        tell(f"UI: {ui}   (ready after {time.monotonic() - begun:.0f} s; Ctrl-C stops everything)")
        children.keep(tell)


async def _automations() -> list[str]:
    """The names of the automations, which are what the file and the settings say from now on."""
    from prefect import get_client

    from flows.automations import register_automations

    async with get_client() as client:
        return await register_automations(client, load_settings())


def _server(
    claim: Claim, port: int, ledger_url: str, children: Children, logs: Path, tell: Tell
) -> str:
    """The API's address: of the server that is there, or of our own, which is started.

    Raises:
        InputError: if something else has the port.
    """
    named = os.environ.get("PREFECT_API_URL")
    api = claim.address or named or f"http://127.0.0.1:{port}/api"
    os.environ["PREFECT_API_URL"] = api
    os.environ.setdefault("PREFECT_UI_URL", api.removesuffix("/api"))
    if claim.address or named or found_at(api) is Answer.PREFECT:
        tell(f"attaching to the Prefect server at {api}")
        return api
    require_free(port)
    tell("starting the Prefect server")
    start_server(children, port, ledger_url, logs / "server.log")
    return api


def _start_worker(
    children: Children, claim: Claim, share: Share, preloaded: Path, logs: Path, tell: Tell
) -> None:
    from flows.operating.leftovers import settle_left_over

    name = socket.gethostname() + ("" if claim.ours else f"-{os.getpid()}")
    if claim.ours and (settled := asyncio.run(settle_left_over(name))):
        tell(f"settled {counted(settled, 'run')} of a worker that is gone")
    log = start_worker(children, name, share, preloaded, logs)
    tell(f"worker '{name}' started, its log is {log}")


def _tell_what_is_next(tell: Tell) -> None:
    from flows.operating.upcoming import upcoming

    for line in asyncio.run(upcoming()) or ["nothing: all schedules are switched off"]:
        tell(f"next: {line}")
