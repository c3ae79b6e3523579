"""What was summed up, in half a sentence."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from orderworks.model.counted import counted


def told(row: Mapping[Any, Any]) -> str:
    """Orders, fill rate, cost; what is not known is left out.

    Args:
        row: of MEASURES.
    """
    parts = [f"{counted(row['orders'], 'order')}, {row['fill_rate']:.0%} filled"]
    if pd.notna(row["slippage_arrival_bps"]):
        parts.append(f"arrival slippage {row['slippage_arrival_bps']:+.1f} bps")
    if pd.notna(row["shortfall_total"]):
        parts.append(f"shortfall {row['shortfall_total']:,.2f}")
    return ", ".join(parts)
