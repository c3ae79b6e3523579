"""What must be true of the ledger and of the exchange's own record after any run, however it went."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from synthetic_day import OPENING_CASH

from orderworks.ledger.connection import Ledger

ENDED = ("CANCELLED", "REJECTED", "EXPIRED")
LIVE = ("SUBMITTED", "PARTIALLY_FILLED")


@dataclass(frozen=True, slots=True)
class Record:
    """Where a broker keeps what reached it, under the names that we gave.

    Attributes:
        orders: a table, or a query in brackets, of client_order_id, state, quantity, filled_quantity:
            a row for each order that it ever had.
        fills: another, of the columns of ``fills_told`` and more.
        fills_told: what of an execution it tells us as it is on record.
    """

    orders: str
    fills: str
    fills_told: str


EXCHANGE = Record(
    "exchange.orders",
    "exchange.fills",
    "exec_id, client_order_id, symbol, side, quantity, price, commission, ts",
)
"""Of the simulated exchange."""

NAMED_AT_GATEWAY = (
    "(SELECT document -> 'fields' ->> 'orderRef' AS name, perm_id::text FROM gateway.orders) named"
)
GATEWAY = Record(
    f"(SELECT name AS client_order_id, perm_id, state, quantity, filled_quantity FROM {NAMED_AT_GATEWAY} "
    "LEFT JOIN exchange.orders ON client_order_id = perm_id) orders",
    "(SELECT name AS client_order_id, symbol, side, quantity, price, commission, ts "
    f"FROM exchange.fills JOIN {NAMED_AT_GATEWAY} ON client_order_id = perm_id) fills",
    "client_order_id, symbol, side, quantity, price, commission, ts",
)
"""Of the test gateway: its book has our names, the exchange behind it knows orders by their permId.

It names executions in a form of its own.
"""


@dataclass(frozen=True, slots=True)
class Total:
    """How many orders the exchange ever received, and how many shares it traded."""

    orders: int
    shares: int


def rows(ledger: Ledger, query: str, *parameters: object) -> list[dict[str, Any]]:
    return ledger.execute(query.encode(), parameters).fetchall()


def exchange_total(ledger: Ledger) -> Total:
    """What has reached the exchange, by its own record; nothing where it was never connected."""
    (there,) = rows(ledger, "SELECT to_regclass('exchange.orders') IS NOT NULL AS found")
    if not there["found"]:
        return Total(0, 0)
    (orders,) = rows(ledger, "SELECT count(*) AS n FROM exchange.orders")
    (traded,) = rows(ledger, "SELECT coalesce(sum(quantity), 0)::bigint AS n FROM exchange.fills")
    return Total(orders["n"], traded["n"])


def require_sound_books(ledger: Ledger, record: Record = EXCHANGE) -> None:
    """No order twice, none lost, every parent's sum right, books equal to the cent, no breaks."""
    _require_each_name_once(ledger, record)
    _require_sums(ledger, record)
    _require_equal_fills(ledger, record)
    _require_equal_portfolios(ledger)
    assert rows(ledger, "SELECT * FROM breaks WHERE resolved_at IS NULL") == []


def _require_each_name_once(ledger: Ledger, record: Record) -> None:
    received = Counter(
        row["client_order_id"]
        for row in rows(ledger, f"SELECT client_order_id FROM {record.orders}")
    )
    assert [name for name, times in received.items() if times > 1] == []
    sent = rows(ledger, "SELECT client_order_id FROM orders WHERE reaches_broker")
    assert received.keys() <= {row["client_order_id"] for row in sent}


