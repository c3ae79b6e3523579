"""What the ledger answers when it is asked to be read: a question, a query, a listing.

Every filter that is None lets everything pass. Averages are quotients of exact sums.
"""

from collections.abc import Sequence
from datetime import date

from psycopg.rows import tuple_row

from orderworks.ledger.connection import Ledger
from orderworks.model.listing import Listing


def orders(
    ledger: Ledger,
    account: str,
    *,
    run_key: str | None = None,
    symbol: str | None = None,
    states: Sequence[str] | None = None,
    session: date | None = None,
    parents: bool | None = None,
    held: bool = False,
) -> Listing:
    """Orders run by run, each parent before its children.

    Args:
        session: the session of the order's run.
        parents: True for parents only, False for children only.
        held: only those that wait for a person's decision.
    """
    return ask(
        ledger,
        """
        SELECT o.client_order_id, o.parent_id, r.run_key, o.account, o.strategy, o.symbol, o.side,
               o.quantity, o.filled_quantity,
               trim_scale(o.filled_notional / nullif(o.filled_quantity, 0)) AS avg_fill_price,
               o.state, o.order_type, o.limit_price, o.stop_price, o.tif, o.algo, o.due_at,
               o.route_rule, o.reason
        FROM orders o JOIN runs r USING (run_id)
        WHERE o.account = %(account)s
          AND (%(run_key)s::text IS NULL OR r.run_key = %(run_key)s)
          AND (%(symbol)s::text IS NULL OR o.symbol = %(symbol)s)
          AND (%(states)s::text[] IS NULL OR o.state = ANY(%(states)s))
          AND (%(session)s::date IS NULL OR r.session = %(session)s)
          AND (%(parents)s::boolean IS NULL OR (o.parent_id IS NULL) = %(parents)s)
          AND (o.held OR NOT %(held)s)
        ORDER BY o.run_id, o.strategy, o.symbol, coalesce(o.parent_id, o.client_order_id),
                 o.parent_id NULLS FIRST, o.slice_index
        """,
        account=account,
        run_key=run_key,
        symbol=symbol,
        states=None if states is None else list(states),
        session=session,
        parents=parents,
        held=held,
    )


def fills(
    ledger: Ledger,
    account: str,
    *,
    run_key: str | None = None,
    symbol: str | None = None,
    session: date | None = None,
) -> Listing:
    """Executions as they were booked, in the order of their time.

    Args:
        session: New York's date at the time of the execution.
    """
    return ask(
        ledger,
        """
        SELECT f.exec_id, f.client_order_id, f.symbol, f.side, f.quantity, f.price, f.ts, f.commission
        FROM executions f JOIN orders o USING (client_order_id) JOIN runs r USING (run_id)
        WHERE f.account = %(account)s
          AND (%(run_key)s::text IS NULL OR r.run_key = %(run_key)s)
          AND (%(symbol)s::text IS NULL OR f.symbol = %(symbol)s)
          AND (%(session)s::date IS NULL
               OR (f.ts AT TIME ZONE 'America/New_York')::date = %(session)s)
        ORDER BY f.ts, f.exec_id
        """,
        account=account,
        run_key=run_key,
        symbol=symbol,
        session=session,
    )


def positions(ledger: Ledger, account: str, *, symbol: str | None = None) -> Listing:
    """What is held, by symbol; what was held and sold is not a position.

    Its break-even price is the net money paid for a share that is held; where what was sold has paid for
    the rest, it is below 0.
    """
    return ask(
        ledger,
        """
        SELECT symbol, quantity, trim_scale(cost / quantity) AS break_even_price, cost
        FROM positions
        WHERE account = %(account)s AND quantity <> 0
          AND (%(symbol)s::text IS NULL OR symbol = %(symbol)s)
        ORDER BY symbol
        """,
        account=account,
        symbol=symbol,
    )


