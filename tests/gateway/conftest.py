"""A gateway over the small session; each test has an account of its own."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from orderworks.market.calendar import Session

from .gateway import Gateway, paper_terms
from .running import running
from .small_session import SESSION, market, write_market

Serves = Callable[..., AbstractAsyncContextManager[tuple[Gateway, int]]]
"""Runs a gateway on the test's own record: the session, and options as ``Gateway`` takes."""

NUMBERS = count(1_000_001)


@pytest.fixture(scope="session")
def small_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="session")
def broker_url(fresh_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """One database for all these tests: whatever it keeps, it keeps by account."""
    with fresh_database() as url:
        yield url


@pytest.fixture
def account() -> str:
    return f"DU{next(NUMBERS)}"


@pytest.fixture
def serves(broker_url: str, small_market: Path, account: str) -> Serves:
    @asynccontextmanager
    async def serve(
        session: Session = SESSION, **options: Any
    ) -> AsyncIterator[tuple[Gateway, int]]:
        settled = {"terms": paper_terms(account)} | options
        async with running(broker_url, market(small_market, session), session, **settled) as served:
            yield served

    return serve
