"""The resources of the ledger: what is served of orders, fills, positions, breaks, alerts and runs."""

from orderworks.ledger.quality_resources import (
    CHILD_QUALITY,
    DAILY_QUALITY,
    FILL_QUALITY,
    ORDER_QUALITY,
    PERIOD_QUALITY,
)
from orderworks.ledger.resource import Field, Filter, Kind, Resource, column
from orderworks.ledger.resource_filters import equal, of_account, on_day, since
from orderworks.model.state import OrderEvent, OrderState

STATES = tuple(state.value for state in OrderState)
EVENTS = tuple(event.value for event in OrderEvent)
SIDES = ("buy", "sell")
RUN_STATES = ("STARTED", "PROPOSED", "PLANNED", "DONE", "FAILED", "SKIPPED", "CANCELLED")

OPEN_ORDERS = """CASE WHEN r.open_orders = 0 THEN 0 ELSE (
    SELECT count(*) FROM orders o WHERE o.run_id = r.run_id AND o.parent_id IS NULL
        AND o.attached_to IS NULL AND o.closed_at IS NULL) END"""
"""As ``overview.runs`` counts them. The column counts slices and exits, too; where it is 0, none is open."""


ORDERS = Resource(
    name="orders",
    noun="order",
    says="Parents, plain orders and children, as they stand now.",
    source="orders o JOIN runs r USING (run_id)",
    fields={
        **column("client_order_id", Kind.TEXT, "Its name, derived from its intent.", of="o"),
        **column("parent_id", Kind.TEXT, "Of a child: its parent.", nullable=True, of="o"),
        **column("attached_to", Kind.TEXT, "Of an exit: its entry.", nullable=True, of="o"),
        **column("run_key", Kind.TEXT, "The run that planned it.", of="r"),
        **column("session", Kind.DATE, "The session of its run.", of="r"),
        **column("account", Kind.TEXT, "The account that it trades for.", of="o"),
        **column("strategy", Kind.TEXT, "The strategy that asked for it.", of="o", sorts=True),
        **column("symbol", Kind.TEXT, "What is traded.", of="o", sorts=True),
        **column("side", Kind.TEXT, "buy or sell.", of="o"),
        **column("quantity", Kind.INTEGER, "Shares ordered.", of="o", sorts=True),
        **column("filled_quantity", Kind.INTEGER, "Shares filled.", of="o", sorts=True),
        "avg_fill_price": Field(
            "trim_scale(o.filled_notional / nullif(o.filled_quantity, 0))",
            Kind.MONEY,
            "Average price of what is filled.",
            nullable=True,
        ),
        "filled_notional": Field("o.filled_notional", Kind.MONEY, "Money traded.", sorts=True),
        **column("commission", Kind.MONEY, "Paid so far.", of="o"),
        **column("state", Kind.TEXT, "Where it stands.", of="o", sorts=True),
        **column("order_type", Kind.TEXT, "market, limit, stop, ...", of="o"),
        **column("limit_price", Kind.MONEY, "Its limit.", nullable=True, of="o"),
        **column("stop_price", Kind.MONEY, "Its stop.", nullable=True, of="o"),
        **column("tif", Kind.TEXT, "Time in force.", of="o"),
        **column("algo", Kind.TEXT, "How it is worked; none where it is not.", of="o"),
        **column("decision_price", Kind.MONEY, "The price of its signal.", of="o"),
        **column("due_at", Kind.TIME, "When it is to be sent.", of="o", sorts=True),
        **column("ends_at", Kind.TIME, "The end of its horizon.", of="o"),
        **column("released_at", Kind.TIME, "When it was sent.", nullable=True, of="o", sorts=True),
        **column("closed_at", Kind.TIME, "When it ended.", nullable=True, of="o", sorts=True),
        **column("created_at", Kind.TIME, "When it was written down.", of="o", sorts=True),
        **column("route_rule", Kind.TEXT, "The rule that routed it.", of="o"),
        **column("held", Kind.FLAG, "Whether it waits for a person.", of="o"),
        **column("reason", Kind.TEXT, "Why it ended so.", nullable=True, of="o"),
    },
    key=("client_order_id",),
    sort="-due_at",
    filters={
        "client_order_id": Filter("o.client_order_id = {0}", Kind.TEXT, "Only this order."),
        **of_account("o"),
        **equal("run_key", "r", "Only what this run planned."),
        **equal("symbol", "o", "Only this symbol."),
        **equal("strategy", "o", "Only this strategy."),
        **equal("side", "o", "Only this side.", SIDES),
        "state": Filter(
            "o.state = ANY({0})",
            Kind.TEXT,
            "Only these states; may be repeated.",
            STATES,
            many=True,
        ),
        "session": Filter("r.session = {0}", Kind.DATE, "Only runs of this session."),
        **since("o.created_at", "Only what was written down at or after this time."),
        **equal("parent_id", "o", "Only the children of this parent."),
        "parents": Filter(
            "(o.parent_id IS NULL) = {0}", Kind.FLAG, "true: no children; false: children only."
        ),
        "held": Filter("o.held = {0}", Kind.FLAG, "Whether it waits for a person."),
    },
)

