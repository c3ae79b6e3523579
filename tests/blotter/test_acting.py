"""What can be done from the page, by whom, and what is refused."""

import csv
import socket
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from busy_ledger import ACCOUNT, order_of, plan_run, write_session
from served_blotter import Served, served_blotter

from orderworks.api.access import COOKIE
from orderworks.blotter.exporting import safe
from orderworks.desk.kill_switch import throw
from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.connection import Ledger
from orderworks.ledger.controls import kill_reason
from orderworks.ledger.leases import take_lease
from orderworks.ledger.movements import Release, permit
from orderworks.model.errors import KillSwitchThrown, LedgerUnavailable, OrderworksError
from orderworks.settings import load_settings

TOKEN = "a-token-that-nobody-guesses"
PATHS = (
    "/",
    "/orders",
    "/orders.csv",
    "/api/v1/orders",
    "/api/v1/openapi.json",
    "/static/blotter.css",
)


@pytest.fixture
def books(ledger: Ledger) -> Ledger:
    write_session(ledger, 20, sessions=1)
    return ledger


@pytest.fixture
def served(
    books: Ledger, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    monkeypatch.setenv("ORDERWORKS_DATABASE_URL", ledger_url)
    settings = load_settings()
    with served_blotter(
        ledger_url, tmp_path, stop=lambda reason, flatten: throw(settings, reason, flatten=flatten)
    ) as running:
        yield running


def kill(served: Served, **form: str) -> httpx.Response:
    return httpx.post(f"{served.address}/kill", data=form, timeout=60)


def test_the_kill_switch_stops_what_would_be_sent_next(served: Served, books: Ledger) -> None:
    one = order_of(900, "rebalance:next")
    plan_run(
        books,
        "rebalance:next",
        [one | {"algo": "none", "order_type": "market", "limit_price": None}],
    )
    answer = kill(
        served, form_token=served.guard.form_token, reason="the feed is wrong", confirm=ACCOUNT
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert kill_reason(books, ACCOUNT) == "the feed is wrong"
    # As 'orderworks kill' does, which the page has do the rest: it is told once.
    throw(load_settings(), "the feed is wrong")
    told = "SELECT count(*) AS n FROM alerts WHERE kind = 'kill_switch'"
    assert books.execute(told).fetchone() == {"n": 1}
    lease = take_lease(books, ACCOUNT, "process 1 on here", 60)
    assert lease is not None
    name = one["client_order_id"]
    released = Release(
        name, one["quantity"], "market", None, one["decision_price"], one["decision_price"], 1
    )
    with pytest.raises(KillSwitchThrown):
        permit(books, lease, [released], one["due_at"])
    assert "Sending is stopped." in httpx.get(f"{served.address}/orders").text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"reason": "why", "confirm": ACCOUNT}, "this page was opened before"),
        ({"form_token": "x", "reason": "why", "confirm": ACCOUNT}, "this page was opened before"),
        ({"form_token": "ü", "reason": "why", "confirm": ACCOUNT}, "this page was opened before"),
        ({"form_token": "right", "reason": " ", "confirm": ACCOUNT}, "say why"),
        ({"form_token": "right", "reason": "why", "confirm": ""}, "type SIM1"),
        ({"form_token": "right", "reason": "why", "confirm": "sim1"}, "type SIM1"),
    ],
)
def test_without_its_token_a_reason_and_the_account_nothing_is_stopped(
    served: Served, books: Ledger, form: dict[str, str], said: str
) -> None:
    if form.get("form_token") == "right":
        form = form | {"form_token": served.guard.form_token}
    answer = kill(served, **form)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert kill_reason(books, ACCOUNT) is None


def test_asking_for_the_page_stops_nothing(served: Served, books: Ledger) -> None:
    query = f"?form_token={served.guard.form_token}&reason=why&confirm={ACCOUNT}"
    assert httpx.get(f"{served.address}/kill{query}").status_code == 200
    assert kill_reason(books, ACCOUNT) is None


