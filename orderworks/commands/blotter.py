"""``orderworks blotter``: the ledger as a page, and as JSON beside it."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer


def blotter(
    host: Annotated[
        str | None,
        typer.Option("--host", help="The address to serve on; off loopback a token is demanded."),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="0 = any port.")
    ] = None,
) -> None:
    """Serve the blotter: orders, fills, quality, breaks, alerts, live, and the kill switch; and the API."""
    from orderworks.api.access import Guard, require_token
    from orderworks.blotter.serving import blotter as page
    from orderworks.blotter.serving import serve
    from orderworks.desk.kill_switch import throw
    from orderworks.ledger.connection import database_url, open_ledger
    from orderworks.model.errors import OrderworksError
    from orderworks.model.secret import dereferenced
    from orderworks.settings import home_directory, load_settings

    settings = load_settings()
    address = host or settings.blotter.host
    token = dereferenced(settings.blotter.token, os.environ)
    require_token(address, token)
    home = home_directory()
    url = database_url(home)
    open_ledger(url).close()

    def stop(reason: str, flatten: bool) -> None:
        throw(settings, reason, flatten=flatten)
        try:
            _cancel_resting(reason, flatten, home / "logs")
        except OSError as error:
            raise OrderworksError(
                f"the kill switch is thrown and nothing is sent, but what rests is not cancelled: {error}; "
                "run 'orderworks kill'"
            ) from None

    served = page(lambda: url, settings, Guard(token), address, home / "reports", stop)
    serve(served, address, settings.blotter.port if port is None else port, typer.echo)


def _cancel_resting(reason: str, flatten: bool, logs: Path) -> None:
    """Has 'orderworks kill' do the rest, in a process of its own: the switch itself is thrown already."""
    logs.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "orderworks", "kill", "--reason", reason]
    with (logs / f"kill-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}.log").open("xb") as log:
        subprocess.Popen(
            [*command, *(["--flatten"] if flatten else [])],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
