"""What is served of execution quality: the columns of its tables, listed here and nowhere else."""

from orderworks.ledger.resource import Field, Filter, Kind, Resource, column

SIDES = ("buy", "sell")

_COSTS = {
    "slippage_limit_bps": "Against the limit: above 0, it was broken.",
    "slippage_decision_bps": "Against the price of the signal.",
    "slippage_arrival_bps": "Against the mid when it was released.",
    "slippage_twap_bps": "Against the mid's average over its time.",
    "slippage_vwap_bps": "Against the market's average price over its time.",
    "slippage_open_bps": "Against the session's opening price.",
    "slippage_close_bps": "Against the session's closing price.",
    "market_adjusted_bps": "Against arrival, less what the market moved meanwhile.",
    "effective_spread_bps": "Twice the distance from the mid at the fill.",
    "realized_spread_bps": "Twice the distance from the mid five minutes later.",
    "price_impact_bps": "Twice what the mid moved in these five minutes.",
}
"""In basis points; positive is a cost."""

_GAINS = {
    "price_improvement_bps": "Better than the quote, in basis points; positive is good.",
    "spread_capture": "The part of the quoted spread that was not paid: 0 at the far side, 1 at the near.",
    **{
        f"markout_{name}_bps": f"What the mid moved our way {after} later; positive is good."
        for name, after in (
            ("1s", "1 second"),
            ("10s", "10 seconds"),
            ("1m", "1 minute"),
            ("5m", "5 minutes"),
            ("30m", "30 minutes"),
        )
    },
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


def _order_columns() -> dict[str, Field]:
    """By what orders and fills are summed up."""
    return {
        **column("strategy", Kind.TEXT, "The strategy.", of="q", sorts=True),
        **column("symbol", Kind.TEXT, "What was traded.", of="q", sorts=True),
        **column("side", Kind.TEXT, "buy or sell.", of="q"),
        **column("order_type", Kind.TEXT, "market, limit, ...", of="q"),
        **column("route_rule", Kind.TEXT, "The rule that routed it.", of="q"),
        **column("algo", Kind.TEXT, "How it was worked.", of="q"),
        "hour": Field("q.hour::bigint", Kind.INTEGER, "Of its release, in New York.", sorts=True),
        **column("size_bucket", Kind.TEXT, "Its size, of the average daily volume.", of="q"),
    }


def _summed_up() -> dict[str, Field]:
    """What is known of many orders and their fills."""
    return {
        **column("orders", Kind.INTEGER, "Orders measured.", of="q", sorts=True),
        **column("unmeasured", Kind.INTEGER, "Of which the shortfall is not known.", of="q"),
        **column("fills", Kind.INTEGER, "Their fills.", nullable=True, of="q", sorts=True),
        **column("quantity", Kind.INTEGER, "Shares ordered.", of="q"),
        **column("filled_quantity", Kind.INTEGER, "Shares filled.", of="q"),
        "notional": Field("q.notional", Kind.MONEY, "Money traded.", sorts=True),
        **column(
            "fill_rate",
            Kind.MEASURE,
            "Filled of ordered at the decision price, 0 to 1.",
            of="q",
            sorts=True,
        ),
        **_measures({"participation": "Of the value traded meanwhile, 0 to 1."} | _COSTS | _GAINS),
        **_money({"shortfall_total": _SHORTFALL["shortfall_total"]}),
        **_measures({"shortfall_bps": "Implementation shortfall in basis points."}),
        **_money({"fees": "Commissions."}, nullable=False),
    }


_FILTERS = {
    "account": Filter("q.account = {0}", Kind.TEXT, "Only this account."),
    "session": Filter("q.session = {0}", Kind.DATE, "Only this session."),
    "since": Filter("q.session >= {0}", Kind.DATE, "Only this session and later ones."),
}

_OF_DIMENSION = {
    "dimension": Filter("q.dimension = {0}", Kind.TEXT, "day, strategy, symbol, ..."),
    "key": Filter("q.key = {0}", Kind.TEXT, "Only this one of the dimension."),
}

_OF_FILLS = {
    **_FILTERS,
    "symbol": Filter("q.symbol = {0}", Kind.TEXT, "Only this symbol."),
    "strategy": Filter("q.strategy = {0}", Kind.TEXT, "Only this strategy."),
    "side": Filter("q.side = {0}", Kind.TEXT, "Only this side.", SIDES),
    "parent_id": Filter("q.parent_id = {0}", Kind.TEXT, "Only of this parent."),
    "client_order_id": Filter("q.client_order_id = {0}", Kind.TEXT, "Only of this child."),
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
        **_order_columns(),
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
                "open_price": "The session's opening price.",
                "close_price": "The session's closing price.",
                "end_price": "The mid at the end of its time.",
            }
        ),
        **_measured_prices(
            {
                "twap_price": "The mid's average over its time.",
                "vwap_price": "The market's average price over its time.",
            }
        ),
        **_measures({"participation": "Of what traded meanwhile, 0 to 1."} | _COSTS | _GAINS),
        **_measures({"slippage_limit_worst_bps": "Against the limit, of the worst fill."}),
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
        **_summed_up(),
    },
    key=("account", "session", "dimension", "key"),
    sort="-session",
    filters={**_FILTERS, **_OF_DIMENSION},
)