ORDER_EVENTS = Resource(
    name="order-events",
    noun="event",
    says="Every transition that an order made.",
    source="order_events e JOIN orders o USING (client_order_id) JOIN runs r USING (run_id)",
    fields={
        **column("id", Kind.INTEGER, "Its number, in the order of writing.", of="e", sorts=True),
        "client_order_id": Field("e.client_order_id", Kind.TEXT, "The order."),
        **column("account", Kind.TEXT, "Its account.", of="o"),
        **column("symbol", Kind.TEXT, "Its symbol.", of="o"),
        **column("event", Kind.TEXT, "What happened.", of="e"),
        **column("from_state", Kind.TEXT, "The state before.", of="e"),
        **column("to_state", Kind.TEXT, "The state after.", of="e"),
        **column("at", Kind.TIME, "When, in the market's time.", of="e", sorts=True),
        "reason": Field("e.reason", Kind.TEXT, "Why.", nullable=True),
        "quantity": Field("e.quantity", Kind.INTEGER, "Of REPLACE: the new quantity.", True),
        "limit_price": Field("e.limit_price", Kind.MONEY, "Of REPLACE: the new limit.", True),
        "stop_price": Field("e.stop_price", Kind.MONEY, "Of REPLACE: the new stop.", True),
        **column("recorded_at", Kind.TIME, "When it was written down.", of="e"),
    },
    key=("id",),
    sort="-id",
    filters={
        "client_order_id": Filter("e.client_order_id = {0}", Kind.TEXT, "Only this order."),
        **of_account("o"),
        **equal("run_key", "r", "Only orders of this run."),
        **equal("symbol", "o", "Only this symbol."),
        **equal("event", "e", "Only this event.", EVENTS),
        "session": Filter("r.session = {0}", Kind.DATE, "Only runs of this session."),
        **since("e.recorded_at", "Only what was written down at or after this time."),
    },
)

FILLS = Resource(
    name="fills",
    noun="fill",
    says="Executions as they stand: without those that were corrected or busted.",
    source="executions f JOIN orders o USING (client_order_id) JOIN runs r USING (run_id)",
    fields={
        **column("exec_id", Kind.TEXT, "The broker's name for it.", of="f"),
        "client_order_id": Field("f.client_order_id", Kind.TEXT, "The order that was filled."),
        **column("parent_id", Kind.TEXT, "That order's parent.", nullable=True, of="o"),
        **column("run_key", Kind.TEXT, "The run.", of="r"),
        **column("account", Kind.TEXT, "The account.", of="f"),
        **column("strategy", Kind.TEXT, "The strategy.", of="o"),
        **column("symbol", Kind.TEXT, "What was traded.", of="f", sorts=True),
        **column("side", Kind.TEXT, "buy or sell.", of="f"),
        **column("quantity", Kind.INTEGER, "Shares.", of="f", sorts=True),
        **column("price", Kind.MONEY, "Price of a share.", of="f", sorts=True),
        **column("commission", Kind.MONEY, "Paid for it.", of="f"),
        **column("ts", Kind.TIME, "When, in the market's time.", of="f", sorts=True),
        **column("recorded_at", Kind.TIME, "When it was booked.", of="f"),
    },
    key=("account", "exec_id"),
    sort="-ts",
    filters={
        **of_account("f"),
        **equal("run_key", "r", "Only orders of this run."),
        **equal("symbol", "f", "Only this symbol."),
        **equal("strategy", "o", "Only this strategy."),
        **equal("side", "f", "Only this side.", SIDES),
        "client_order_id": Filter("f.client_order_id = {0}", Kind.TEXT, "Only of this order."),
        "parent_id": Filter("o.parent_id = {0}", Kind.TEXT, "Only of the children of this parent."),
        **on_day("f.ts"),
        **since("f.recorded_at", "Only what was booked at or after this time."),
    },
)

POSITIONS = Resource(
    name="positions",
    noun="position",
    says="What the books hold; what was held and sold is no position.",
    source="(SELECT * FROM positions WHERE quantity <> 0) p",
    fields={
        **column("account", Kind.TEXT, "The account.", of="p", sorts=True),
        **column("symbol", Kind.TEXT, "What is held.", of="p", sorts=True),
        **column("quantity", Kind.INTEGER, "Shares; below 0 sold short.", of="p", sorts=True),
        "break_even_price": Field(
            "trim_scale(p.cost / p.quantity)",
            Kind.MONEY,
            "Break-even price: net money paid for a share that is held; it can be below 0.",
        ),
        **column("cost", Kind.MONEY, "Net money paid for it.", of="p", sorts=True),
        **column("updated_at", Kind.TIME, "When it last changed.", of="p", sorts=True),
    },
    key=("account", "symbol"),
    sort="symbol",
    filters={
        **of_account("p"),
        **equal("symbol", "p", "Only this symbol."),
        **since("p.updated_at", "Only what changed at or after this time."),
    },
)

