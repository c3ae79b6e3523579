"""What the flows are asked for, as the form in the UI shows it: choices, bounds, and one sentence each."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

Session = Annotated[
    date | None,
    Field(
        title="Session",
        description="The trading day. Empty: today in New York (of a replayed market, its latest).",
        examples=["2026-11-20"],
    ),
]

Day = Annotated[
    date | None,
    Field(
        title="Day",
        description="Any day of the period. Empty: the last one whose sessions have all closed.",
        examples=["2026-11-20"],
    ),
]

Signals = Annotated[
    str | None,
    Field(
        title="Signals",
        description="CSV, Parquet or SQL file, or redis:STREAM, one row a signal. A relative path starts "
        "where `orderworks up` did.",
        min_length=1,
    ),
]

Targets = Annotated[
    str | None,
    Field(
        title="Targets",
        description="CSV, Parquet or SQL file with the columns symbol and weight, instead of the weights "
        "above.",
        min_length=1,
    ),
]

Weight = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]

Weights = Annotated[
    dict[str, Weight] | None,
    Field(
        title="Target weights",
        description="Fractions of equity by symbol, from -1 to 1; 0 closes a position. Symbols that are "
        'not named are left alone. Such as {"AAPL": 0.04, "XOM": -0.02}',
        examples=[{"AAPL": 0.04, "XOM": -0.02, "T": 0}],
    ),
]

Market = Annotated[
    str | None,
    Field(
        title="Recorded market",
        description="A directory of recorded quotes to replay. Empty: the broker's own market, or that of "
        "the latest replay.",
        min_length=1,
    ),
]

RunKey = Annotated[
    str | None,
    Field(
        title="Run key",
        description="The occasion's name, under which nothing is traded twice. Empty: kind and session. "
        "Give another only to trade once more on purpose.",
        min_length=1,
        max_length=100,
    ),
]

Broker = Annotated[
    Literal["simulated", "ibkr", "paper_stub"] | None,
    Field(title="Broker", description="Empty: the broker of this deployment's account."),
]

Reason = Annotated[
    str,
    Field(title="Reason", description="Why; kept with the switch.", min_length=1, max_length=500),
]

Flatten = Annotated[
    bool,
    Field(
        title="Flatten",
        description="Close every position at the market, too, once what rests is cancelled.",
    ),
]
