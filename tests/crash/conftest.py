"""The workers that are killed, where and on which market they trade, and what they are judged by."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache, partial
from pathlib import Path

import judging
import pytest
from forking import Forks
from lives import Lives, Unhurt
from synthetic_day import SESSION, write_market
from venues import Venue, at_gateway, in_process

WORKER, GATEWAYS = (Path(__file__).with_name(name) for name in ("worker.py", "gateways.py"))

Database = Callable[[], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def recorded_market(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_market(tmp_path_factory.mktemp("market"), SESSION))


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory, recorded_market: str) -> Iterator[Forks]:
    """Runs ``worker.py`` with the name of a scenario and the address of a database."""
    with Forks(str(WORKER), {}, tmp_path_factory.mktemp("workers"), recorded_market) as processes:
        yield processes


@pytest.fixture(scope="session")
def exchange() -> Venue:
    return Venue(in_process, judging.EXCHANGE)


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, recorded_market: str) -> Iterator[Venue]:
    directory = tmp_path_factory.mktemp("gateways")
    with Forks(str(GATEWAYS), {}, directory, recorded_market) as processes:
        yield Venue(partial(at_gateway, processes, directory), judging.GATEWAY)


@pytest.fixture
def there(request: pytest.FixtureRequest, venue: str) -> Venue:
    """Where a test's worker trades; venues that it does not name are not started."""
    found: Venue = request.getfixturevalue(venue)
    return found


@pytest.fixture
def lives(there: Venue, scenario: str, workers: Forks, ledger_url: str) -> Iterator[Lives]:
    """A worker's lives on an empty ledger."""
    with there.serving(scenario, ledger_url) as leads_there:
        yield Lives(workers, there, scenario, ledger_url, leads_there)


@pytest.fixture(scope="session")
def unhurt_at(workers: Forks, fresh_database: Database) -> Callable[[Venue, str], Unhurt]:
    @cache
    def of(there: Venue, scenario: str) -> Unhurt:
        with fresh_database() as url, there.serving(scenario, url) as leads_there:
            lives = Lives(workers, there, scenario, url, leads_there)
            passed = lives.passed()
            return Unhurt(lives.recorded(), lives.fills(), passed)

    return of


@pytest.fixture
def unhurt(there: Venue, scenario: str, unhurt_at: Callable[[Venue, str], Unhurt]) -> Unhurt:
    """What comes of the scenario where nobody kills the worker."""
    return unhurt_at(there, scenario)
