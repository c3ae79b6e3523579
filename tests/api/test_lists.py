"""Lists: their rows, filters, orders, cursors, and how a question fails."""

from itertools import pairwise
from typing import Any

import psycopg
import pytest
from asked_api import Api, items, pages
from small_ledger import ACCOUNT, RUN_KEY, SESSION, START, name_of
from starlette.testclient import TestClient
from working_orders import open_books, order, plan_orders

from orderworks.api.application import application
from orderworks.health.looking import Watch
from orderworks.ledger import overview
from orderworks.ledger.reading_pool import ReadingPool
from orderworks.ledger.resources import RESOURCES
from orderworks.settings import load_settings


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
        ("GET", "/api/v1/orders?symbol=AIG&symbol=BAC", 422, "correct symbol: it is given more"),
        ("GET", "/api/v1/fills?limit=1&session=2026-11-20&limit=2", 422, "correct limit: it is"),
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


def test_open_orders_of_a_run_are_counted_as_the_command_line_counts_them(own: Api) -> None:
    account = open_books(own.books).account
    entry = order("p", 10, algo="none")
    plan_orders(own.books, entry, order("stop", 10, algo="none", side="sell", attached_to="p"))
    for one, counted in ((account, [1]), (ACCOUNT, [0, 1])):
        served = [run["open_orders"] for run in items(own.client, "runs", account=one)]
        assert served == overview.runs(own.books, [one], 100).values("open_orders") == counted


def test_nothing_can_be_written_through_the_pool(shared: Api) -> None:
    with (
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
        shared.pool.reading() as ledger,
    ):
        ledger.execute("UPDATE runs SET message = 'changed'")


def test_a_database_that_is_away_is_a_problem_too() -> None:
    away = "postgresql://nobody@127.0.0.1:1/none"
    served = application(
        ReadingPool(lambda: away, 2), Watch(lambda: away, load_settings()), ACCOUNT
    )
    answer = TestClient(served, raise_server_exceptions=False).get("/api/v1/orders")
    assert (answer.status_code, answer.json()["status"]) == (503, 503)
    assert "does not answer" in answer.json()["detail"]
