"""Executions in shares of one kind: the money stays, and no share more than they come to."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quality_tables import fill, fills_table

from orderworks.quality.through_splits import in_last_shares

SPLITS = st.sampled_from([Fraction(2), Fraction(3, 2), Fraction(1, 10), 1])
FILLS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, 10_000), SPLITS), min_size=1, max_size=8
)


@given(FILLS)
def test_fills_come_to_the_whole_shares_of_what_they_became(
    fills: list[tuple[str, int, Fraction | int]],
) -> None:
    booked = fills_table(
        *(
            fill(shares, "9.60", 100 + n, of, splits=became, limit_price=Decimal("9.66"))
            for n, (of, shares, became) in enumerate(fills)
        )
    )
    told = in_last_shares(booked)
    for name in "ab":
        exact = sum((n * Fraction(became) for of, n, became in fills if of == name), Fraction(0))
        assert told["quantity"][told["parent_id"] == name].sum() == int(exact)
    for name, price in (("price", "9.60"), ("limit_price", "9.66")):
        per_share = [float(Decimal(price)) / float(became) for _, _, became in fills]
        assert told[name].astype(float).tolist() == pytest.approx(per_share)
    assert booked["price"].tolist() == [Decimal("9.60")] * len(fills)
