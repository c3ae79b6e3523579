"""What the report of execution quality is made from: a question, a query."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from orderworks.ledger.connection import Ledger
from orderworks.ledger.limits_in_force import AT_FILL
from orderworks.ledger.listings import ask
from orderworks.model.listing import Listing

MOST_ROWS = 50
"""Of rejects, refusals, breaks and alerts, as many as are read; how many there are is said."""


def measured_orders(
    ledger: Ledger, account: str, first: date, last: date
) -> Sequence[Mapping[str, Any]]:
    """The measured parents of the sessions from ``first`` to ``last``, with all that is known of each.

    Returns:
        The columns of order_quality, and of the order: run_key, began_at (its release; that of an exit
        is when it was hit) and worked_until (its last fill, else its end).
    """
    return ledger.execute(
        "SELECT q.*, r.run_key, o.began_at, "
        "coalesce(o.last_fill_at, least(o.closed_at, o.ends_at), o.ends_at) AS worked_until "
        "FROM order_quality q JOIN LATERAL (SELECT *, CASE WHEN attached_to IS NULL THEN released_at "
        "ELSE first_fill_at END AS began_at FROM orders) o USING (client_order_id) "
        "JOIN runs r ON r.run_id = o.run_id "
        "WHERE q.account = %s AND q.session BETWEEN %s AND %s "
        "ORDER BY q.session, q.strategy, q.symbol, q.client_order_id",
        (account, first, last),
    ).fetchall()


def unmeasured_parents(ledger: Ledger, account: str, first: date, last: date) -> dict[date, int]:
    """How many orders of each of these sessions were to be measured and are not, earliest first.

    To be measured are those that ``orderworks.ledger.quality.load_for_measuring`` takes: the parents
    that were sent to a market, and the exits that were hit. A session that lacks none is not in it.
    """
    rows = ledger.execute(
        "SELECT r.session, count(*) AS orders FROM runs r JOIN orders o USING (run_id) "
        "WHERE r.account = %s AND r.session BETWEEN %s AND %s AND o.parent_id IS NULL "
        "AND o.released_at IS NOT NULL AND (o.attached_to IS NULL OR o.filled_quantity > 0) "
        "AND NOT EXISTS (SELECT 1 FROM order_quality q WHERE q.account = r.account "
        "AND q.session = r.session AND q.client_order_id = o.client_order_id) "
        "GROUP BY r.session ORDER BY r.session",
        (account, first, last),
    )
    return {row["session"]: row["orders"] for row in rows}


def daily_costs(
    ledger: Ledger, account: str, first: date, last: date, before: int
) -> Sequence[Mapping[str, Any]]:
    """The cost of each measured session from ``first`` to ``last`` and of the ``before`` ones earlier.

    Returns:
        session, orders, cost (of the orders whose shortfall is known, None where it is of none),
        paper (quantity * decision price of these), oldest first.
    """
    return ledger.execute(
        "WITH days AS (SELECT session FROM daily_quality WHERE account = %(account)s "
        "AND dimension = 'day' AND session <= %(last)s), chosen AS ("
        "SELECT session FROM days WHERE session >= %(first)s UNION ALL "
        "(SELECT session FROM days WHERE session < %(first)s ORDER BY session DESC LIMIT %(before)s)) "
        "SELECT session, count(*) AS orders, sum(shortfall_total) AS cost, "
        "coalesce(sum(quantity * decision_price) FILTER (WHERE shortfall_total IS NOT NULL), 0) AS paper "
        "FROM order_quality JOIN chosen USING (session) WHERE account = %(account)s "
        "GROUP BY session ORDER BY session",
        {"account": account, "first": first, "last": last, "before": before},
    ).fetchall()


def fills_of(ledger: Ledger, parents: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    """The fills of some parents that stand, by time: parent_id, ts, quantity, price, and as limit_price
    the limit that the child had then."""
    return ledger.execute(
        "SELECT coalesce(sent.parent_id, sent.client_order_id) AS parent_id, fill.ts, fill.quantity, "
        "fill.price, in_force.limit_price FROM orders sent JOIN executions fill USING (client_order_id) "
        f"{AT_FILL} WHERE sent.client_order_id = ANY(%(parents)s) OR sent.parent_id = ANY(%(parents)s) "
        "ORDER BY fill.ts, fill.exec_id".encode(),
        {"parents": list(parents)},
    ).fetchall()


def markets_of(ledger: Ledger, account: str, first: date, last: date) -> dict[date, str]:
    """The directory of the recorded market that the runs of a session replayed, where they did."""
    rows = ledger.execute(
        "SELECT DISTINCT ON (session) session, settings ->> 'market' AS market FROM runs "
        "WHERE account = %s AND session BETWEEN %s AND %s AND settings ->> 'market' IS NOT NULL "
        "ORDER BY session, run_id DESC",
        (account, first, last),
    )
    return {row["session"]: row["market"] for row in rows}


def rejects(ledger: Ledger, account: str, first: date, last: date) -> Listing:
    """What a broker, or we before it, did not take; the exits of a rejected entry are not told."""
    return ask(
        ledger,
        f"""
        SELECT o.closed_at AS at, o.client_order_id, o.symbol, o.side, o.quantity, o.reason,
               count(*) OVER () AS of
        FROM runs r JOIN orders o USING (run_id)
        LEFT JOIN orders entry ON entry.client_order_id = o.attached_to
        WHERE r.account = %(account)s AND r.session BETWEEN %(first)s AND %(last)s
          AND o.state = 'REJECTED' AND o.reaches_broker
          AND entry.state IS DISTINCT FROM 'REJECTED'
        ORDER BY o.closed_at, o.client_order_id LIMIT {MOST_ROWS}
        """,
        account=account,
        first=first,
        last=last,
    )


def refusals(ledger: Ledger, account: str, first: date, last: date) -> Listing:
    """The signals that came to no order, by code: how many, and the first with its reason."""
    return ask(
        ledger,
        f"""
        SELECT d.code, count(*) AS signals, min(d.symbol) AS symbol,
               (array_agg(d.reason ORDER BY d.symbol, d.strategy))[1] AS reason
        FROM runs r JOIN risk_decisions d USING (run_id)
        WHERE r.account = %(account)s AND r.session BETWEEN %(first)s AND %(last)s
          AND NOT d.accepted
        GROUP BY d.code ORDER BY count(*) DESC, d.code LIMIT {MOST_ROWS}
        """,
        account=account,
        first=first,
        last=last,
    )


def breaks(ledger: Ledger, account: str, first: date, last: date) -> Listing:
    """The differences from the broker's books that were found then, or before and were open still."""
    return ask(
        ledger,
        f"""
        SELECT found_at AS at, kind, subject, ours, theirs, resolution,
               resolved_at IS NULL AS open, count(*) OVER () AS of,
               count(*) FILTER (WHERE resolved_at IS NULL) OVER () AS open_of
        FROM breaks WHERE account = %(account)s
          AND (found_at AT TIME ZONE 'America/New_York')::date <= %(last)s
          AND (resolved_at IS NULL
               OR (resolved_at AT TIME ZONE 'America/New_York')::date >= %(first)s)
        ORDER BY resolved_at IS NOT NULL, found_at, id LIMIT {MOST_ROWS}
        """,
        account=account,
        first=first,
        last=last,
    )


