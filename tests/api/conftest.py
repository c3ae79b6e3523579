"""A ledger with something in it, and its API, asked in this process."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from asked_api import Api, opened
from fastapi import FastAPI
from starlette.testclient import TestClient


@pytest.fixture(scope="module")
def shared(fresh_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Api]:
    """For tests that only read."""
    with fresh_database() as url, opened(url) as api:
        yield api


@pytest.fixture
def own(ledger_url: str) -> Iterator[Api]:
    """For a test that writes."""
    with opened(ledger_url) as api:
        yield api


@pytest.fixture
def client(shared: Api) -> TestClient:
    return shared.client


@pytest.fixture
def app(shared: Api) -> FastAPI:
    return shared.app
