"""Lists that are read while others write, and lines that break."""

from asked_api import Api, pages
from small_ledger import ACCOUNT, START

from orderworks.ledger.alerts import Alert, raise_alerts


def test_what_comes_meanwhile_neither_pushes_a_row_off_nor_shows_it_twice(own: Api) -> None:
    reading = pages(own.client, "alerts", limit=1)
    first = next(reading)
    later = [Alert("late_fill", f"late:{n}", "it came late", START) for n in range(2, 12)]
    raise_alerts(own.books, ACCOUNT, later)
    rest = [row for page in reading for row in page]
    assert [row["cause"] for row in first + rest] == ["late:1", "slippage:1"]


def test_rows_of_one_moment_are_each_there_once(own: Api) -> None:
    raise_alerts(
        own.books,
        ACCOUNT,
        [Alert("late_fill", f"many:{number}", "late", START) for number in range(250)],
    )
    found = [list(page) for page in pages(own.client, "alerts", sort="at", limit=100)]
    assert [len(page) for page in found] == [100, 100, 52]
    assert len({row["id"] for page in found for row in page}) == 252


def test_a_line_that_broke_is_replaced(own: Api) -> None:
    assert own.client.get("/api/v1/runs").status_code == 200
    own.books.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert own.client.get("/api/v1/runs").status_code == 200
