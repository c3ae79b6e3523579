"""The blotter in a real browser: looked at, followed, operated by keyboard, checked for accessibility."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import DRIVER, PROGRAM, Page, opened
from busy_ledger import ACCOUNT, order_of, plan_run, write_session
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from served_blotter import Served, served_blotter

from orderworks.desk.kill_switch import throw
from orderworks.ledger.connection import Ledger
from orderworks.ledger.controls import kill_reason
from orderworks.settings import load_settings

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(
        PROGRAM is None or DRIVER is None,
        reason="no browser here: install chromium and chromium-driver",
    ),
]

WIDTHS = (1400, 390)
SCHEMES = ("light", "dark")
FOLLOWS_WITHIN_SECONDS = 10
TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture
def books(ledger: Ledger) -> Ledger:
    write_session(ledger, 60)
    return ledger


@pytest.fixture
def served(
    books: Ledger, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    monkeypatch.setenv("ORDERWORKS_DATABASE_URL", ledger_url)
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "quality-SIM1-2026-11-20.html").write_text("<!doctype html><title>Report</title>")
    settings = load_settings()
    with served_blotter(
        ledger_url, reports, stop=lambda reason, flatten: throw(settings, reason, flatten=flatten)
    ) as running:
        yield running


@pytest.fixture
def page(served: Served) -> Iterator[Page]:
    with opened(served.address) as shown:
        yield shown


def servers(page: Page) -> set[str]:
    """The servers that the browser has asked since this was last looked at."""
    return {url.split("/")[2] for url in page.requested() if url.startswith(("http", "ws"))}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_accessible_and_fits(
    page: Page, served: Served, scheme: str, width: int
) -> None:
    page.look(width, dark=scheme == "dark")
    parent = order_of(2)["client_order_id"]
    for name, path in {
        "today": "/",
        "orders": "/orders?sort=-filled_quantity",
        "order": f"/orders/{parent}",
        "fills": "/fills",
        "quality": "/quality",
        "alerts": "/alerts",
        "kill": "/kill",
        "reports": "/reports",
        "refusal": "/orders?session=x",
    }.items():
        page.open(path)
        page.keep(f"blotter-{name}-{scheme}-{width}")
        assert page.violations() == [], name
        wide = page.measure("document.documentElement.scrollWidth")
        assert wide <= width, f"{name} is {wide} pixels wide"
    assert servers(page) == {f"127.0.0.1:{served.port}"}


def test_an_order_that_comes_is_shown_without_asking(page: Page, books: Ledger) -> None:
    page.open("/orders")
    page.await_text("AAPL")
    plan_run(books, "rebalance:late", [order_of(7_000, "rebalance:late", symbol="LATE")])
    WebDriverWait(page.driver, FOLLOWS_WITHIN_SECONDS).until(lambda _: "LATE" in page.text)


def test_a_page_that_is_paused_does_not_change(page: Page, books: Ledger) -> None:
    page.open("/orders")
    page.click("Following")
    assert page.driver.find_element(By.ID, "follow").get_attribute("aria-pressed") == "false"
    plan_run(books, "rebalance:late", [order_of(7_000, "rebalance:late", symbol="LATE")])
    page.requested()
    page.driver.execute_async_script("setTimeout(arguments[0], 2500)")
    assert servers(page) == set(), "a page that is paused asks nothing"
    assert "LATE" not in page.text
    page.click("Paused")
    WebDriverWait(page.driver, FOLLOWS_WITHIN_SECONDS).until(lambda _: "LATE" in page.text)


def test_what_is_focused_stays_focused_while_rows_change(page: Page, books: Ledger) -> None:
    page.open("/orders")
    link = page.driver.find_element(By.CSS_SELECTOR, "tbody tr:nth-child(3) a")
    link.send_keys(Keys.NULL)
    page.driver.execute_script("arguments[0].focus()", link)
    plan_run(books, "rebalance:late", [order_of(7_000, "rebalance:late", symbol="LATE")])
    WebDriverWait(page.driver, FOLLOWS_WITHIN_SECONDS).until(lambda _: "LATE" in page.text)
    assert page.driver.switch_to.active_element == link


def test_a_parent_is_opened_by_keyboard_and_shows_its_children(page: Page) -> None:
    page.open("/orders?symbol=AMZN")
    row = page.driver.find_element(By.CSS_SELECTOR, "tbody a")
    row.send_keys(Keys.ENTER)
    page.await_text("Children")
    assert "All that is known" in page.text


def test_the_kill_switch_is_thrown_from_the_page(page: Page, books: Ledger, served: Served) -> None:
    page.open("/")
    page.click("Kill switch")
    page.fill("Why", "the feed is wrong")
    page.fill("To confirm", "SIM2")
    page.click("Stop all sending")
    page.await_text(f"type {ACCOUNT}, the account that is stopped")
    assert page.violations() == []
    page.keep("blotter-kill-refused")
    assert served.stops == []
    page.fill("To confirm", ACCOUNT)
    page.click("Stop all sending")
    page.await_text("Sending is stopped.")
    page.keep("blotter-killed")
    assert page.violations() == []
    assert served.stops == [("the feed is wrong", False)]
    assert kill_reason(books, ACCOUNT) == "the feed is wrong"


def test_a_person_signs_in_with_the_token(books: Ledger, ledger_url: str, tmp_path: Path) -> None:
    with (
        served_blotter(ledger_url, tmp_path, token=TOKEN) as served,
        opened(served.address) as page,
    ):
        page.open("/orders")
        page.await_text("Token")
        assert ACCOUNT not in page.driver.page_source
        page.keep("blotter-login")
        assert page.violations() == []
        page.fill("Token", TOKEN)
        page.click("Sign in")
        page.await_text("Session 2026-11-20")
