"""Show the plan of a run before any of it is sent: its orders, and what came to no order and why."""

from orderworks.desk.desk import Desk
from orderworks.ledger.overview import plan
from orderworks.ledger.runs import Run
from orderworks.model.listing import Listing
from tasks.showing import show_listing
from tasks.step import step

OF_AN_ORDER = (
    *("strategy", "symbol", "side", "quantity", "order_type", "limit_price", "algo", "slices"),
    *("due_at", "ends_at", "route_rule", "client_order_id"),
)
OF_A_REFUSAL = ("strategy", "symbol", "direction", "strength", "code", "reason")


@step("show plan")
async def show_plan(desk: Desk, run: Run) -> int:
    """Hangs both tables on the run; returns how many orders were planned."""
    decided = plan(desk.ledger, desk.account, run.run_key)
    accepted, refused = decided.where("accepted", True), decided.where("accepted", False)
    of = f"{run.run_key} of account {desk.account}"
    await show_listing(
        _of_columns(accepted, OF_AN_ORDER),
        f"plan {desk.account} {run.run_key}",
        f"The plan of {of}: {len(accepted.rows):,} orders, as they were before the first was sent",
    )
    await show_listing(
        _of_columns(refused, OF_A_REFUSAL),
        f"refused {desk.account} {run.run_key}",
        f"What came to no order in {of}: {len(refused.rows):,} signals, each with its reason",
    )
    return len(accepted.rows)


def _of_columns(listing: Listing, columns: tuple[str, ...]) -> Listing:
    places = [listing.columns.index(column) for column in columns]
    return Listing(columns, [tuple(row[place] for place in places) for row in listing.rows])
