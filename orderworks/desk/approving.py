"""Which plans wait for a person before any of them is sent."""

from decimal import Decimal

from orderworks.desk.desk import Desk
from orderworks.desk.valuation import value_account
from orderworks.ledger.runs import Plan, Run
from orderworks.model.order import REBALANCE
from orderworks.settings import Approval

PER_CENT = 100.0


def reason_to_ask(desk: Desk, run: Run, plan: Plan) -> str | None:
    """Why a plan must be approved first, with the numbers; None where it need not be."""
    if run.kind != REBALANCE:
        return None
    columns = plan.orders
    quantities = columns.get("planned_quantity", ())
    # A column in which no order says anything is left out.
    nothing = [None] * len(quantities)
    notional = [
        quantity * Decimal(price)
        for quantity, price, parent, entry in zip(
            quantities,
            columns.get("decision_price", ()),
            columns.get("parent_id", nothing),
            columns.get("attached_to", nothing),
            strict=True,
        )
        if parent is None and entry is None
    ]
    equity = value_account(desk).equity
    return too_much(len(notional), float(sum(notional, Decimal(0))), equity, desk.settings.approval)


def too_much(orders: int, notional: float, equity: float, above: Approval) -> str | None:
    """Why so many orders of so much money are for a person to decide; None where they are not.

    Args:
        notional: of all orders together, money.
        equity: of the account, money; without any, whatever is traded is too much.
    """
    turnover_pct = PER_CENT * notional / equity if equity > 0 else float("inf")
    if orders > above.rebalance_orders:
        return f"{orders:,} orders are more than {above.rebalance_orders:,} (approval.rebalance_orders)"
    if orders and turnover_pct > above.rebalance_turnover_pct:
        return (
            f"a turnover of {notional:,.2f}, {turnover_pct:.1f} % of the equity, is more than "
            f"{above.rebalance_turnover_pct:g} % (approval.rebalance_turnover_pct)"
        )
    return None
