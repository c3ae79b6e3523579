"""The account's figures, as the account window shows them."""

from collections.abc import Iterable
from decimal import Decimal

from orderworks.brokers.simulated.margin import Margin, margin

from .brokerage import Brokerage
from .contracts import Listed
from .layouts import Values
from .shown import money

Change = tuple[str, int, Decimal]
"""A symbol, and what its position and the account's cash change by."""


def margin_of(brokerage: Brokerage, change: Change | None = None) -> Margin:
    """The account against what its positions ask for; with a trade that it might make."""
    portfolio = brokerage.portfolio()
    held = {symbol: one.quantity for symbol, one in portfolio.positions.items()}
    cash = portfolio.cash
    if change is not None:
        symbol, shares, paid = change
        held[symbol] = held.get(symbol, 0) + shares
        cash += paid
    marks = {symbol: _mark(brokerage, symbol) for symbol in held}
    return margin(cash, held, marks, brokerage.account_type)


def account_values(brokerage: Brokerage) -> dict[str, str]:
    """Every figure by its tag; all are in dollars but the first."""
    figures, cash = margin_of(brokerage), brokerage.portfolio().cash
    gross = sum((abs(one["marketValue"]) for one in portfolio_values(brokerage)), start=Decimal(0))
    return {
        "AccountType": "INDIVIDUAL",
        "NetLiquidation": money(figures.equity),
        "TotalCashValue": money(cash),
        "SettledCash": money(cash),
        "EquityWithLoanValue": money(figures.equity),
        "GrossPositionValue": money(gross),
        "InitMarginReq": money(figures.initial),
        "MaintMarginReq": money(figures.maintenance),
        "AvailableFunds": money(figures.equity - figures.initial),
        "ExcessLiquidity": money(figures.excess_liquidity),
        "BuyingPower": money(figures.buying_power),
    }


def portfolio_values(brokerage: Brokerage, moved: Iterable[str] = ()) -> list[Values]:
    """Each position with what it is worth, and what moved even if nothing is left of it."""
    held = brokerage.portfolio().positions
    rows = []
    for symbol in sorted({*held, *moved}):
        one, mark = held.get(symbol), _mark(brokerage, symbol)
        quantity = 0 if one is None else one.quantity
        cost = Decimal(0) if one is None else one.share_cost
        rows.append(
            Listed(symbol).shown()
            | {
                "position": quantity,
                "marketPrice": mark,
                "marketValue": quantity * mark,
                "averageCost": cost,
                "unrealizedPNL": money(quantity * (mark - cost)),
                "realizedPNL": "0.0",
                "account": brokerage.account,
            }
        )
    return rows


def currency_of(tag: str) -> str:
    return "" if tag == "AccountType" else "USD"


def _mark(brokerage: Brokerage, symbol: str) -> Decimal:
    return brokerage.board.mark(symbol, brokerage.now) or Decimal(0)
