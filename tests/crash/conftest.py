"""The workers that are killed, the market on which they trade, and what they are judged by."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

import pytest
from forking import Forks
from lives import Lives, Unhurt, recorded
from synthetic_day import SESSION, write_market

WORKER = Path(__file__).with_name("worker.py")

Database = Callable[[], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Runs ``worker.py`` with the name of a scenario and the address of a database."""
    market = write_market(tmp_path_factory.mktemp("market"), SESSION)
    with Forks(str(WORKER), {}, tmp_path_factory.mktemp("workers"), str(market)) as processes:
        yield processes


@pytest.fixture
def lives(workers: Forks, ledger_url: str) -> Lives:
    """A worker's lives on an empty ledger."""
    return Lives(workers, ledger_url)


@pytest.fixture(scope="session")
def unhurt(workers: Forks, fresh_database: Database) -> Callable[[str], Unhurt]:
    """What comes of each scenario where nobody kills the worker."""

    @cache
    def of(scenario: str) -> Unhurt:
        with fresh_database() as url:
            passed = Lives(workers, url).passed(scenario)
            return Unhurt(recorded(url), passed)

    return of
