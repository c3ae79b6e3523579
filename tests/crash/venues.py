"""Where a worker trades while it is killed: the simulated exchange in its process, or a test gateway."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from forking import Forks, Running
from gateway.gateway import PAPER_ACCOUNT
from judging import Record
from synthetic_day import variables

NO_HOME = Path("/nonexistent")
"""Where a process whose ledger is named has nothing to look for."""
STEERED_AT = "STEERED_AT"
"""Where a worker finds the port by which the gateway's time goes on."""

EXCHANGE, GATEWAY = "exchange", "gateway"

PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Venue:
    """A broker of the worker's.

    Attributes:
        serving: of a scenario and the address of a database, what leads a worker there, as long as it
            is served.
        record: where it keeps what reached it.
    """

    name: str
    serving: Callable[[str, str], AbstractContextManager[Mapping[str, str]]]
    record: Record


@contextmanager
def gateway_for(
    gateways: Forks, directory: Path, scenario: str, url: str
) -> Iterator[dict[str, str]]:
    """A gateway over a database, whose record and log outlive every worker."""
    settings = variables(url, NO_HOME)
    log = directory / f"{url.rpartition('/')[2]}.jsonl"
    process = gateways.start(scenario, url, str(log), environment=settings)
    try:
        port, steered_at = _printed(process)
        yield {
            "ORDERWORKS_BROKER__PROVIDER": "ibkr",
            "ORDERWORKS_BROKER__IBKR__ACCOUNT_ID": PAPER_ACCOUNT,
            "ORDERWORKS_BROKER__IBKR__PORT": port,
            "ORDERWORKS_BROKER__IBKR__ANSWER_SECONDS": "0.2",
            "ORDERWORKS_BROKER__IBKR__NO_SEND": "[]",
            STEERED_AT: steered_at,
        }
    finally:
        os.kill(process.pid, signal.SIGTERM)
        ended = process.wait()
    # Whatever went wrong in the gateway itself.
    assert ended.status == 0, ended.err


def _printed(process: Running) -> list[str]:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not process.out.endswith("\n"):
        assert process.status is None, process.err
        assert time.monotonic() < give_up, process.err
        time.sleep(0.005)
    return process.out.split()
