"""What each page shows, read from the ledger as it stands at one moment."""

from collections.abc import Mapping
from typing import Any

from orderworks.blotter import views
from orderworks.blotter.asking import Question, rows_of
from orderworks.blotter.cells import cell, progress
from orderworks.blotter.chart import cost_chart
from orderworks.blotter.tables import address, table_of
from orderworks.blotter.views import View
from orderworks.ledger.connection import Ledger
from orderworks.ledger.paging import page
from orderworks.ledger.resources import ORDERS
from orderworks.ledger.session_progress import session_progress

PARENTS = 25
LATEST = 5
CHARTED_SESSIONS = 60
"""A quarter of a year."""

PANELS: tuple[tuple[View, Mapping[str, Any]], ...] = (
    (views.BREAKS, {"resolved": "false"}),
    (views.ALERTS, {}),
    (views.FILLS, {}),
    (views.POSITIONS, {"sort": "-cost"}),
)
"""Beside today's orders: the first rows of other lists."""

MEASURES = {
    "shortfall_bps": "Implementation shortfall",
    "slippage_arrival_bps": "Slippage against arrival",
}


def today(ledger: Ledger, about: Question, _: Mapping[str, str]) -> dict[str, Any]:
    """Parents with their progress, and of everything else what is newest."""
    scope = {"account": about.account, "session": str(about.session or "all")}
    return {
        "progress": session_progress(ledger, about.account, about.session),
        "orders": table_of(views.ORDERS, rows_of(ledger, views.ORDERS, about, rows=PARENTS)),
        "panels": [
            (
                table_of(view, rows_of(ledger, view, about, asked, LATEST)),
                address({**(scope if view.by_session else {"account": about.account}), **asked}),
            )
            for view, asked in PANELS
        ],
        "charts": charts(ledger, about.account),
        "scope": address(scope),
    }


def listed(ledger: Ledger, about: Question, view: View, asked: Mapping[str, str]) -> dict[str, Any]:
    """A list, with its filters and where it goes on."""
    scoped = {**asked, "account": about.account}
    if view.by_session:
        scoped["session"] = str(about.session or "all")
    found = table_of(view, rows_of(ledger, view, about, asked), scoped)
    filled: dict[str, Any] = {
        "view": view,
        "table": found,
        "asked": scoped,
        "charts": [],
        "days": None,
    }
    filled["export"] = address(scoped, sort=None, cursor=None)
    if view is views.QUALITY:
        filled["charts"] = charts(ledger, about.account)
        filled["days"] = table_of(views.DAYS, rows_of(ledger, views.DAYS, about, rows=20))
    return filled


def order(ledger: Ledger, about: Question, name: str) -> dict[str, Any] | None:
    """An order with its children, fills, events and costs; None: the account has none of this name."""
    scope = {"account": about.account}
    found = page(ledger, ORDERS, {**scope, "client_order_id": name}, limit=1).listing
    if not found.rows:
        return None
    record = dict(zip(found.columns, found.rows[0], strict=True))
    children = page(ledger, ORDERS, {**scope, "parent_id": name}, sort="due_at", limit=500)
    of_it = "client_order_id" if not children.listing.rows else "parent_id"
    fills = page(ledger, views.FILLS.resource, {**scope, of_it: name}, sort="ts", limit=500)
    events = page(
        ledger, views.EVENTS.resource, {**scope, "client_order_id": name}, sort="id", limit=500
    )
    quality = page(ledger, views.QUALITY.resource, {**scope, "client_order_id": name}, limit=1)
    label = f"filled of {record['side']} {record['symbol']}"
    return {
        "order": record,
        "bar": progress(record["filled_quantity"], record["quantity"], label),
        "facts": [
            (text.replace("_", " ").capitalize(), cell(text, ORDERS.fields[text].kind, value))
            for text, value in record.items()
            if value is not None
        ],
        "tables": [
            table_of(view, rows)
            for view, rows in (
                (views.CHILDREN, children),
                (views.FILLS, fills),
                (views.EVENTS, events),
                (views.QUALITY, quality),
            )
        ],
    }


def charts(ledger: Ledger, account: str) -> list[tuple[str, Any]]:
    """What sessions cost, the latest quarter of a year; none where nothing was measured."""
    asked = {"account": account, "dimension": "day"}
    found = page(ledger, views.DAYS.resource, asked, limit=CHARTED_SESSIONS).listing
    sessions = found.values("session")[::-1]
    drawn = (
        (title, cost_chart(list(zip(sessions, found.values(name)[::-1], strict=True)), title))
        for name, title in MEASURES.items()
    )
    return [(title, chart) for title, chart in drawn if chart]
