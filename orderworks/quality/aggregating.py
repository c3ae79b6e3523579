"""Execution quality summed up where it is stored: of any sessions, by one or more dimensions.

The database does the work and hands over a row a group. Every measure is a sum of money over a sum of
money, sum(s * (P - B) * q) / sum(B * q), never a mean of basis points; what is not known of an order or a
fill has no part in either sum, and a group that knows nothing of a measure has none. ``daily`` says the
same of orders in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

import pandas as pd
from psycopg.rows import tuple_row

from orderworks.ledger.connection import Ledger
from orderworks.model.errors import InputError
from orderworks.quality.filling import WEIGHTS
from orderworks.quality.measuring import BENCHMARKS

DIMENSIONS: Mapping[str, str] = MappingProxyType(
    {
        "day": "session",
        **{
            name: name
            for name in (
                *("strategy", "symbol", "side", "route_rule", "order_type", "algo", "hour"),
                "size_bucket",
            )
        },
    }
)
"""By what it can be summed up, and the column that is."""

RATIOS = ("fill_rate", "participation", "spread_capture")

_SIGN = "CASE side WHEN 'buy' THEN 1 ELSE -1 END"
_WEIGHTS = {
    "mid": "(bid + ask) / 2 * quantity",
    "spread": "(ask - bid) * quantity",
    "price": "paid",
    "arrival": "arrival_price * quantity",
    # The limit of a fill's child, from the fill's price and what it cost against it.
    "limit": f"paid / (1 + {_SIGN} * slippage_limit_bps / 1e4)",
}


def _against(benchmark: str) -> str:
    fair = f"{benchmark}_price::float8 * filled_quantity"
    return f"sum({_SIGN} * (filled_notional::float8 - {fair})) / nullif(sum({fair}), 0) * 1e4"


# A sum that is written twice is added up once. Where a weight is known of just the fills of which the
# measure is (a locked quote weighs nothing), it is its own sum; elsewhere that of the fills that have it.
_AS_THEIR_WEIGHT = frozenset(
    ("slippage_arrival_bps", "effective_spread_bps", "price_improvement_bps", "spread_capture")
)
_KNOWN_WITH = {"price_impact_bps": "realized_spread_bps"}


def _weighted(measure: str, weight: str) -> str:
    by = _WEIGHTS[weight]
    known = _KNOWN_WITH.get(measure, measure)
    of = by if measure in _AS_THEIR_WEIGHT else f"CASE WHEN {known} IS NOT NULL THEN {by} END"
    return f"sum({measure} * ({by})) / nullif(sum({of}), 0)"


OF_ORDERS: Mapping[str, str] = MappingProxyType(
    {
        "orders": "count(*)",
        "unmeasured": "count(*) FILTER (WHERE shortfall_total IS NULL)",
        "quantity": "sum(quantity)::bigint",
        "filled_quantity": "sum(filled_quantity)::bigint",
        "notional": "sum(filled_notional)",
        # Of exact sums: a share of a dear symbol is not one of a cheap one.
        "fill_rate": "sum(filled_quantity * decision_price)::float8 "
        "/ sum(quantity * decision_price)::float8",
        **{f"slippage_{name}_bps": _against(name) for name in BENCHMARKS},
        "participation": "sum(filled_notional::float8) FILTER (WHERE participation > 0) "
        "/ sum(filled_notional::float8 / nullif(participation, 0))",
        "shortfall_total": "sum(shortfall_total)",
        "shortfall_bps": "(sum(shortfall_total) / sum(quantity * decision_price) "
        "FILTER (WHERE shortfall_total IS NOT NULL) * 10000)::float8",
        "fees": "sum(shortfall_fees)",
    }
)
"""What is summed up of orders: ``unmeasured`` are those whose shortfall is not known; the fill rate is of
quantity * decision price, participation of what was traded meanwhile at the price that was paid, of those
that were filled."""

OF_FILLS: Mapping[str, str] = MappingProxyType(
    {
        "fills": "count(*)",
        "slippage_limit_bps": _weighted("slippage_limit_bps", "limit"),
        **{name: _weighted(name, weight) for name, weight in WEIGHTS.items()},
    }
)
"""What is summed up of fills."""

MEASURES = (*OF_ORDERS, *OF_FILLS)

_KNOWN_OF_ORDERS = {
    f"slippage_{name}_bps": f"count({name}_price) FILTER (WHERE filled_quantity > 0)"
    for name in BENCHMARKS
}
_KNOWN_OF_FILLS = {name: f"count({name})" for name in ("slippage_limit_bps", *WEIGHTS)}


def aggregate(
    ledger: Ledger, account: str, first: date, last: date, by: Sequence[str] = ()
) -> pd.DataFrame:
    """The execution quality of an account's sessions from ``first`` to ``last``, both included.

    Args:
        by: of DIMENSIONS; a row for each combination of them that was traded, or one for all.

    Returns:
        The columns ``by`` and MEASURES, ordered by ``by``; no row where nothing was released. Money is
        Decimal or None, what is measured float64 or NaN.

    Raises:
        InputError: if there is no such dimension.
    """
    query = f"SELECT * FROM ({grouped(by)}) found ORDER BY {', '.join(_ordinals(by)) or '1'}"
    return table_of(ledger, query, {"account": account, "first": first, "last": last})


def known_of(ledger: Ledger, account: str, first: date, last: date) -> dict[str, int]:
    """Of how many each measure is known that ``aggregate`` has of these sessions.

    Returns:
        Filled orders by measure of OF_ORDERS that is against a benchmark, and fills by measure of OF_FILLS.
    """
    query = _joined((), _KNOWN_OF_ORDERS, _KNOWN_OF_FILLS)
    counts = ledger.execute(
        query.encode(), {"account": account, "first": first, "last": last}
    ).fetchone()
    return {name: (counts or {}).get(name) or 0 for name in (*_KNOWN_OF_ORDERS, *_KNOWN_OF_FILLS)}


def aggregate_fills(
    ledger: Ledger,
    account: str,
    first: date,
    last: date,
    by: Sequence[str] = (),
    measures: Iterable[str] = ("effective_spread_bps", "markout_1m_bps"),
) -> pd.DataFrame:
    """The same of fills alone, however many: their number, shares, and what they cost on arrival.

    Args:
        measures: of OF_FILLS, which are wanted beside; each costs about a second in ten million fills.

    Returns:
        The columns ``by``, fills, quantity, notional (float64: a weight, not an account),
        slippage_arrival_bps and ``measures``, ordered by ``by``.

    Raises:
        InputError: if there is no such dimension.
    """
    wanted = {
        "fills": OF_FILLS["fills"],
        "quantity": "sum(quantity)::bigint",
        "notional": f"sum({_WEIGHTS['price']})",
        "slippage_arrival_bps": _weighted("slippage_arrival_bps", "arrival"),
        **{name: OF_FILLS[name] for name in measures},
    }
    query = f"{_select('fill_quality', by, wanted)} ORDER BY {', '.join(_ordinals(by)) or '1'}"
    return table_of(ledger, query, {"account": account, "first": first, "last": last})


def grouped(by: Sequence[str], *, in_order: bool = False) -> str:
    """The query of ``aggregate``: its parameters are account, first and last.

    Args:
        in_order: add up in the order of the orders' and fills' names, so that the same rows give the same
            bits wherever they lie; it costs a sort.

    Raises:
        InputError: if there is no such dimension.
    """
    return _joined(by, OF_ORDERS, OF_FILLS, in_order)


def _joined(
    by: Sequence[str],
    of_orders: Mapping[str, str],
    of_fills: Mapping[str, str],
    in_order: bool = False,
) -> str:
    """A row a group: what is asked of its orders, and of its fills if it has any."""
    orders = _select("order_quality", by, of_orders, "client_order_id" if in_order else None)
    fills = _select("fill_quality", by, of_fills, "exec_id" if in_order else None)
    joined = f"USING ({', '.join(by)})" if by else "ON true"
    return f"SELECT * FROM ({orders}) orders LEFT JOIN ({fills}) fills {joined}"


def _select(
    table: str, by: Sequence[str], measures: Mapping[str, str], in_order_of: str | None = None
) -> str:
    """A row a group of a table, its rows added up in the order of a column, or in any."""
    unknown = [name for name in by if name not in DIMENSIONS]
    if unknown:
        raise InputError(
            f"execution quality cannot be summed up by {unknown[0]!r}; it can by "
            f"{', '.join(DIMENSIONS)}"
        )
    columns = [f"{DIMENSIONS[name]} AS {name}" for name in by]
    columns += [f"{expression} AS {name}" for name, expression in measures.items()]
    groups = f"GROUP BY {', '.join(_ordinals(by))}" if by else ""
    rows = f"{table} WHERE account = %(account)s AND session BETWEEN %(first)s AND %(last)s"
    if in_order_of is not None:
        order = ", ".join([*(DIMENSIONS[name] for name in by), in_order_of])
        rows = f"(SELECT * FROM {rows} ORDER BY {order}) in_order"
    return f"SELECT {', '.join(columns)} FROM {rows} {groups} HAVING count(*) > 0"


def _ordinals(by: Sequence[str]) -> list[str]:
    return [str(place) for place in range(1, len(by) + 1)]


def table_of(ledger: Ledger, query: str, parameters: Mapping[str, object]) -> pd.DataFrame:
    """The answer to a query of MEASURES: what is measured float64, the rest as the ledger has it."""
    with ledger.cursor(row_factory=tuple_row, binary=True) as cursor:
        rows = cursor.execute(query.encode(), parameters).fetchall()
        names = [column.name for column in cursor.description or ()]
    table = pd.DataFrame(rows, columns=names)
    measured = [name for name in names if name.endswith("_bps") or name in RATIOS]
    return table.astype(dict.fromkeys(measured, "float64"))