def order_quality(
    ledger: Ledger,
    account: str,
    *,
    session: date | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Listing:
    """What the execution of each measured order cost, from session ``first`` to ``last``."""
    return ask(
        ledger,
        """
        SELECT session, client_order_id, strategy, symbol, side, order_type, route_rule, algo,
               hour, size_bucket, quantity, filled_quantity, fill_rate, filled_notional, average_price,
               decision_price, arrival_price, limit_price, open_price, close_price, end_price,
               -- A measured price is a float, and through its text it loses nothing.
               twap_price::text::numeric AS twap_price, vwap_price::text::numeric AS vwap_price,
               slippage_limit_bps, slippage_limit_worst_bps, slippage_decision_bps,
               slippage_arrival_bps, slippage_twap_bps, slippage_vwap_bps, slippage_open_bps,
               slippage_close_bps, effective_spread_bps, realized_spread_bps, price_impact_bps,
               price_improvement_bps, spread_capture, markout_1s_bps, markout_10s_bps, markout_1m_bps,
               markout_5m_bps, markout_30m_bps, participation, market_adjusted_bps, shortfall_delay,
               shortfall_execution, shortfall_opportunity, shortfall_fees,
               shortfall_total, shortfall_bps,
               latency_submit_ms, latency_ack_ms, latency_first_fill_ms, latency_last_fill_ms
        FROM order_quality
        WHERE account = %(account)s AND (%(session)s::date IS NULL OR session = %(session)s)
          AND (%(first)s::date IS NULL OR session >= %(first)s)
          AND (%(last)s::date IS NULL OR session <= %(last)s)
        ORDER BY session, strategy, symbol, client_order_id
        """,
        account=account,
        session=session,
        first=first,
        last=last,
    )


def daily_quality(
    ledger: Ledger, account: str, dimension: str, *, session: date | None = None
) -> Listing:
    """What execution cost a session, by ``dimension``: day, strategy, symbol, ..."""
    return ask(
        ledger,
        """
        SELECT session, dimension, key, orders, unmeasured, fills, quantity, filled_quantity, notional,
               fill_rate, slippage_limit_bps, slippage_decision_bps, slippage_arrival_bps,
               slippage_twap_bps, slippage_vwap_bps, slippage_open_bps, slippage_close_bps,
               effective_spread_bps, realized_spread_bps, price_impact_bps, price_improvement_bps,
               spread_capture, markout_1s_bps, markout_10s_bps, markout_1m_bps, markout_5m_bps,
               markout_30m_bps, participation, market_adjusted_bps, shortfall_total, shortfall_bps, fees
        FROM daily_quality
        WHERE account = %(account)s AND dimension = %(dimension)s
          AND (%(session)s::date IS NULL OR session = %(session)s)
        ORDER BY session, key
        """,
        account=account,
        dimension=dimension,
        session=session,
    )


def breaks(ledger: Ledger, account: str, *, resolved_too: bool = False) -> Listing:
    """In what the books and the broker differ, oldest first."""
    return ask(
        ledger,
        """
        SELECT id, kind, subject, ours, theirs, symbol, found_at, resolved_at, resolution
        FROM breaks
        WHERE account = %(account)s AND (resolved_at IS NULL OR %(resolved_too)s)
        ORDER BY id
        """,
        account=account,
        resolved_too=resolved_too,
    )


def alerts(ledger: Ledger, account: str, *, session: date | None = None) -> Listing:
    """What a person should know, oldest first, and how far telling it has come.

    ``emitted_at`` is when the Prefect server took it as an event, ``notified_at`` when a channel of
    the settings did, ``attempts`` counts over all channels, ``last_error`` is of one that waits.

    Args:
        session: New York's date at the time of the alert.
    """
    return ask(
        ledger,
        """
        SELECT id, kind, cause, client_order_id, message, payload, at, link, told_by,
               d.emitted_at, d.notified_at, d.attempts, d.last_error
        FROM alerts
        LEFT JOIN LATERAL (
            SELECT max(delivered_at) FILTER (WHERE channel = 'prefect') AS emitted_at,
                   max(delivered_at) FILTER (WHERE channel <> 'prefect') AS notified_at,
                   sum(attempts)::bigint AS attempts,
                   (array_agg(last_error ORDER BY next_attempt_at DESC)
                       FILTER (WHERE delivered_at IS NULL AND last_error IS NOT NULL))[1] AS last_error
            FROM alert_deliveries WHERE alert_id = alerts.id) d ON true
        WHERE account = %(account)s
          AND (%(session)s::date IS NULL
               OR (at AT TIME ZONE 'America/New_York')::date = %(session)s)
        ORDER BY id
        """,
        account=account,
        session=session,
    )


def ask(ledger: Ledger, query: str, **parameters: object) -> Listing:
    """The answer to a query, its columns named as the query names them."""
    with ledger.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(query.encode(), parameters).fetchall()
        return Listing(tuple(column.name for column in cursor.description or ()), rows)