def _require_sums(ledger: Ledger, record: Record) -> None:
    """sum(fills) + open + cancelled = ordered: fills and open by the broker, the rest by the ledger."""
    filled, resting, waiting = Counter[str](), Counter[str](), Counter[str]()
    parent_of = {}
    for sent in rows(ledger, "SELECT * FROM orders WHERE reaches_broker"):
        parent = sent["parent_id"] or sent["client_order_id"]
        parent_of[sent["client_order_id"]] = parent
        if sent["state"] == "NEW":
            waiting[parent] += sent["planned_quantity"]
    for fill in rows(ledger, f"SELECT * FROM {record.fills}"):
        filled[parent_of[fill["client_order_id"]]] += fill["quantity"]
    for order in rows(ledger, f"SELECT * FROM {record.orders} WHERE state = ANY(%s)", list(LIVE)):
        resting[parent_of[order["client_order_id"]]] += order["quantity"] - order["filled_quantity"]
    for parent in rows(ledger, "SELECT * FROM orders WHERE parent_id IS NULL"):
        name = parent["client_order_id"]
        ended = parent["state"] in ENDED
        cancelled = parent["quantity"] - parent["filled_quantity"] if ended else 0
        still_open = resting[name] + waiting[name]
        assert filled[name] + still_open + cancelled == parent["quantity"], parent
        assert parent["filled_quantity"] == filled[name], parent
        # An exit is as large as its entry was when it was sent; what reduces, as what was left; and a
        # worked order gives up what it missed.
        given_up = parent["algo"] != "none" and parent["revision"] > 0
        if parent["attached_to"] is None and not (parent["reduce_only"] or given_up):
            assert parent["planned_quantity"] == parent["quantity"], parent


def _require_equal_fills(ledger: Ledger, record: Record) -> None:
    told = record.fills_told
    ours, theirs = (
        rows(ledger, f"SELECT {told} FROM {table} ORDER BY {told}")
        for table in ("fills", record.fills)
    )
    assert ours == theirs


def _require_equal_portfolios(ledger: Ledger) -> None:
    """Cash and positions by the ledger, by the exchange, and counted again from the fills."""
    cash, held = OPENING_CASH, Counter[str]()
    for fill in rows(ledger, "SELECT * FROM fills"):
        sign = 1 if fill["side"] == "buy" else -1
        cash -= sign * fill["quantity"] * fill["price"] + fill["commission"]
        held[fill["symbol"]] += sign * fill["quantity"]
    (ours,) = rows(ledger, "SELECT balance FROM cash")
    (theirs,) = rows(ledger, "SELECT cash FROM exchange.accounts")
    assert ours["balance"] == theirs["cash"] == cash
    for table in ("positions", "exchange.positions"):
        found = rows(ledger, f"SELECT symbol, quantity FROM {table} WHERE quantity <> 0")
        expected = {symbol: quantity for symbol, quantity in held.items() if quantity}
        assert {row["symbol"]: row["quantity"] for row in found} == expected


def require_fills_on_the_tape(ledger: Ledger, directory: str, session: date, cap_pct: int) -> None:
    """Every fill lies in its second's quote or trades; no order took more than its part of them."""
    folder = Path(directory) / str(session)
    quotes, bars = (
        dict(tuple(pd.read_parquet(folder / name).groupby("symbol")))
        for name in ("quotes.parquet", "bars.parquet")
    )
    orders = rows(ledger, "SELECT * FROM exchange.orders")
    received = {order["client_order_id"]: order["received_at"] for order in orders}
    taken = Counter[str]()
    fills = rows(ledger, "SELECT * FROM exchange.fills ORDER BY ts, exec_id")
    assert fills
    for fill in fills:
        name, ts, price = fill["client_order_id"], fill["ts"], float(fill["price"])
        assert ts > received[name], fill
        quoted, traded = quotes[fill["symbol"]], bars[fill["symbol"]]
        quote = quoted[quoted["ts"] <= ts].iloc[-1]
        bar = traded[traded["ts"] == ts]
        in_quote = quote["bid"] <= price <= quote["ask"]
        in_trades = len(bar) == 1 and bar["low"].iloc[0] <= price <= bar["high"].iloc[0]
        assert in_quote or in_trades, fill
        taken[name] += fill["quantity"]
        since = traded[(traded["ts"] > received[name]) & (traded["ts"] <= ts)]["volume"].sum()
        assert 100 * taken[name] <= cap_pct * since, fill
