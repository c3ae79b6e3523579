"""A ledger with something in it, and its API, asked in this process."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from small_ledger import ACCOUNT, write_books
from starlette.testclient import TestClient

from orderworks.api.application import application
from orderworks.health.looking import Watch
from orderworks.ledger.connection import Ledger
from orderworks.ledger.reading_pool import ReadingPool
from orderworks.settings import load_settings


@pytest.fixture
def books(ledger: Ledger) -> Ledger:
    write_books(ledger)
    return ledger


@pytest.fixture
def pool(ledger_url: str) -> Iterator[ReadingPool]:
    opened = ReadingPool(lambda: ledger_url, 10)
    yield opened
    opened.close()


@pytest.fixture
def app(books: Ledger, ledger_url: str, pool: ReadingPool) -> FastAPI:
    return application(pool, Watch(lambda: ledger_url, load_settings()), ACCOUNT)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)