@pytest.mark.parametrize("body", [b"\xff=1", b"x" * 20_000])
def test_what_is_no_form_is_a_problem(served: Served, body: bytes) -> None:
    answer = httpx.post(f"{served.address}/kill", content=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def own_address() -> str:
    """An address of this machine that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            line.connect(("192.0.2.1", 9))
            found = str(line.getsockname()[0])
        except OSError:
            found = ""
    if not found or found.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    return found


def test_off_loopback_nothing_is_served_without_the_token(
    books: Ledger, ledger_url: str, tmp_path: Path
) -> None:
    outside = own_address()
    with served_blotter(ledger_url, tmp_path, host="0.0.0.0", token=TOKEN) as served:
        address = f"http://{outside}:{served.port}"
        with httpx.Client(base_url=address, timeout=60) as client:
            for path in PATHS:
                assert client.get(path).status_code == 401, path
                bearer = {"Authorization": f"Bearer {TOKEN}"}
                assert client.get(path, headers=bearer).status_code == 200, path
            asked = client.get("/", headers={"Accept": "text/html"})
            assert (asked.status_code, asked.headers["location"]) == (303, "/login")
            login = client.get("/login")
            assert ACCOUNT not in login.text
            assert "sha256-" in login.headers["content-security-policy"]
            wrong = client.post("/login", data={"token": TOKEN[:-1]})
            assert (wrong.status_code, COOKIE in wrong.cookies) == (401, False)
            right = client.post("/login", data={"token": TOKEN})
            assert right.status_code == 303
            kept = right.headers["set-cookie"]
            assert "HttpOnly" in kept
            assert "SameSite=strict" in kept
            for path in PATHS:
                assert client.get(path).status_code == 200, path


def test_a_file_has_every_row_and_nothing_that_a_spreadsheet_would_run(
    served: Served, books: Ledger
) -> None:
    message = '=HYPERLINK("http://evil.example")'
    raise_alerts(books, ACCOUNT, [Alert("slippage", "=cause", message, order_of(1)["due_at"])])
    rows = list(csv.DictReader(httpx.get(f"{served.address}/alerts.csv").text.splitlines()))
    found = next(row for row in rows if "HYPERLINK" in row["message"])
    assert (found["message"], found["cause"]) == (f"'{message}", "'=cause")
    orders = list(csv.DictReader(httpx.get(f"{served.address}/orders.csv").text.splitlines()))
    assert len(orders) == 20
    assert httpx.get(f"{served.address}/orders.csv").headers["content-disposition"] == (
        'attachment; filename="orderworks-orders-2026-11-20.csv"'
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_a_text_that_begins_like_a_formula_is_quoted(text: str) -> None:
    assert safe(text) == f"'{text}"


def test_a_number_below_zero_stays_a_number() -> None:
    assert (safe(-5), safe(Decimal("-5.10")), safe(-0.5), safe(None)) == (-5, "-5.10", -0.5, None)


def test_a_portion_after_the_first_is_exported_too(
    served: Served, books: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderworks.blotter.exporting.PORTION", 3)
    rows = list(csv.DictReader(httpx.get(f"{served.address}/orders.csv").text.splitlines()))
    assert len({row["client_order_id"] for row in rows}) == len(rows) == 20


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (LedgerUnavailable("it is away"), "The kill switch was not thrown: it is away"),
        (OrderworksError("the kill switch is thrown, but"), "The kill switch is thrown, but"),
    ],
)
def test_a_kill_that_fails_says_how_far_it_came(
    books: Ledger, ledger_url: str, tmp_path: Path, error: OrderworksError, said: str
) -> None:
    def stop(_: str, __: bool) -> None:
        raise error

    with served_blotter(ledger_url, tmp_path, stop=stop) as served:
        form = {"form_token": served.guard.form_token, "reason": "why", "confirm": ACCOUNT}
        answer = kill(served, **form)
    assert (answer.status_code, said in answer.text) == (503, True)
