"""Lists: their rows, filters, orders, cursors, and how a question fails."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from small_ledger import ACCOUNT, RUN_KEY, SESSION, START, name_of
from starlette.testclient import TestClient

from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.connection import Ledger
from orderworks.ledger.reading_pool import ReadingPool
from orderworks.ledger.resources import RESOURCES


def items(client: TestClient, path: str, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()["items"]
    assert isinstance(found, list)
    return found


def pages(client: TestClient, path: str, **asked: Any) -> Iterator[list[dict[str, Any]]]:
    cursor = None
    while True:
        answer = client.get(
            f"/api/v1/{path}", params=asked | ({"cursor": cursor} if cursor else {})
        ).json()
        yield answer["items"]
        cursor = answer["next"]
        if cursor is None:
            return


def test_money_is_a_string_a_quantity_a_number_and_a_time_utc(client: TestClient) -> None:
    (order,) = items(client, "orders", parents="true", symbol="AAPL")
    assert (order["quantity"], order["filled_quantity"]) == (10, 3)
    assert order["avg_fill_price"] == "100.0266666666666667"
    assert (order["limit_price"], order["stop_price"]) == ("100.10", None)
    assert order["due_at"] == START.isoformat()
    assert (order["run_key"], order["session"]) == (RUN_KEY, SESSION.isoformat())


@pytest.mark.parametrize(
    ("path", "asked", "count"),
    [
        ("orders", {}, 4),
        ("orders", {"parents": "false"}, 2),
        ("orders", {"state": ["REJECTED", "NEW"]}, 2),
        ("orders", {"side": "sell"}, 1),
        ("orders", {"strategy": "reversion"}, 0),
        ("orders", {"session": "2026-11-19"}, 0),
        ("orders", {"since": "2999-01-01T00:00:00Z"}, 0),
        ("orders", {"parent_id": name_of("AAPL", "buy", "parent")}, 2),
        ("order-events", {"client_order_id": name_of("AAPL", "buy", "c0")}, 3),
        ("order-events", {"event": "REJECT", "run_key": RUN_KEY}, 1),
        ("fills", {"session": "2026-11-20"}, 2),
        ("fills", {"session": "2026-11-21"}, 0),
        ("fills", {"parent_id": name_of("AAPL", "buy", "parent")}, 2),
        ("positions", {}, 3),
        ("positions", {"symbol": "IBM"}, 1),
        ("order-quality", {"since": "2026-11-20"}, 1),
        ("daily-quality", {"dimension": "symbol"}, 1),
        ("breaks", {"resolved": "false"}, 1),
        ("alerts", {"kind": "slippage"}, 1),
        ("runs", {"state": "FAILED"}, 1),
        ("runs", {"account": "OTHER"}, 0),
    ],
)
def test_a_filter_lets_pass_what_it_names(
    client: TestClient, path: str, asked: dict[str, Any], count: int
) -> None:
    assert len(items(client, path, **asked)) == count


@pytest.mark.parametrize("name", RESOURCES)
def test_every_order_of_every_list_gives_each_row_once(client: TestClient, name: str) -> None:
    whole = items(client, name)
    for sort in RESOURCES[name].sorts:
        found = [row for page in pages(client, name, sort=sort, limit=1) for row in page]
        assert sorted(found, key=str) == sorted(whole, key=str), sort
        values = [row[sort.removeprefix("-")] for row in found]
        for one, next_one in pairwise(values):
            if isinstance(one, (int, float)) and isinstance(next_one, (int, float)):
                assert one >= next_one if sort.startswith("-") else one <= next_one


def test_what_comes_meanwhile_neither_pushes_a_row_off_nor_shows_it_twice(
    client: TestClient, books: Ledger
) -> None:
    reading = pages(client, "alerts", limit=1)
    first = next(reading)
    later = [Alert("late_fill", f"late:{n}", "it came late", START) for n in range(2, 12)]
    raise_alerts(books, ACCOUNT, later)
    rest = [row for page in reading for row in page]
    assert [row["cause"] for row in first + rest] == ["late:1", "slippage:1"]


def test_rows_of_one_moment_are_each_there_once(client: TestClient, books: Ledger) -> None:
    raise_alerts(
        books,
        ACCOUNT,
        [Alert("late_fill", f"many:{number}", "late", START) for number in range(250)],
    )
    found = [list(page) for page in pages(client, "alerts", sort="at", limit=100)]
    assert [len(page) for page in found] == [100, 100, 52]
    assert len({row["id"] for page in found for row in page}) == 252


def test_one_order(client: TestClient) -> None:
    name = name_of("MSFT", "sell", "parent")
    assert client.get(f"/api/v1/orders/{name}").json()["state"] == "REJECTED"
    assert client.get("/api/v1/orders/nothing").json()["detail"] == "there is no order 'nothing'"


def test_accounts_and_health(client: TestClient) -> None:
    (account,) = client.get("/api/v1/accounts").json()["items"]
    assert (account["account"], account["killed"], account["cash"]) == (
        ACCOUNT,
        False,
        "999699.2200",
    )
    told = client.get("/api/v1/health").json()
    assert told["sound"] is False, "there is an open break"


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/api/v1/nothing", 404, "there is nothing at /api/v1/nothing"),
        ("POST", "/api/v1/orders", 405, "/api/v1/orders does not take POST"),
        ("GET", "/api/v1/orders?colour=red", 422, "correct colour"),
        ("GET", "/api/v1/orders?limit=0", 422, "correct limit"),
        ("GET", "/api/v1/orders?limit=1001", 422, "correct limit"),
        ("GET", "/api/v1/orders?session=1700000000", 422, "it is written like 2026-11-20"),
        ("GET", "/api/v1/orders?sort=reason", 422, "correct sort"),
        ("GET", "/api/v1/orders?symbol=%00", 422, "correct symbol"),
        ("GET", "/api/v1/orders?cursor=made-up", 422, "this cursor belongs to no page"),
        ("GET", "/api/v1/orders?cursor=%C3%BC", 422, "this cursor belongs to no page"),
        # ["orders","-due_at","yesterday, maybe","x"]
        (
            "GET",
            "/api/v1/orders?cursor=WyJvcmRlcnMiLCItZHVlX2F0IiwieWVzdGVyZGF5LCBtYXliZSIsIngiXQ",
            422,
            "this cursor belongs to no page",
        ),
    ],
)
def test_every_failure_is_a_problem(
    client: TestClient, method: str, path: str, status: int, said: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert said in told["detail"]


def test_a_cursor_of_another_order_is_refused(client: TestClient) -> None:
    cursor = client.get("/api/v1/orders?limit=1").json()["next"]
    assert (
        client.get("/api/v1/orders", params={"cursor": cursor, "sort": "symbol"}).status_code == 422
    )


def test_nothing_can_be_written_through_the_pool(app: FastAPI, pool: ReadingPool) -> None:
    with (
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
        pool.reading() as ledger,
    ):
        ledger.execute("UPDATE runs SET message = 'changed'")


def test_a_line_that_broke_is_replaced(client: TestClient, books: Ledger) -> None:
    assert client.get("/api/v1/runs").status_code == 200
    books.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert client.get("/api/v1/runs").status_code == 200


def test_a_database_that_is_away_is_a_problem_too(app: FastAPI) -> None:
    from orderworks.api.application import application
    from orderworks.health.looking import Watch
    from orderworks.settings import load_settings

    away = "postgresql://nobody@127.0.0.1:1/none"
    served = application(
        ReadingPool(lambda: away, 2), Watch(lambda: away, load_settings()), ACCOUNT
    )
    answer = TestClient(served, raise_server_exceptions=False).get("/api/v1/orders")
    assert (answer.status_code, answer.json()["status"]) == (503, 503)
    assert "does not answer" in answer.json()["detail"]
