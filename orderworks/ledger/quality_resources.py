"""What is served of execution quality: the columns of its tables, listed here and nowhere else."""

from orderworks.ledger.resource import Field, Filter, Kind, Resource, column

SIDES = ("buy", "sell")

_BPS = {
    "slippage_limit_bps": "Against the limit: above 0, it was broken.",
    "slippage_limit_worst_bps": "Against the limit, of the worst fill.",
    "slippage_decision_bps": "Against the price of the signal.",
    "slippage_arrival_bps": "Against the mid when it was released.",
    "slippage_twap_bps": "Against the mid's average over its time.",
    "slippage_vwap_bps": "Against the market's average price over its time.",
}
_SHORTFALL = {
    "shortfall_delay": "Of the shortfall: from the signal to the release.",
    "shortfall_execution": "Of the shortfall: from the release to the fills.",
    "shortfall_opportunity": "Of the shortfall: what was not filled.",
    "shortfall_fees": "Of the shortfall: commissions.",
    "shortfall_total": "Implementation shortfall in money; positive is a cost.",
}
_LATENCIES = {
    "latency_submit_ms": "From the signal to the release.",
    "latency_ack_ms": "From the release to the acknowledgement.",
    "latency_first_fill_ms": "From the release to the first fill.",
    "latency_last_fill_ms": "From the release to the last fill.",
}


def _measures(says: dict[str, str]) -> dict[str, Field]:
    return {
        name: Field(f"q.{name}", Kind.MEASURE, text, nullable=True, sorts=True)
        for name, text in says.items()
    }


def _money(says: dict[str, str], *, nullable: bool = True) -> dict[str, Field]:
    return {name: Field(f"q.{name}", Kind.MONEY, text, nullable) for name, text in says.items()}


def _measured_prices(says: dict[str, str]) -> dict[str, Field]:
    # A measured price is a float, and through its text it loses nothing.
    return {
        name: Field(f"q.{name}::text::numeric", Kind.MONEY, text, nullable=True)
        for name, text in says.items()
    }


_FILTERS = {
    "account": Filter("q.account = {0}", Kind.TEXT, "Only this account."),
    "session": Filter("q.session = {0}", Kind.DATE, "Only this session."),
    "since": Filter("q.session >= {0}", Kind.DATE, "Only this session and later ones."),
}

ORDER_QUALITY = Resource(
    name="order-quality",
    noun="measured order",
    says="What the execution of each measured order cost; positive is a cost.",
    source="order_quality q JOIN orders o USING (client_order_id) JOIN runs r USING (run_id)",
    fields={
        "client_order_id": Field("q.client_order_id", Kind.TEXT, "The order."),
        "run_key": Field("r.run_key", Kind.TEXT, "The run."),
        **column("account", Kind.TEXT, "The account.", of="q"),
        **column("session", Kind.DATE, "The session.", of="q", sorts=True),
        **column("strategy", Kind.TEXT, "The strategy.", of="q", sorts=True),
        **column("symbol", Kind.TEXT, "What was traded.", of="q", sorts=True),
        **column("side", Kind.TEXT, "buy or sell.", of="q"),
        **column("order_type", Kind.TEXT, "market, limit, ...", of="q"),
        **column("route_rule", Kind.TEXT, "The rule that routed it.", of="q"),
        **column("algo", Kind.TEXT, "How it was worked.", of="q"),
        **column("quantity", Kind.INTEGER, "Shares ordered.", of="q", sorts=True),
        **column("filled_quantity", Kind.INTEGER, "Shares filled.", of="q", sorts=True),
        **column("fill_rate", Kind.MEASURE, "Filled of ordered, 0 to 1.", of="q", sorts=True),
        "filled_notional": Field("q.filled_notional", Kind.MONEY, "Money traded.", sorts=True),
        **_money({"average_price": "Average price of the fills."}),
        **_money({"decision_price": "The price of the signal."}, nullable=False),
        **_money(
            {
                "arrival_price": "The mid when it was released.",
                "limit_price": "Its limit.",
                "end_price": "The mid at the end of its time.",
            }
        ),
        **_measured_prices(
            {
                "twap_price": "The mid's average over its time.",
                "vwap_price": "The market's average price over its time.",
            }
        ),
        **_measures(_BPS),
        **_money(_SHORTFALL),
        **_measures({"shortfall_bps": "Implementation shortfall in basis points."}),
        **_measures(_LATENCIES),
    },
    key=("client_order_id",),
    sort="-session",
    filters={
        **_FILTERS,
        "run_key": Filter("r.run_key = {0}", Kind.TEXT, "Only orders of this run."),
        "symbol": Filter("q.symbol = {0}", Kind.TEXT, "Only this symbol."),
        "strategy": Filter("q.strategy = {0}", Kind.TEXT, "Only this strategy."),
        "side": Filter("q.side = {0}", Kind.TEXT, "Only this side.", SIDES),
        "client_order_id": Filter("q.client_order_id = {0}", Kind.TEXT, "Only this order."),
    },
)

DAILY_QUALITY = Resource(
    name="daily-quality",
    noun="aggregate",
    says="What execution cost a session, by one dimension; positive is a cost.",
    source="daily_quality q",
    fields={
        **column("account", Kind.TEXT, "The account.", of="q"),
        **column("session", Kind.DATE, "The session.", of="q", sorts=True),
        **column("dimension", Kind.TEXT, "By what it is summed up.", of="q"),
        **column("key", Kind.TEXT, "Of which one.", of="q", sorts=True),
        **column("orders", Kind.INTEGER, "Orders measured.", of="q", sorts=True),
        **column("unmeasured", Kind.INTEGER, "Of which the shortfall is not known.", of="q"),
        **column("quantity", Kind.INTEGER, "Shares ordered.", of="q"),
        **column("filled_quantity", Kind.INTEGER, "Shares filled.", of="q"),
        "notional": Field("q.notional", Kind.MONEY, "Money traded.", sorts=True),
        **column("fill_rate", Kind.MEASURE, "Filled of ordered, 0 to 1.", of="q", sorts=True),
        **_measures({name: text for name, text in _BPS.items() if "limit" not in name}),
        **_money({"shortfall_total": _SHORTFALL["shortfall_total"]}),
        **_measures({"shortfall_bps": "Implementation shortfall in basis points."}),
        **_money({"fees": "Commissions."}, nullable=False),
    },
    key=("account", "session", "dimension", "key"),
    sort="-session",
    filters={
        **_FILTERS,
        "dimension": Filter("q.dimension = {0}", Kind.TEXT, "day, strategy, symbol, ..."),
        "key": Filter("q.key = {0}", Kind.TEXT, "Only this one of the dimension."),
    },
)
