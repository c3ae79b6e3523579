"""The rule on margin: what the broker said of the orders that it was asked about."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_tables import NAN, ORDER, account

from orderworks.planning.risk import RiskContext, gate
from orderworks.planning.risk.candidates import MarginAnswer
from orderworks.planning.risk.rules import margin

NOT_ASKED: dict[str, Any] = {
    "margin_answer": MarginAnswer.NOT_ASKED,
    "margin_needed": NAN,
    "margin_available": NAN,
    "margin_maintenance": NAN,
    "margin_commission": NAN,
    "margin_words": "",
}


def told(needed: float, **changes: Any) -> dict[str, Any]:
    return {"margin_answer": MarginAnswer.TOLD, "margin_needed": needed} | changes


def silent(words: str = "it gave no answer in time") -> dict[str, Any]:
    return {"margin_answer": MarginAnswer.UNKNOWN, "margin_words": words}


def decided(context: RiskContext, *rows: dict[str, Any]) -> pd.DataFrame:
    table = pd.DataFrame([ORDER | NOT_ASKED | {"symbol": f"S{n}"} | r for n, r in enumerate(rows)])
    return gate(table, context, [margin]).decisions


def test_orders_fit_into_the_available_funds_in_order() -> None:
    context = account(available_funds=1_000.0)
    rows = told(600), told(500), told(400), told(1), {}
    codes = decided(context, *rows)["code"].tolist()
    assert codes == ["ACCEPTED", "MARGIN", "ACCEPTED", "MARGIN", "ACCEPTED"]


def test_a_refusal_says_its_numbers() -> None:
    row = decided(account(available_funds=1_000.0), told(600), told(500)).iloc[1]
    assert row["reason"] == (
        "the broker asks 500.00 of available funds for it, and 400.00 of 1,000.00 is left"
    )
    assert (row["saw"]["margin_needed"], row["saw"]["available_funds"]) == (500.0, 1_000.0)


def test_what_frees_funds_passes_and_makes_no_room() -> None:
    codes = decided(account(available_funds=-50.0), told(-500), told(100), told(0.0))["code"]
    assert codes.tolist() == ["ACCEPTED", "MARGIN", "ACCEPTED"]


def test_what_the_broker_would_not_take_is_refused_whatever_the_funds() -> None:
    no = {"margin_answer": MarginAnswer.REFUSED, "margin_words": "no permission (code 460)"}
    row = decided(account(available_funds=1e9), no).iloc[0]
    assert (row["code"], row["accepted"]) == ("MARGIN_REFUSED", False)
    assert row["reason"] == "the broker would not take it: no permission (code 460)"


@pytest.mark.parametrize("refuses", [True, False])
def test_silence_is_as_the_desk_has_it_and_is_recorded(refuses: bool) -> None:
    rows = decided(account(refuses_unknown_margin=refuses), silent(), {})
    assert rows["code"].tolist() == ["MARGIN_UNKNOWN" if refuses else "ACCEPTED", "ACCEPTED"]
    saw = rows["saw"].iloc[0]
    assert (saw["margin_answer"], saw["margin_needed"]) == ("unknown", None)
    assert saw["broker_says"] == "it gave no answer in time"


def test_an_accepted_order_keeps_what_was_said_of_it_and_others_nothing() -> None:
    context = account(available_funds=1_000.0)
    said = told(
        600,
        margin_available=1_000.0,
        margin_maintenance=300.0,
        margin_commission=1.5,
        margin_words="be careful",
    )
    first, second = decided(context, said, {})["saw"]
    assert {name: first[name] for name in first if name not in second} == {
        "margin_answer": "told",
        "margin_needed": 600.0,
        "margin_available": 1_000.0,
        "margin_maintenance": 300.0,
        "margin_commission": 1.5,
        "broker_says": "be careful",
    }


@given(
    funds=st.floats(-1e6, 1e6),
    needs=st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=20),
)
def test_what_is_admitted_never_needs_more_than_there_is(
    funds: float, needs: list[float | None]
) -> None:
    rows = [{} if need is None else told(need) for need in needs]
    accepted = decided(account(available_funds=funds), *rows)["accepted"]
    taken = [
        max(need, 0.0)
        for need, passed in zip(needs, accepted, strict=True)
        if passed and need is not None
    ]
    assert sum(taken) <= max(funds, 0.0) + abs(funds) * 1e-8
    assert all(passed for need, passed in zip(needs, accepted, strict=True) if not need or need < 0)
