"""The steps from signals to routed orders, for whoever takes them: a flow's tasks, or a backtest."""

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.desk.ending import end_cancelled, withdraw_overdue
from orderworks.desk.margin import ask_margin, with_funds, with_margin
from orderworks.desk.native import require_offered
from orderworks.desk.policies import experiments_of, routing_policy, sizing_policy
from orderworks.desk.positions import with_positions
from orderworks.desk.quotes import with_quotes
from orderworks.desk.reconciliation import Reconciled, reconcile
from orderworks.desk.valuation import Valuation, known_intents, risk_context, snapshot_equity
from orderworks.ledger.orders import open_orders
from orderworks.ledger.runs import Run
from orderworks.model.order import Side
from orderworks.planning.bets import Sized, size
from orderworks.planning.experiments import Drawing, experiment
from orderworks.planning.risk.gate import Gated, gate
from orderworks.planning.routing import route


async def take_stock(desk: Desk, run: Run | None) -> Reconciled | None:
    """Starts from what the broker shows; None where somebody else is working the account."""
    reconciled = None
    if await desk.take_over():
        reconciled = await reconcile(desk, run)
        await end_cancelled(desk, open_orders(desk.ledger, desk.account))
        withdraw_overdue(desk)
    snapshot_equity(desk, "start")
    return reconciled


def size_signals(desk: Desk, signals: pd.DataFrame, valuation: Valuation) -> Sized:
    """Quantities to trade, net of what is held and open; and the signals that need no order."""
    return size(
        with_positions(desk, signals),
        equity=valuation.equity,
        cash=valuation.cash,
        policy=sizing_policy(desk.settings),
    )


async def gate_sized(desk: Desk, run: Run, sized: pd.DataFrame) -> Gated:
    """The orders that keep every risk rule, with the quotes that the gate saw; and each decision."""
    quoted = await with_quotes(desk, sized)
    sold = quoted.loc[quoted["side"] == Side.SELL, "symbol"].unique()
    context = risk_context(desk, known_intents(desk, run, quoted), [str(one) for one in sold])
    gated = gate(quoted, context)
    told = await ask_margin(desk, quoted, gated.rows)
    if not told.asked:
        return gated
    return gate(with_margin(quoted, told), with_funds(desk, context, told))


def route_gated(desk: Desk, gated: pd.DataFrame) -> pd.DataFrame:
    """Each order with its route, type, algorithm and price, and what the router saw.

    Raises:
        InputError: if the broker does not have what an order is routed to.
    """
    routed = route(gated, routing_policy(desk.settings))
    require_offered(desk.broker.provider, routed)
    return routed


def draw_experiments(
    desk: Desk, run_key: str, gated: pd.DataFrame, routed: pd.DataFrame
) -> pd.DataFrame:
    """The routed orders, those that the session's experiments take routed as they were drawn.

    Raises:
        InputError: if the broker does not have what an order is drawn to.
    """
    drawing = Drawing(desk.account, run_key, desk.session.date)
    policy, experiments = routing_policy(desk.settings), experiments_of(desk.settings)
    drawn = experiment(gated, routed, policy, experiments, drawing)
    require_offered(desk.broker.provider, drawn)
    return drawn