PERIOD_QUALITY = Resource(
    name="period-quality",
    noun="aggregate",
    says="What execution cost in a week or a month, by one dimension.",
    source="period_quality q",
    fields={
        **column("account", Kind.TEXT, "The account.", of="q"),
        **column("period", Kind.TEXT, "week or month.", of="q"),
        **column("starts", Kind.DATE, "Its first day.", of="q", sorts=True),
        **column("dimension", Kind.TEXT, "By what it is summed up; all: by nothing.", of="q"),
        **column("key", Kind.TEXT, "Of which one.", of="q", sorts=True),
        **_summed_up(),
    },
    key=("account", "period", "starts", "dimension", "key"),
    sort="-starts",
    filters={
        "account": _FILTERS["account"],
        "period": Filter("q.period = {0}", Kind.TEXT, "Only these.", ("week", "month")),
        "since": Filter("q.starts >= {0}", Kind.DATE, "Only what began then or later."),
        **_OF_DIMENSION,
    },
)

CHILD_QUALITY = Resource(
    name="child-quality",
    noun="measured child",
    says="What the fills of each child cost.",
    source="child_quality q",
    fields={
        **column("client_order_id", Kind.TEXT, "The child.", of="q"),
        **column("parent_id", Kind.TEXT, "Its parent.", of="q"),
        **column("account", Kind.TEXT, "The account.", of="q"),
        **column("session", Kind.DATE, "The session.", of="q", sorts=True),
        **_order_columns(),
        **column("fills", Kind.INTEGER, "Its fills.", of="q", sorts=True),
        **column("quantity", Kind.INTEGER, "Shares filled.", of="q", sorts=True),
        **_money(
            {
                "notional": "Money traded.",
                "average_price": "Average price of the fills.",
                "commission": "Of the fills.",
            },
            nullable=False,
        ),
        **column("first_fill_at", Kind.TIME, "When it began to fill.", of="q", sorts=True),
        **column("last_fill_at", Kind.TIME, "When it was last filled.", of="q"),
        **_measures(_COSTS | _GAINS),
    },
    key=("account", "session", "client_order_id"),
    sort="-session",
    filters=_OF_FILLS,
)

FILL_QUALITY = Resource(
    name="fill-quality",
    noun="measured fill",
    says="What each measured fill cost.",
    source="fill_quality q",
    fields={
        **column("exec_id", Kind.TEXT, "The fill.", of="q"),
        **column("client_order_id", Kind.TEXT, "The child that was filled.", of="q"),
        **column("parent_id", Kind.TEXT, "Its parent.", of="q"),
        **column("account", Kind.TEXT, "The account.", of="q"),
        **column("session", Kind.DATE, "The session.", of="q", sorts=True),
        **column("ts", Kind.TIME, "When it was filled.", of="q", sorts=True),
        **_order_columns(),
        **column("quantity", Kind.INTEGER, "Shares.", of="q", sorts=True),
        **_money({"price": "Paid or got, a share.", "commission": "Of it."}, nullable=False),
        **_measured_prices(
            {
                "bid": "When it was filled.",
                "ask": "When it was filled.",
                "arrival_price": "The mid when its parent was released.",
            }
        ),
        **_measures(_COSTS | _GAINS),
    },
    key=("account", "session", "exec_id"),
    sort="-session",
    filters=_OF_FILLS,
)
