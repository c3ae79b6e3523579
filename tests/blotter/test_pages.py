"""The pages without a browser: what they show, how they are asked, what they refuse."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from served_blotter import Served, served_blotter
from small_ledger import ACCOUNT, name_of, write_books

from orderworks.blotter.reports import address_of
from orderworks.blotter.views import LISTS
from orderworks.ledger.connection import Ledger, open_ledger


@pytest.fixture(scope="module")
def url(fresh_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    with fresh_database() as made:
        yield made


@pytest.fixture(scope="module")
def books(url: str) -> Iterator[Ledger]:
    with open_ledger(url) as opened:
        write_books(opened)
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "reports"


@pytest.fixture(scope="module")
def served(books: Ledger, url: str, folder: Path) -> Iterator[Served]:
    with served_blotter(url, folder) as running:
        yield running


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.address, timeout=60) as opened:
        yield opened


def test_today_shows_parents_breaks_alerts_fills_positions_and_quality(
    client: httpx.Client,
) -> None:
    page = client.get("/")
    assert page.status_code == 200, page.text
    for said in (
        "Session 2026-11-20",
        "AAPL",
        "MSFT",
        "30 %",
        "Rejected",
        "position",
        "a fill came late",
    ):
        assert said in page.text, said
    assert "slippage was 12.5 bps" in page.text
    assert "<svg" in page.text or "No session was measured" in page.text


@pytest.mark.parametrize("name", LISTS)
def test_every_list_can_be_shown_sorted_and_exported(client: httpx.Client, name: str) -> None:
    page = client.get(f"/{name}")
    assert page.status_code == 200, page.text
    for sort in LISTS[name].resource.sorts:
        sorted_page = client.get(f"/{name}", params={"sort": sort})
        assert sorted_page.status_code == 200, sorted_page.text
    rows = client.get(f"/{name}.csv").text.splitlines()
    assert rows[0] == ",".join(LISTS[name].resource.fields)
    assert len(rows) > 1


def test_an_order_shows_its_children_fills_events_and_cost(client: httpx.Client) -> None:
    page = client.get(f"/orders/{name_of('AAPL', 'buy', 'parent')}")
    assert page.status_code == 200, page.text
    assert name_of("AAPL", "buy", "c0") in page.text
    for title in ("Children", "Fills", "Events", "Quality"):
        assert f">{title}</h2>" in page.text
    child = client.get(f"/orders/{name_of('AAPL', 'buy', 'c0')}").text
    assert "a child of" in child


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/orders/%00", 422, "asks for what no ledger can hold"),
        ("/orders/nothing", 404, "has no order &#39;nothing&#39;"),
        ("/orders?account=OTHER", 422, "there is no account"),
        ("/orders?session=yesterday", 422, "session takes a date such as 2026-11-20"),
        ("/orders?colour=red", 422, "there is no filter &#39;colour&#39;"),
        ("/orders?state=LOST", 422, "state cannot be"),
        ("/orders?cursor=x", 422, "this cursor belongs to no page"),
        ("/reports/nothing.html", 404, "there is no report"),
        ("/orders.csv?session=x", 422, "session takes a date"),
    ],
)
def test_what_cannot_be_shown_is_told(
    client: httpx.Client, path: str, status: int, said: str
) -> None:
    page = client.get(path)
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert said.lower() in page.text.lower()


def test_filters_that_a_form_leaves_empty_are_none(client: httpx.Client) -> None:
    page = client.get("/orders?session=2026-11-20&symbol=&strategy=&side=sell&state=&run_key=").text
    assert ">MSFT</a>" in page
    assert ">AAPL</a>" not in page


def test_a_page_that_follows_is_told_only_what_has_changed(
    client: httpx.Client, books: Ledger
) -> None:
    follows = {"Orderworks-Follows": "1"}
    first = client.get("/", headers=follows)
    assert "<html" not in first.text
    assert "AAPL" in first.text
    again = {**follows, "If-None-Match": first.headers["etag"]}
    assert client.get("/", headers=again).status_code == 304
    books.execute("UPDATE runs SET message = 'again' WHERE run_key LIKE 'daily%%'")
    assert client.get("/", headers=again).status_code == 200


def test_reports_are_listed_and_shown_confined(client: httpx.Client, folder: Path) -> None:
    folder.mkdir()
    (folder / "quality-SIM1-2026-11-20.html").write_text("<!doctype html><title>Report</title>")
    (folder / "notes.txt").write_text("not a report")
    (folder / "link.html").symlink_to(folder.parent / "secret.html")
    (folder.parent / "secret.html").write_text("secret")
    assert "quality-SIM1-2026-11-20" in client.get("/reports").text
    shown = client.get("/reports/quality-SIM1-2026-11-20.html")
    assert (shown.status_code, "Report" in shown.text) == (200, True)
    assert "sandbox" in shown.headers["content-security-policy"]
    for name in ("notes.txt", "link.html", "..%2Fsecret.html", "%2e%2e/secret.html", ".html"):
        assert client.get(f"/reports/{name}").status_code == 404, name


def test_nothing_on_a_page_leads_off_the_machine(client: httpx.Client) -> None:
    for path in ("/", *(f"/{name}" for name in LISTS), "/kill", "/reports"):
        page = client.get(path)
        assert page.status_code == 200, path
        assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", page.text), path
        assert "style=" not in page.text, path
        assert "default-src 'none'" in page.headers["content-security-policy"]


def test_what_the_ledger_holds_is_text_and_never_markup(
    client: httpx.Client, books: Ledger
) -> None:
    books.execute(
        "INSERT INTO alerts (account, kind, cause, subject, message, payload, at) "
        "VALUES (%s, 'slippage', 'x', 'x', '<script>alert(1)</script>', '{}', now())",
        (ACCOUNT,),
    )
    page = client.get("/alerts?session=all").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        ("127.0.0.1", 8181, "http://127.0.0.1:8181/reports/quality.html"),
        ("0.0.0.0", 80, "http://127.0.0.1:80/reports/quality.html"),
        ("::1", 8181, "http://[::1]:8181/reports/quality.html"),
        ("desk.example", 8181, "http://desk.example:8181/reports/quality.html"),
        ("127.0.0.1", 0, None),
    ],
)
def test_where_a_report_is_seen(host: str, port: int, address: str | None) -> None:
    assert address_of(host, port, "quality.html") == address
