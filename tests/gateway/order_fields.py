"""The fields of an order: as a client places it, as it is open, and as it is completed.

The order of the fields is that of ib_async 2.1 (client.py, decoder.py) and of IBKR's ibapi 9.81
(client.py, orderdecoder.py), which agree.
"""

from .layouts import Before, Constant, Layout, Repeated, Since, When, named


def _is_set(text: str) -> bool:
    return text != ""


def _is_scaled(text: str) -> bool:
    return text != "" and 0 < float(text) < 1e308


def _is_true(text: str) -> bool:
    return text in ("1", "True")


def _is_bag(text: str) -> bool:
    return text == "BAG"


def _is_benchmark(text: str) -> bool:
    return text in ("PEG BENCH", "PEGBENCH")


CONTRACT = named(
    "conId symbol secType lastTradeDateOrContractMonth strike right multiplier exchange "
    "primaryExchange currency localSymbol tradingClass"
)
"""A contract in a request."""

SHOWN_CONTRACT = named(
    "conId symbol secType lastTradeDateOrContractMonth strike right multiplier exchange currency "
    "localSymbol tradingClass"
)
"""A contract in an answer."""

_LEG = named("conId ratio action exchange openClose shortSaleSlot designatedLocation exemptCode")
_TAG = named("tag value")
_DELTA_NEUTRAL = When("hasDeltaNeutralContract", _is_true, *named("dnConId dnDelta dnPrice"))
_SCALE = (
    *named("scaleInitLevelSize scaleSubsLevelSize scalePriceIncrement"),
    When(
        "scalePriceIncrement",
        _is_scaled,
        *named(
            "scalePriceAdjustValue scalePriceAdjustInterval scaleProfitOffset scaleAutoReset "
            "scaleInitPosition scaleInitFillQty scaleRandomPercent"
        ),
    ),
)
_HEDGE: Layout = ("hedgeType", When("hedgeType", _is_set, "hedgeParam"))
_ALGO: Layout = ("algoStrategy", When("algoStrategy", _is_set, Repeated("algoParams", *_TAG)))
_BENCHMARK = When(
    "orderType",
    _is_benchmark,
    *named(
        "referenceContractId isPeggedChangeAmountDecrease peggedChangeAmount referenceChangeAmount "
        "referenceExchangeId"
    ),
)
_DELTA_NEUTRAL_SHORT = named(
    "deltaNeutralShortSale deltaNeutralShortSaleSlot deltaNeutralDesignatedLocation"
)
_DELTA_NEUTRAL_ORDER = When(
    "deltaNeutralOrderType",
    _is_set,
    *named(
        "deltaNeutralConId deltaNeutralSettlingFirm deltaNeutralClearingAccount "
        "deltaNeutralClearingIntent deltaNeutralOpenClose"
    ),
    *_DELTA_NEUTRAL_SHORT,
)
_BAG = When(
    "secType",
    _is_bag,
    Repeated("comboLegs", *_LEG),
    Repeated("orderComboLegs", "price"),
    Repeated("smartComboRoutingParams", *_TAG),
)
_COMBO: Layout = (
    "comboLegsDescrip",
    Repeated("comboLegs", *_LEG),
    Repeated("orderComboLegs", "price"),
    Repeated("smartComboRoutingParams", *_TAG),
)

CONDITIONS = "conditions"
"""How many conditions an order has: what follows the number is not read, so it must be 0."""

PLACED: Layout = (
    "orderId",
    *CONTRACT,
    *named(
        "secIdType secId action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account "
        "openClose origin orderRef transmit parentId blockOrder sweepToFill displaySize "
        "triggerMethod outsideRth hidden"
    ),
    _BAG,
    Constant(""),
    *named("discretionaryAmt goodAfterTime goodTillDate faGroup faMethod faPercentage"),
    Before(177, "faProfile"),
    *named(
        "modelCode shortSaleSlot designatedLocation exemptCode ocaType rule80A settlingFirm "
        "allOrNone minQty percentOffset eTradeOnly firmQuoteOnly nbboPriceCap auctionStrategy "
        "startingPrice stockRefPrice delta stockRangeLower stockRangeUpper "
        "overridePercentageConstraints volatility volatilityType deltaNeutralOrderType "
        "deltaNeutralAuxPrice"
    ),
    _DELTA_NEUTRAL_ORDER,
    *named("continuousUpdate referencePriceType trailStopPrice trailingPercent"),
    *_SCALE,
    *named("scaleTable activeStartTime activeStopTime"),
    *_HEDGE,
    *named("optOutSmartRouting clearingAccount clearingIntent notHeld hasDeltaNeutralContract"),
    _DELTA_NEUTRAL,
    *_ALGO,
    *named("algoId whatIf orderMiscOptions solicited randomizeSize randomizePrice"),
    _BENCHMARK,
    CONDITIONS,
    *named(
        "adjustedOrderType triggerPrice lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice "
        "adjustedTrailingAmount adjustableTrailingUnit extOperator softDollarName softDollarValue "
        "cashQty mifid2DecisionMaker mifid2DecisionAlgo mifid2ExecutionTrader "
        "mifid2ExecutionAlgo dontUseAutoPriceForHedge isOmsContainer "
        "discretionaryUpToLimitPrice usePriceMgmtAlgo"
    ),
    Since(158, "duration"),
    Since(160, "postToAts"),
    Since(162, "autoCancelParent"),
    Since(166, "advancedErrorOverride"),
    Since(169, "manualOrderTime"),
)
"""placeOrder; of the fields that come last from 170 on, stocks on SMART have none."""

