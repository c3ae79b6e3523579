"""A gateway over the small session, for each test its own broker."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from orderworks.market.calendar import Session

from .gateway import Gateway
from .running import running
from .small_session import SESSION, market, write_market

Serves = Callable[..., AbstractAsyncContextManager[tuple[Gateway, int]]]
"""Runs a gateway on the test's own record: the session, and options as ``Gateway`` takes."""


@pytest.fixture(scope="session")
def small_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"))


@pytest.fixture
def serves(ledger_url: str, small_market: Path) -> Serves:
    @asynccontextmanager
    async def serve(
        session: Session = SESSION, **options: Any
    ) -> AsyncIterator[tuple[Gateway, int]]:
        async with running(ledger_url, market(small_market, session), session, **options) as served:
            yield served

    return serve
