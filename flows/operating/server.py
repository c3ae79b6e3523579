"""The local Prefect server: one process that serves the API and the UI and schedules what is due."""

import time
import urllib.error
import urllib.request
from enum import Enum
from pathlib import Path

from flows.operating.children import Children, environment_without
from flows.operating.database import has_trigrams, prefect_database
from orderworks.model.errors import InputError, OrderworksError

PATIENCE_SECONDS = 120
"""For a server that makes its tables first, on a busy machine."""

SETTINGS = {
    # How often a run looks whether it is its turn; that is half a minute by default.
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "5",
    # Kept in memory, a restart of the server would end the runs that hold one.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
}

DATABASE_VARIABLES = (
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "PREFECT_API_DATABASE_CONNECTION_URL",
)


class Answer(Enum):
    """What is found at a port."""

    NOTHING = "nothing listens there"
    PREFECT = "a Prefect server"
    SOMETHING_ELSE = "something that is no Prefect server"


def found_at(api: str) -> Answer:
    """What answers at the address of an API."""
    try:
        with urllib.request.urlopen(f"{api}/health", timeout=5) as answer:
            healthy = answer.status == 200 and answer.read().strip() == b"true"
    except urllib.error.HTTPError:
        return Answer.SOMETHING_ELSE
    except urllib.error.URLError as error:
        refused = isinstance(error.reason, ConnectionRefusedError)
        return Answer.NOTHING if refused else Answer.SOMETHING_ELSE
    except (OSError, ValueError):
        return Answer.SOMETHING_ELSE
    return Answer.PREFECT if healthy else Answer.SOMETHING_ELSE


def require_free(port: int) -> None:
    """Raises InputError if something else has the port."""
    if found_at(f"http://127.0.0.1:{port}/api") is Answer.SOMETHING_ELSE:
        raise InputError(
            f"port {port} is taken by something that is not a Prefect server; end it, or choose "
            "another port with --port"
        )


def start_server(children: Children, port: int, ledger_url: str, log: Path) -> None:
    """Starts the server at this port of the loopback interface; it is not ready yet."""
    address = f"http://127.0.0.1:{port}"
    environment = environment_without(
        "PREFECT_API_URL",
        PREFECT_SERVER_API_HOST="127.0.0.1",
        PREFECT_SERVER_API_PORT=str(port),
        PREFECT_SERVER_UI_API_URL=f"{address}/api",
        **SETTINGS,
    )
    trigrams = "yes"
    if not any(name in environment for name in DATABASE_VARIABLES):
        environment[DATABASE_VARIABLES[0]] = prefect_database(ledger_url)
        trigrams = "yes" if has_trigrams(ledger_url) else "no"
    # Without Prefect's command line: it takes seconds to load, and stays between us and the server.
    arguments = ["-m", "flows.operating.serve", str(port), trigrams]
    children.start("Prefect server", arguments, log, environment)


def wait_for(children: Children, api: str) -> None:
    """Returns when the server answers.

    Raises:
        OrderworksError: if it ends, or does not answer in time.
    """
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while found_at(api) is not Answer.PREFECT:
        children.require_alive()
        if time.monotonic() > given_up_at:
            raise OrderworksError(
                f"the Prefect server at {api} does not answer after {PATIENCE_SECONDS} s; see its log"
            )
        time.sleep(0.1)
