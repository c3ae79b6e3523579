"""A gateway from which a run falls back to the paper stub where it cannot be reached."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gateway_process import RUNS_FAST, heard, running_gateway

FALLS_BACK = RUNS_FAST | {
    "ORDERWORKS_BROKER__FALLBACK": "paper_stub",
    "ORDERWORKS_BROKER__IBKR__PORT": "1",
    "ORDERWORKS_BROKER__IBKR__CONNECT_SECONDS": "0.5",
}
"""Settings that lead to a gateway that is not there."""


@contextmanager
def gateway(environment: Mapping[str, str], market: str, *options: str) -> Iterator[dict[str, str]]:
    """A gateway as a process, and the settings that lead there."""
    with running_gateway(environment, market, 60, *options) as process:
        yield FALLS_BACK | {
            "ORDERWORKS_BROKER__IBKR__PORT": heard(process),
            "ORDERWORKS_BROKER__IBKR__CONNECT_SECONDS": "10",
        }