BREAKS = Resource(
    name="breaks",
    noun="break",
    says="In what the books and the broker differ, or differed.",
    source="breaks b",
    fields={
        **column("id", Kind.INTEGER, "Its number.", of="b", sorts=True),
        **column("account", Kind.TEXT, "The account.", of="b"),
        **column("kind", Kind.TEXT, "position, cash, order, ...", of="b", sorts=True),
        **column("subject", Kind.TEXT, "The order, symbol or account.", of="b", sorts=True),
        **column("ours", Kind.TEXT, "What the books say.", nullable=True, of="b"),
        **column("theirs", Kind.TEXT, "What the broker says.", nullable=True, of="b"),
        **column("symbol", Kind.TEXT, "The symbol that it locks.", nullable=True, of="b"),
        **column("found_at", Kind.TIME, "When it was found.", of="b", sorts=True),
        **column("resolved_at", Kind.TIME, "When it was.", nullable=True, of="b", sorts=True),
        **column("resolution", Kind.TEXT, "How.", nullable=True, of="b"),
    },
    key=("id",),
    sort="-id",
    filters={
        **of_account("b"),
        **equal("symbol", "b", "Only what locks this symbol."),
        **equal("kind", "b", "Only this kind."),
        "resolved": Filter(
            "(b.resolved_at IS NOT NULL) = {0}", Kind.FLAG, "Whether it is resolved."
        ),
        **since("b.found_at", "Only what was found at or after this time."),
    },
)

ALERTS = Resource(
    name="alerts",
    noun="alert",
    says="What a person should know.",
    source="alerts a",
    fields={
        **column("id", Kind.INTEGER, "Its number.", of="a", sorts=True),
        **column("account", Kind.TEXT, "The account.", of="a"),
        **column("kind", Kind.TEXT, "slippage, kill_switch, ...", of="a", sorts=True),
        **column("cause", Kind.TEXT, "What it was raised for, once.", of="a"),
        **column("client_order_id", Kind.TEXT, "The order.", nullable=True, of="a"),
        **column("message", Kind.TEXT, "What a person is told.", of="a"),
        **column("payload", Kind.OBJECT, "The numbers behind it.", of="a"),
        **column("at", Kind.TIME, "When, in the market's time.", of="a", sorts=True),
        **column("recorded_at", Kind.TIME, "When it was written down.", of="a"),
        **column("link", Kind.TEXT, "The run that found it.", nullable=True, of="a"),
        **column("told_by", Kind.TEXT, "Who tells a person of it.", nullable=True, of="a"),
    },
    key=("id",),
    sort="-id",
    filters={
        **of_account("a"),
        **equal("kind", "a", "Only this kind."),
        **equal("client_order_id", "a", "Only of this order."),
        **on_day("a.at"),
        **since("a.recorded_at", "Only what was written down at or after this time."),
    },
)

RUNS = Resource(
    name="runs",
    noun="run",
    says="One occasion of one account each.",
    source="runs r",
    fields={
        **column("run_id", Kind.INTEGER, "Its number.", of="r", sorts=True),
        **column("account", Kind.TEXT, "The account.", of="r"),
        **column("run_key", Kind.TEXT, "Its name: it never trades twice.", of="r"),
        **column("kind", Kind.TEXT, "daily, intraday, rebalance, ...", of="r", sorts=True),
        **column("session", Kind.DATE, "The trading day.", of="r", sorts=True),
        **column("state", Kind.TEXT, "How far it has come.", of="r", sorts=True),
        **column("message", Kind.TEXT, "What it ended with.", nullable=True, of="r"),
        "open_orders": Field(
            OPEN_ORDERS, Kind.INTEGER, "Its orders that are not closed, without slices and exits."
        ),
        **column("starts_at", Kind.TIME, "The first wave, market time.", nullable=True, of="r"),
        **column("ends_at", Kind.TIME, "When it stops working.", nullable=True, of="r"),
        **column("created_at", Kind.TIME, "When it was begun.", of="r", sorts=True),
        **column("planned_at", Kind.TIME, "When its plan was frozen.", nullable=True, of="r"),
        **column("finished_at", Kind.TIME, "When it ended.", nullable=True, of="r", sorts=True),
    },
    key=("run_id",),
    sort="-run_id",
    filters={
        **of_account("r"),
        **equal("run_key", "r", "Only this run."),
        **equal("kind", "r", "Only this kind."),
        **equal("state", "r", "Only this state.", RUN_STATES),
        "session": Filter("r.session = {0}", Kind.DATE, "Only this session."),
        **since("r.created_at", "Only what was begun at or after this time."),
    },
)

RESOURCES = {
    one.name: one
    for one in (
        *(ORDERS, ORDER_EVENTS, FILLS, POSITIONS),
        *(ORDER_QUALITY, CHILD_QUALITY, FILL_QUALITY, DAILY_QUALITY, PERIOD_QUALITY),
        *(BREAKS, ALERTS, RUNS),
    )
}
"""Every resource by the name under which it is served."""
