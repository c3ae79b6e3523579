"""The orders and the account that the tests of the risk gate start from."""

from typing import Any

import pandas as pd

from orderworks.planning.risk import RiskContext, RiskLimits, gate
from orderworks.planning.risk.verdict import Rule

ORDER: dict[str, Any] = {
    "strategy": "trend",
    "symbol": "AAPL",
    "side": "buy",
    "quantity": 100,
    "decision_price": 100.0,
    "bid": 99.9,
    "ask": 100.1,
    "bid_size": 500,
    "ask_size": 500,
    "quote_ts": pd.Timestamp("2026-11-20 15:00", tz="UTC"),
    "quote_problem": None,
    "adv": 1_000_000.0,
    "holdings": 0,
    "open_buys": 0,
    "open_sells": 0,
}
NAN = float("nan")


def orders(*rows: dict[str, Any]) -> pd.DataFrame:
    """A table of sound small purchases, each changed as its row says."""
    return pd.DataFrame([ORDER | row for row in rows], columns=list(ORDER))


def account(limits: dict[str, Any] | None = None, **facts: Any) -> RiskContext:
    """A quiet account with a million in cash, changed as the arguments say."""
    quiet: dict[str, Any] = {
        "kill_switch": False,
        "session_open": True,
        "equity": 1_000_000.0,
        "peak_equity": 1_000_000.0,
        "day_pnl": 0.0,
        "buying_power": 1_000_000.0,
        "gross_exposure": 0.0,
        "net_exposure": 0.0,
        "orders_today": 0,
        "turnover_today": 0.0,
        "day_trades_last_5_sessions": 0,
        "short_selling": True,
    }
    return RiskContext(limits=RiskLimits(**(limits or {})), **quiet | facts)


def codes(rule: Rule, context: RiskContext, *rows: dict[str, Any]) -> list[str]:
    """What one rule, alone, decides on each row."""
    return list(gate(orders(*rows), context, [rule]).decisions["code"])


def first_refusal(
    rule: Rule, context: RiskContext, *rows: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The sentence and the numbers of the first order that one rule, alone, refuses."""
    decisions = gate(orders(*rows), context, [rule]).decisions
    refusal = decisions[~decisions["accepted"]].iloc[0]
    return refusal["reason"], refusal["saw"]
