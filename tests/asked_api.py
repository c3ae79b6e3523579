"""The API of a small ledger, asked in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from small_ledger import ACCOUNT, write_books
from starlette.testclient import TestClient

from orderworks.api.application import application
from orderworks.health.looking import Watch
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.reading_pool import ReadingPool
from orderworks.settings import load_settings


@dataclass(frozen=True)
class Api:
    """An API, and what it reads: a line to write with, and the pool that it reads over."""

    app: FastAPI
    client: TestClient
    books: Ledger
    pool: ReadingPool


@contextmanager
def opened(url: str) -> Iterator[Api]:
    """The API of a ledger that is written first."""
    pool = ReadingPool(lambda: url, 10)
    with open_ledger(url) as books:
        write_books(books)
        app = application(pool, Watch(lambda: url, load_settings()), ACCOUNT)
        yield Api(app, TestClient(app, raise_server_exceptions=False), books, pool)
    pool.close()


def items(client: TestClient, path: str, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()["items"]
    assert isinstance(found, list)
    return found


def pages(client: TestClient, path: str, **asked: Any) -> Iterator[list[dict[str, Any]]]:
    """A list, page by page, to its end."""
    cursor = None
    while True:
        answer = client.get(
            f"/api/v1/{path}", params=asked | ({"cursor": cursor} if cursor else {})
        ).json()
        yield answer["items"]
        cursor = answer["next"]
        if cursor is None:
            return
