"""Where a worker trades while it is killed: the simulated exchange in its process, or a test gateway."""

import json
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from forking import Forks, Running
from gateway.answers import Answer
from gateway.gateway import PAPER_ACCOUNT
from judging import Record
from steered_clock import STEERED_AT
from synthetic_day import variables

NO_HOME = Path("/nonexistent")
"""Where a process whose ledger is named has nothing to look for."""

EXCHANGE, GATEWAY = "exchange", "gateway"

PATIENCE_SECONDS = 30
NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Venue:
    """A broker of the worker's.

    Attributes:
        serving: of a scenario and the address of a database, what leads a worker there, as long as it
            is served.
        record: where it keeps what reached it.
    """

    serving: Callable[[str, str], AbstractContextManager[Mapping[str, str]]]
    record: Record


@contextmanager
def in_process(scenario: str, url: str) -> Iterator[dict[str, str]]:
    """The exchange, which a worker brings with it; the account is called as it is at the gateway."""
    yield {"ORDERWORKS_BROKER__SIMULATED__ACCOUNT": PAPER_ACCOUNT}


@contextmanager
def at_gateway(
    gateways: Forks, directory: Path, scenario: str, url: str
) -> Iterator[dict[str, str]]:
    """A gateway over a database, which outlives every worker; it must have taken each order for one."""
    log = directory / f"{next(NUMBERS)}.jsonl"
    process = gateways.start(scenario, url, str(log), environment=variables(url, NO_HOME))
    try:
        port, steered_at = _printed(process)
        yield {
            "ORDERWORKS_BROKER__PROVIDER": "ibkr",
            "ORDERWORKS_BROKER__IBKR__ACCOUNT_ID": PAPER_ACCOUNT,
            "ORDERWORKS_BROKER__IBKR__PORT": port,
            "ORDERWORKS_BROKER__IBKR__NO_SEND": "[]",
            # A life that plans again asks again, and does not wait a minute for it.
            "ORDERWORKS_BROKER__IBKR__WHAT_IF_PER_MINUTE": "1000",
            STEERED_AT: steered_at,
        }
    finally:
        os.kill(process.pid, signal.SIGTERM)
        ended = process.wait()
    # Whatever went wrong in the gateway itself.
    assert ended.status == 0, ended.err
    require_each_once(log)


def require_each_once(log: Path) -> None:
    """By the gateway's log every order that it ever showed had one permId for each orderRef.

    The same name may have come under two numbers: a message can be lost when its sender dies.
    """
    perm_ids = defaultdict[str, set[int]](set)
    for said in map(json.loads, log.read_text("utf-8").splitlines()):
        if said["message"] == Answer.OPEN_ORDER.name:
            perm_ids[said["values"]["orderRef"]].add(said["values"]["permId"])
    assert [ref for ref, ids in perm_ids.items() if len(ids) != 1] == []


def _printed(process: Running) -> list[str]:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not process.out.endswith("\n"):
        assert process.status is None, process.err
        assert time.monotonic() < give_up, process.err
        time.sleep(0.005)
    return process.out.split()
