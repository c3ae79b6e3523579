"""What the account is worth and has at stake, at the desk's clock."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.desk.locks import locks_of
from orderworks.ledger.accounts import booked_portfolio, equity_marks, record_snapshot
from orderworks.ledger.controls import kill_reason
from orderworks.ledger.corporate_actions import last_prices
from orderworks.ledger.facts import activity, attributed_shares, day_trades, planned_signals
from orderworks.ledger.runs import Run
from orderworks.market.calendar import NEW_YORK, previous_sessions
from orderworks.market.corporate_actions import last_closes
from orderworks.model.portfolio import Portfolio
from orderworks.planning.risk.context import RiskContext, RiskLimits


@dataclass(frozen=True, slots=True)
class Valuation:
    """An account at its marks: by symbol the shares that it holds, signed, and has open each way."""

    cash: float
    equity: float
    marks: Mapping[str, float]
    holdings: Mapping[str, int]
    open_buys: Mapping[str, int]
    open_sells: Mapping[str, int]

    @property
    def gross_exposure(self) -> float:
        """Each position as large as its open orders can make it, whichever of them fill."""
        return sum(
            max(abs(held + buys), abs(held - sells)) * mark
            for mark, held, buys, sells in self._stakes()
        )

    @property
    def net_exposure(self) -> float:
        """The positions, signed, with every open order filled."""
        return sum((held + buys - sells) * mark for mark, held, buys, sells in self._stakes())

    def _stakes(self) -> list[tuple[float, int, int, int]]:
        """Of each symbol its mark, what is held, and what is open to buy and to sell."""
        held, buys, sells = self.holdings, self.open_buys, self.open_sells
        return [
            (mark, held.get(s, 0), buys.get(s, 0), sells.get(s, 0))
            for s, mark in self.marks.items()
        ]


def value_account(desk: Desk) -> Valuation:
    """Marks the booked account at mid; where there is no quote, at the last close.

    Without either, at the account's last execution; what it never traded, at what it was taken over for;
    and where no price above 0 is known, at 0.
    """
    portfolio = booked_portfolio(desk.ledger, desk.account)
    open_buys: Counter[str] = Counter()
    open_sells: Counter[str] = Counter()
    for row in attributed_shares(desk.ledger, desk.account):
        open_buys[row.symbol] += row.open_buys
        open_sells[row.symbol] += row.open_sells
    # A sum of two counters names only what is above zero.
    symbols = sorted(portfolio.positions.keys() | (open_buys + open_sells).keys())
    marks = _marks(desk, symbols, portfolio)
    holdings = {symbol: held.quantity for symbol, held in portfolio.positions.items()}
    equity = float(portfolio.cash) + sum(q * marks[s] for s, q in holdings.items())
    return Valuation(float(portfolio.cash), equity, marks, holdings, open_buys, open_sells)


def mark_of(desk: Desk, symbol: str) -> Decimal:
    """What the account would mark a share at: money."""
    mark = _marks(desk, [symbol], booked_portfolio(desk.ledger, desk.account))[symbol]
    return _money(mark)


def snapshot_equity(desk: Desk, kind: str) -> Valuation:
    """Values the account and keeps the result; the day's loss and the drawdown are measured by it."""
    valuation = value_account(desk)
    record_snapshot(
        desk.ledger,
        booked_portfolio(desk.ledger, desk.account),
        desk.session.date,
        kind,
        desk.clock.now(),
        _money(valuation.equity),
    )
    return valuation


def risk_context(
    desk: Desk, known_intents: frozenset[tuple[str, str]], sold: Sequence[str] = ()
) -> RiskContext:
    """Everything that the risk gate compares orders with.

    Args:
        sold: the symbols of orders that sell: whether these may be sold short is asked of the market.
    """
    valuation = value_account(desk)
    marks = equity_marks(desk.ledger, desk.account, desk.session.date)
    today = activity(desk.ledger, desk.account, desk.session.date, desk.session.open)
    window = previous_sessions(desk.session.date, 4)
    since = datetime.combine(window[0], time(), NEW_YORK).astimezone(UTC)
    now = desk.clock.now()
    reason = kill_reason(desk.ledger, desk.account)
    locks = locks_of(desk)
    risk = desk.settings.risk
    limits = risk.model_dump(exclude={"restricted", "not_shortable", "unknown_margin"})
    start = float(marks["start"]) if marks["start"] is not None else valuation.equity
    peak = float(marks["peak"]) if marks["peak"] is not None else valuation.equity
    return RiskContext(
        limits=RiskLimits(**limits),
        kill_switch=reason is not None,
        kill_reason=reason or "",
        session_open=desk.session.open <= now < desk.session.close,
        session_reason=f"it is {now:%Y-%m-%d %H:%M} UTC, the session is "
        f"{desk.session.open:%H:%M} to {desk.session.close:%H:%M}",
        equity=valuation.equity,
        peak_equity=max(peak, valuation.equity),
        day_pnl=valuation.equity - start,
        buying_power=max(
            0.0, desk.settings.broker.leverage * valuation.equity - valuation.gross_exposure
        ),
        gross_exposure=valuation.gross_exposure,
        net_exposure=valuation.net_exposure,
        orders_today=today.orders,
        turnover_today=today.turnover,
        day_trades_last_5_sessions=day_trades(desk.ledger, desk.account, since),
        short_selling=desk.settings.broker.allows_short,
        bought_today=today.bought,
        sold_today=today.sold,
        restricted=risk.restricted,
        not_shortable=risk.not_shortable | desk.market.not_shortable(sold),
        known_intents=known_intents,
        account_lock=locks.account or "",
        locked=locks.symbols,
    )


def known_intents(desk: Desk, run: Run, orders: pd.DataFrame) -> frozenset[tuple[str, str]]:
    """The signals that another run of the session has planned already, where a signal is a trade.

    Where signals state targets, netting makes a repetition harmless.
    """
    if desk.settings.execution.signal_meaning == "target":
        return frozenset()
    planned = planned_signals(desk.ledger, desk.account, desk.session.date, run.run_id)
    return frozenset(
        (strategy, symbol)
        for strategy, symbol, ts in zip(
            orders["strategy"], orders["symbol"], orders["signal_ts"], strict=True
        )
        if (strategy, symbol, ts.to_pydatetime()) in planned
    )


def _money(amount: float) -> Decimal:
    return Decimal(str(round(amount, 4)))


def _marks(desk: Desk, symbols: list[str], portfolio: Portfolio) -> dict[str, float]:
    if not symbols:
        return {}
    quotes = desk.market.quotes_at(desk.clock.now(), symbols).set_index("symbol")
    two_sided = (quotes["bid"] > 0) & (quotes["ask"] > 0)
    mids = ((quotes["bid"] + quotes["ask"]) / 2).where(two_sided)
    closes = last_closes(desk.market, desk.session.date)
    marks = mids.fillna(closes.reindex(mids.index))
    unknown = marks.index[marks.isna()].tolist()
    if unknown:
        # A break-even price is what shares were taken over for, unless they were traded: then it may be
        # anything, and the execution comes before it.
        costs = {s: float(p.share_cost) for s, p in portfolio.positions.items() if p.share_cost > 0}
        traded = last_prices(desk.ledger, desk.account, unknown)
        marks = marks.fillna(pd.Series(costs | traded, dtype=float)).fillna(0.0)
    return {str(symbol): float(mark) for symbol, mark in marks.items()}
