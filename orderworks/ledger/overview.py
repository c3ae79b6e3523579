"""How accounts stand, what their runs came to, and what a run decided before it sent anything."""

from collections.abc import Collection
from dataclasses import dataclass

from orderworks.ledger.connection import Ledger
from orderworks.ledger.listings import ask
from orderworks.model.listing import Listing
from orderworks.model.state import AT_BROKER, OrderState


def known_accounts(ledger: Ledger) -> list[str]:
    """Every account that was ever opened, by name."""
    return [
        str(row["account"])
        for row in ledger.execute("SELECT account FROM accounts ORDER BY account")
    ]


def accounts(ledger: Ledger, names: Collection[str]) -> Listing:
    """How each account stands; one that was never opened has no mode and no cash.

    ``open_orders`` counts orders that are not closed, but no slices; ``at_broker`` what the broker
    has or may have, ``unknown`` those among them whose fate is not known, ``held`` those that wait for a
    person. ``untold_alerts`` are those that a person is still to be told of, or is not known to be, and
    ``untold_since`` is when the oldest of them was stored. A lease counts while it is in force: not run
    out, and its holder's connection alive.
    """
    return ask(
        ledger,
        """
        SELECT n.account, a.mode, a.provider, c.balance AS cash,
               k.reason IS NOT NULL AS killed, k.reason AS kill_reason,
               l.holder AS lease_holder, l.expires_at AS lease_expires_at,
               o.open_orders, o.at_broker, o.unknown, o.held, b.open_breaks,
               t.alerts, t.untold_alerts, t.untold_since
        FROM unnest(%(names)s::text[]) AS n (account)
        LEFT JOIN accounts a USING (account)
        LEFT JOIN cash c USING (account)
        LEFT JOIN LATERAL (
            SELECT reason FROM controls WHERE account IN (n.account, '*') AND killed
            ORDER BY at LIMIT 1) k ON true
        LEFT JOIN leases l ON l.account = n.account AND l.expires_at > clock_timestamp()
            AND EXISTS (SELECT 1 FROM pg_stat_activity s
                        WHERE (s.pid, s.backend_start) = (l.backend_pid, l.backend_start))
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE parent_id IS NULL AND attached_to IS NULL) AS open_orders,
                   count(*) FILTER (WHERE reaches_broker AND state = ANY(%(at_broker)s))
                       AS at_broker,
                   count(*) FILTER (WHERE reaches_broker AND state = %(unknown)s) AS unknown,
                   count(*) FILTER (WHERE held) AS held
            FROM open_orders WHERE account = n.account) o
        CROSS JOIN LATERAL (
            SELECT count(*) AS open_breaks FROM breaks
            WHERE account = n.account AND resolved_at IS NULL) b
        CROSS JOIN LATERAL (
            SELECT count(*) AS alerts, count(*) FILTER (WHERE untold) AS untold_alerts,
                   min(recorded_at) FILTER (WHERE untold) AS untold_since
            FROM (SELECT a.recorded_at, a.told_by IS NULL OR EXISTS (
                      SELECT 1 FROM alert_deliveries d
                      WHERE d.alert_id = a.id AND d.delivered_at IS NULL
                        AND (d.channel <> 'prefect' OR a.told_by = 'automation')) AS untold
                  FROM alerts a WHERE account = n.account) stored) t
        ORDER BY n.account
        """,
        names=list(names),
        at_broker=[state.value for state in AT_BROKER],
        unknown=OrderState.UNKNOWN.value,
    )