_MINIMUMS = Since(
    170,
    *named("minTradeQty minCompeteSize competeAgainstBestOffset midOffsetAtWhole midOffsetAtHalf"),
)

_TERMS = named(
    "action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose origin orderRef"
)

OPEN: Layout = (
    "orderId",
    *SHOWN_CONTRACT,
    *_TERMS,
    *named("clientId permId outsideRth hidden discretionaryAmt goodAfterTime"),
    Constant(""),
    *named("faGroup faMethod faPercentage"),
    Before(177, "faProfile"),
    *named(
        "modelCode goodTillDate rule80A percentOffset settlingFirm shortSaleSlot "
        "designatedLocation exemptCode auctionStrategy startingPrice stockRefPrice delta "
        "stockRangeLower stockRangeUpper displaySize blockOrder sweepToFill allOrNone minQty "
        "ocaType eTradeOnly firmQuoteOnly nbboPriceCap parentId triggerMethod volatility "
        "volatilityType deltaNeutralOrderType deltaNeutralAuxPrice"
    ),
    _DELTA_NEUTRAL_ORDER,
    *named(
        "continuousUpdate referencePriceType trailStopPrice trailingPercent basisPoints "
        "basisPointsType"
    ),
    *_COMBO,
    *_SCALE,
    *_HEDGE,
    *named("optOutSmartRouting clearingAccount clearingIntent notHeld hasDeltaNeutralContract"),
    _DELTA_NEUTRAL,
    *_ALGO,
    *named(
        "solicited whatIf status initMarginBefore maintMarginBefore equityWithLoanBefore "
        "initMarginChange maintMarginChange equityWithLoanChange initMarginAfter "
        "maintMarginAfter equityWithLoanAfter commission minCommission maxCommission "
        "commissionCurrency warningText randomizeSize randomizePrice"
    ),
    _BENCHMARK,
    CONDITIONS,
    *named(
        "adjustedOrderType triggerPrice trailStopPrice lmtPriceOffset adjustedStopPrice "
        "adjustedStopLimitPrice adjustedTrailingAmount adjustableTrailingUnit softDollarName "
        "softDollarValue softDollarDisplay cashQty dontUseAutoPriceForHedge isOmsContainer "
        "discretionaryUpToLimitPrice usePriceMgmtAlgo"
    ),
    Since(159, "duration"),
    Since(160, "postToAts"),
    Since(162, "autoCancelParent"),
    _MINIMUMS,
)
"""openOrder."""

COMPLETED: Layout = (
    *SHOWN_CONTRACT,
    *_TERMS,
    *named("permId outsideRth hidden discretionaryAmt goodAfterTime faGroup faMethod faPercentage"),
    Before(177, "faProfile"),
    *named(
        "modelCode goodTillDate rule80A percentOffset settlingFirm shortSaleSlot "
        "designatedLocation exemptCode startingPrice stockRefPrice delta stockRangeLower "
        "stockRangeUpper displaySize sweepToFill allOrNone minQty ocaType triggerMethod volatility "
        "volatilityType deltaNeutralOrderType deltaNeutralAuxPrice"
    ),
    When("deltaNeutralOrderType", _is_set, "deltaNeutralConId", *_DELTA_NEUTRAL_SHORT),
    *named("continuousUpdate referencePriceType trailStopPrice trailingPercent"),
    *_COMBO,
    *_SCALE,
    *_HEDGE,
    *named("clearingAccount clearingIntent notHeld hasDeltaNeutralContract"),
    _DELTA_NEUTRAL,
    *_ALGO,
    *named("solicited status randomizeSize randomizePrice"),
    _BENCHMARK,
    CONDITIONS,
    *named(
        "trailStopPrice lmtPriceOffset cashQty dontUseAutoPriceForHedge isOmsContainer "
        "autoCancelDate filledQuantity refFuturesConId autoCancelParent shareholder imbalanceOnly "
        "routeMarketableToBbo parentPermId completedTime completedStatus"
    ),
    _MINIMUMS,
)
"""completedOrder: the same without the ids that a client gave it."""
