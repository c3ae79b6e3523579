"""What planning asks of the ledger about an account: a question each.

An account's orders are those of its runs, by which they are found, however many the ledger has of others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from orderworks.ledger.connection import Ledger
from orderworks.ledger.corporate_actions import held_through_splits
from orderworks.model.order import WHOLE_ACCOUNT


@dataclass(frozen=True, slots=True)
class Attributed:
    """Shares of one strategy in one symbol: held by its fills (signed), and open on either side."""

    strategy: str
    symbol: str
    holdings: int
    open_buys: int
    open_sells: int

    @property
    def open_remaining(self) -> int:
        """What the open orders come to if all of them fill, signed."""
        return self.open_buys - self.open_sells


@dataclass(frozen=True, slots=True)
class Activity:
    """What the account has planned and traded in a session."""

    orders: int
    turnover: float
    bought: dict[str, int]
    sold: dict[str, int]


def attributed_shares(ledger: Ledger, account: str) -> list[Attributed]:
    """What each strategy's own orders have filled, in today's shares, and have still to fill.

    An exit only closes what another order opens: it has nothing of its own still to fill. What was
    traded for the whole account is no strategy's.
    """
    through_splits = held_through_splits(ledger, account)
    rows = [
        Attributed(**row)
        for row in ledger.execute(
            "SELECT strategy, symbol, "
            "sum(CASE side WHEN 'buy' THEN 1 ELSE -1 END * filled_quantity)::bigint AS holdings, "
            "coalesce(sum(quantity - filled_quantity) FILTER (WHERE side = 'buy' "
            "AND closed_at IS NULL AND attached_to IS NULL), 0)::bigint AS open_buys, "
            "coalesce(sum(quantity - filled_quantity) FILTER (WHERE side = 'sell' "
            "AND closed_at IS NULL AND attached_to IS NULL), 0)::bigint AS open_sells "
            "FROM runs r JOIN orders o USING (run_id) "
            "WHERE r.account = %s AND o.parent_id IS NULL GROUP BY strategy, symbol",
            (account,),
        )
    ]
    own = [
        replace(row, holdings=through_splits.get((row.strategy, row.symbol), row.holdings))
        for row in rows
    ]
    return [replace(row, holdings=0) if row.strategy in WHOLE_ACCOUNT else row for row in own]


def activity(ledger: Ledger, account: str, session: date, since: datetime) -> Activity:
    """What was planned for the session and traded since it opened."""
    planned = ledger.execute(
        "SELECT count(*) AS orders, coalesce(sum(o.planned_quantity * o.decision_price), 0)::float8 "
        "AS turnover FROM runs r JOIN orders o USING (run_id) "
        "WHERE r.account = %s AND o.parent_id IS NULL AND o.attached_to IS NULL AND r.session = %s",
        (account, session),
    ).fetchone() or {"orders": 0, "turnover": 0.0}
    traded: dict[str, dict[str, int]] = {"buy": {}, "sell": {}}
    for row in ledger.execute(
        "SELECT symbol, side, sum(quantity)::bigint AS quantity FROM executions "
        "WHERE account = %s AND ts >= %s GROUP BY symbol, side",
        (account, since),
    ):
        traded[row["side"]][row["symbol"]] = row["quantity"]
    return Activity(planned["orders"], planned["turnover"], traded["buy"], traded["sell"])


def day_trades(ledger: Ledger, account: str, since: datetime) -> int:
    """How often a symbol was both bought and sold within one New York day."""
    row = ledger.execute(
        "SELECT count(*) AS n FROM (SELECT 1 FROM executions WHERE account = %s AND ts >= %s "
        "GROUP BY symbol, (ts AT TIME ZONE 'America/New_York')::date "
        "HAVING count(DISTINCT side) = 2) AS both_ways",
        (account, since),
    ).fetchone()
    return 0 if row is None else int(row["n"])


def planned_signals(
    ledger: Ledger, account: str, session: date, besides_run: int
) -> set[tuple[str, str, datetime]]:
    """(strategy, symbol, signal time) of what other runs of the session have planned."""
    return {
        (row["strategy"], row["symbol"], row["signal_ts"])
        for row in ledger.execute(
            "SELECT o.strategy, o.symbol, o.signal_ts FROM runs r JOIN orders o USING (run_id) "
            "WHERE r.account = %s AND o.parent_id IS NULL AND r.session = %s AND r.run_id <> %s",
            (account, session, besides_run),
        )
    }


def traded_symbols(ledger: Ledger, account: str, session: date) -> Sequence[str]:
    """The symbols that the account has orders in for a session, or holds."""
    return [
        row["symbol"]
        for row in ledger.execute(
            "SELECT o.symbol FROM runs r JOIN orders o USING (run_id) "
            "WHERE r.account = %(account)s AND r.session = %(session)s "
            "UNION SELECT symbol FROM positions WHERE account = %(account)s AND quantity <> 0 "
            "ORDER BY symbol",
            {"account": account, "session": session},
        )
    ]