def runs(ledger: Ledger, names: Collection[str], latest: int) -> Listing:
    """The latest runs of each account, newest first; ``orders`` and ``open_orders`` count parents."""
    return ask(
        ledger,
        """
        SELECT r.account, r.run_key, r.kind, r.session, r.state, r.message,
               o.orders, o.open_orders, r.created_at, r.planned_at, r.finished_at
        FROM (SELECT *, row_number() OVER (PARTITION BY account ORDER BY run_id DESC) AS age
              FROM runs WHERE account = ANY(%(names)s)) r
        CROSS JOIN LATERAL (
            SELECT count(*) AS orders, count(*) FILTER (WHERE closed_at IS NULL) AS open_orders
            FROM orders WHERE run_id = r.run_id AND parent_id IS NULL AND attached_to IS NULL) o
        WHERE r.age <= %(latest)s
        ORDER BY r.account, r.run_id DESC
        """,
        names=list(names),
        latest=latest,
    )


def last_runs(ledger: Ledger, names: Collection[str]) -> Listing:
    """The newest run of each kind of each account."""
    return ask(
        ledger,
        """
        SELECT DISTINCT ON (account, kind) account, kind, run_key, session, state, message, created_at,
               finished_at
        FROM runs WHERE account = ANY(%(names)s)
        ORDER BY account, kind, run_id DESC
        """,
        names=list(names),
    )


def latest_planned(ledger: Ledger, account: str) -> str | None:
    """The key of the account's run that was planned last, if one was."""
    row = ledger.execute(
        "SELECT run_key FROM runs WHERE account = %s AND planned_at IS NOT NULL "
        "ORDER BY planned_at DESC LIMIT 1",
        (account,),
    ).fetchone()
    return None if row is None else str(row["run_key"])


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: its orders, and the shares that are filled or not to be traded any more."""

    orders: int
    ended: int
    per_cent: float


def progress(ledger: Ledger, run_id: int) -> Progress:
    """How far a run has come; one without orders has come to its end."""
    row = ledger.execute(
        "SELECT count(*) AS orders, count(closed_at) AS ended, "
        "coalesce(100.0 * sum(CASE WHEN closed_at IS NULL THEN least(filled_quantity, planned_quantity) "
        "ELSE planned_quantity END) / sum(planned_quantity), 100)::float8 AS per_cent "
        "FROM orders WHERE run_id = %s AND parent_id IS NULL AND attached_to IS NULL",
        (run_id,),
    ).fetchone()
    return Progress(**row or {})


def plan(ledger: Ledger, account: str, run_key: str) -> Listing:
    """The frozen plan of a run: a row for each decision, with the order that came of it.

    A refused signal has its code and reason, and no order. ``slices`` counts what was planned
    to be sent; what was swept up later is none of it.
    """
    return ask(
        ledger,
        """
        WITH run AS (SELECT run_id, run_key FROM runs
                     WHERE account = %(account)s AND run_key = %(run_key)s),
        decided AS (SELECT d.* FROM risk_decisions d JOIN run USING (run_id)),
        signalled AS (SELECT s.* FROM signals s JOIN run USING (run_id)),
        planned AS (
            SELECT p.*, CASE WHEN p.reaches_broker THEN 1 ELSE (
                SELECT count(*) FROM orders c WHERE c.parent_id = p.client_order_id
                    AND c.route_rule = p.route_rule) END AS slices
            FROM orders p JOIN run USING (run_id) WHERE p.parent_id IS NULL AND p.attached_to IS NULL)
        SELECT run.run_key, strategy, symbol, s.direction, s.strength::float8 AS strength,
               coalesce(d.accepted, true) AS accepted, d.code, d.reason,
               p.client_order_id, p.side, p.planned_quantity AS quantity, p.decision_price,
               p.order_type, p.limit_price, p.stop_price, p.stop_loss_price,
               p.take_profit_price, p.tif, p.algo, p.slices,
               p.due_at, p.ends_at, p.route_rule, p.route_saw, d.saw
        FROM decided d FULL JOIN planned p USING (strategy, symbol)
        LEFT JOIN signalled s USING (strategy, symbol) CROSS JOIN run
        ORDER BY coalesce(d.accepted, true) DESC, strategy, symbol, p.side
        """,
        account=account,
        run_key=run_key,
    )
