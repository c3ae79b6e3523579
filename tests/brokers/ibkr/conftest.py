"""A gateway on loopback, each test's own, and the adapter that is to trade there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from gateway.gateway import PAPER_ACCOUNT, paper_terms
from gateway.running import running
from gateway.small_session import SESSION, market, write_market
from served_broker import Served, Serving

from orderworks.ledger.accounts import open_account
from orderworks.ledger.connection import open_ledger


@pytest.fixture(scope="session")
def small_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"))


@pytest.fixture
def serving(ledger_url: str, small_market: Path) -> Serving:
    @asynccontextmanager
    async def serve(account: str = PAPER_ACCOUNT, **options: Any) -> AsyncIterator[Served]:
        with open_ledger(ledger_url) as ledger:
            open_account(ledger, PAPER_ACCOUNT, "paper", "ibkr")
        options = {"speed": 1.0} | options
        async with running(
            ledger_url, market(small_market), SESSION, paper_terms(account), **options
        ) as (gateway, port):
            yield Served(gateway, port, ledger_url)

    return serve