def alerts(ledger: Ledger, account: str, first: date, last: date) -> Listing:
    """What a person was to be told of these days, by New York's date."""
    return ask(
        ledger,
        f"""
        SELECT at, kind, message, count(*) OVER () AS of
        FROM alerts WHERE account = %(account)s
          AND (at AT TIME ZONE 'America/New_York')::date BETWEEN %(first)s AND %(last)s
        ORDER BY at, id LIMIT {MOST_ROWS}
        """,
        account=account,
        first=first,
        last=last,
    )


def experiment_orders(
    ledger: Ledger, account: str, first: date, last: date
) -> Sequence[Mapping[str, Any]]:
    """Of the experiments that drew an order in these sessions, all that they drew until ``last``.

    Returns:
        experiment, kind, control, treatment, share, seed, as they were set for the order's run; stratum,
        treated; released: whether it was sent to a market; shortfall_bps, None where it is not known;
        paper (quantity * decision price, what the shortfall is of) and of it filled, None where the
        order was not measured.
    """
    return ledger.execute(
        "WITH drawn AS (SELECT x.*, r.session, r.settings FROM experiment_orders x "
        "JOIN runs r USING (run_id) WHERE r.account = %(account)s AND r.session <= %(last)s) "
        "SELECT d.experiment, e.kind, e.control, e.treatment, e.share, e.seed, d.stratum, d.treated, "
        "o.released_at IS NOT NULL AS released, q.shortfall_bps, "
        "(q.quantity * q.decision_price)::float8 AS paper, "
        "(q.filled_quantity * q.decision_price)::float8 AS filled "
        "FROM drawn d CROSS JOIN LATERAL jsonb_to_recordset(d.settings -> 'experiments') AS "
        "e (name text, kind text, control text, treatment text, share float8, seed bigint) "
        "JOIN orders o USING (client_order_id) LEFT JOIN order_quality q USING (client_order_id) "
        "WHERE e.name = d.experiment AND d.experiment IN "
        "(SELECT experiment FROM drawn WHERE session >= %(first)s) "
        "ORDER BY d.experiment, d.session, client_order_id",
        {"account": account, "first": first, "last": last},
    ).fetchall()
