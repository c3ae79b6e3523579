"""The blotter over a session of 100,000 orders: its first view, a page, a look that finds no change."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from browser import DRIVER, PROGRAM, opened
from busy_ledger import write_session
from pytest_benchmark.fixture import BenchmarkFixture
from served_blotter import Served, served_blotter

from orderworks.ledger.connection import open_ledger

ORDERS = 100_000
FIRST_VIEW_SECONDS = 1.0
PAGES = {
    "today": "/",
    "orders": "/orders",
    "orders by state": "/orders?sort=-filled_notional",
    "one symbol": "/orders?symbol=IBM",
    "fills": "/fills",
    "API": "/api/v1/orders?session=2026-11-20&parents=true",
}


@pytest.fixture(scope="module")
def served(
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    with fresh_database() as url:
        with open_ledger(url) as ledger:
            write_session(ledger, ORDERS, sliced=False)
            ledger.execute("VACUUM ANALYZE")
        with served_blotter(url, tmp_path_factory.mktemp("reports")) as running:
            yield running


def test_the_first_view_of_a_hundred_thousand_orders(
    served: Served, benchmark: BenchmarkFixture
) -> None:
    with httpx.Client(base_url=served.address, timeout=60) as client:
        for name, path in PAGES.items():
            took = [timed(client, path) for _ in range(5)]
            print(
                f"{name}: first {took[0] * 1000:.0f} ms, median {statistics.median(took) * 1000:.0f} ms"
            )
            assert took[0] < FIRST_VIEW_SECONDS, name
        first = client.get("/", headers={"Orderworks-Follows": "1"})
        unchanged = {"Orderworks-Follows": "1", "If-None-Match": first.headers["etag"]}
        took = [timed(client, "/", unchanged) for _ in range(20)]
        print(f"a look that finds no change: median {statistics.median(took) * 1000:.1f} ms")
        assert benchmark.pedantic(client.get, ("/",), rounds=5).status_code == 200


@pytest.mark.skipif(PROGRAM is None or DRIVER is None, reason="no browser here: install chromium")
def test_the_first_view_in_a_browser(served: Served, benchmark: BenchmarkFixture) -> None:
    with opened(served.address) as page:
        page.open("/reports")

        def show() -> float:
            page.open("/")
            return page.loaded_seconds

        took = benchmark.pedantic(show, rounds=5)
        print(f"loaded in the browser after {took * 1000:.0f} ms")
        assert took < FIRST_VIEW_SECONDS


def timed(client: httpx.Client, path: str, headers: dict[str, str] | None = None) -> float:
    begun = time.perf_counter()
    answer = client.get(path, headers=headers)
    took = time.perf_counter() - begun
    assert answer.status_code in (200, 304), answer.text
    return took


def test_an_export_streams_every_order(
    served: Served, benchmark: BenchmarkFixture, tmp_path: Path
) -> None:
    def export() -> int:
        with httpx.stream("GET", f"{served.address}/orders.csv", timeout=120) as answer:
            return sum(chunk.count(b"\n") for chunk in answer.iter_bytes())

    begun = time.perf_counter()
    assert benchmark.pedantic(export, rounds=1) == ORDERS + 1
    print(f"exported in {time.perf_counter() - begun:.1f} s")
