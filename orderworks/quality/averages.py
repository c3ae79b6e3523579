"""Average prices, of exact sums."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pandas as pd

PRICE_PLACES = Decimal("1e-8")
"""Averages of exact prices are kept to this; sums of money stay exact."""


def averages(totals: Iterable[Decimal], quantities: Iterable[int]) -> pd.Series[Any]:
    """Total by quantity; None where there is no quantity."""
    averages = [
        (total / shares).quantize(PRICE_PLACES) if shares else None
        for total, shares in zip(totals, quantities, strict=True)
    ]
    return pd.Series(averages, dtype=object)
