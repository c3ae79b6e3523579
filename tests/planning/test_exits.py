"""The exits of entries: one a stated price, on the other side, under a name of its own."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.rounding import round_to_tick
from orderworks.planning.exits import EXIT_KINDS, exits, group_of
from orderworks.planning.scheduling import Horizon, Schedule, schedule

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
WINDOW = Horizon(START, START + timedelta(minutes=4), 4)
ORDER: dict[str, Any] = {
    "strategy": "trend",
    "side": "buy",
    "quantity": 100,
    "lot_size": 1,
    "algo": "none",
    "signal_ts": START,
    "stop_loss_price": np.nan,
    "take_profit_price": np.nan,
}
RUN = ("SIM1", "daily:2026-11-20")


def planned(*rows: dict[str, Any]) -> Schedule:
    table = pd.DataFrame([ORDER | {"symbol": f"S{i}"} | row for i, row in enumerate(rows)])
    return schedule(table, WINDOW, *RUN, {})


def of(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """The exits of entries, a row each."""
    found: list[dict[str, Any]] = exits(planned(*rows), *RUN).to_dict("records")
    return found


def test_an_entry_without_exit_prices_has_none() -> None:
    assert exits(planned({}, {"side": "sell"}), *RUN).empty


def test_a_stop_and_a_target_trade_the_entry_back_and_share_a_group() -> None:
    schedule = planned({"stop_loss_price": 98.0, "take_profit_price": 105.0})
    entry = schedule.children["client_order_id"].iloc[0]
    stop, target = exits(schedule, *RUN).to_dict("records")
    assert (stop["order_type"], stop["stop_price"], stop["route_rule"]) == ("stop", 98, "STOP_LOSS")
    assert (target["order_type"], target["limit_price"]) == ("limit", 105)
    assert target["route_rule"] == "TAKE_PROFIT"
    assert np.isnan([stop["limit_price"], target["stop_price"]]).all()
    for one in (stop, target):
        assert (one["side"], one["quantity"], one["attached_to"]) == ("sell", 100, entry)
        assert (one["oca_group"], one["tif"], one["algo"]) == (group_of(entry), "gtc", "none")
        assert one["due_at"] == START


def test_one_exit_alone_has_no_group() -> None:
    stop, target = of({"stop_loss_price": 98.0}, {"take_profit_price": 105.0})
    assert pd.isna(stop["oca_group"])
    assert pd.isna(target["oca_group"])


def test_every_slice_of_a_worked_entry_has_its_own() -> None:
    schedule = planned({"algo": "twap", "quantity": 10, "stop_loss_price": 98.0})
    found = exits(schedule, *RUN)
    children = schedule.children
    assert found["attached_to"].tolist() == children["client_order_id"].tolist()
    assert found["quantity"].tolist() == children["quantity"].tolist() == [3, 3, 2, 2]
    assert found["due_at"].tolist() == children["due_at"].tolist()


def test_prices_are_put_on_the_grid_and_never_worse_than_asked() -> None:
    asked = {"stop_loss_price": 98.003, "take_profit_price": 105.003}
    long_stop, short_stop, long_target, short_target = of(
        asked, {"side": "sell", "stop_loss_price": 105.007, "take_profit_price": 98.007}
    )
    # A sell stop triggers no lower and a sell limit takes no less; a buy the other way round.
    assert (long_stop["stop_price"], long_target["limit_price"]) == (98.01, 105.01)
    assert (short_stop["stop_price"], short_target["limit_price"]) == (105.0, 98.0)
    assert long_stop["decision_price"] == 98.01


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "side": st.sampled_from(["buy", "sell"]),
            "quantity": st.integers(1, 50),
            "algo": st.sampled_from(["none", "twap"]),
            "stop_loss_price": st.just(np.nan) | st.floats(0.01, 2_000),
            "take_profit_price": st.just(np.nan) | st.floats(0.01, 2_000),
        }
    ),
    min_size=1,
    max_size=6,
)


@given(ROWS)
def test_each_entry_has_one_exit_a_price_that_it_states(rows: list[dict[str, Any]]) -> None:
    schedule = planned(*rows)
    found = exits(schedule, *RUN)
    pd.testing.assert_frame_equal(found, exits(planned(*rows), *RUN))
    expected = {}
    for child in schedule.children.itertuples():
        row = rows[child.parent]
        stated = [kind for kind in EXIT_KINDS if not np.isnan(row[kind.price])]
        side = "sell" if row["side"] == "buy" else "buy"
        for kind in stated:
            kind_of_price = "stop" if kind.own_price == "stop_price" else "limit"
            expected[child.client_order_id, kind.route_rule] = (
                side,
                child.quantity,
                _on_tick(row[kind.price], side, kind_of_price),
                group_of(child.client_order_id) if len(stated) == 2 else None,
            )
    actual = {
        (one["attached_to"], one["route_rule"]): (
            one["side"],
            one["quantity"],
            Decimal(str(one["stop_price" if one["order_type"] == "stop" else "limit_price"])),
            None if pd.isna(one["oca_group"]) else one["oca_group"],
        )
        for one in found.to_dict("records")
    }
    assert actual == expected
    assert len(found) == len(actual)
    if len(found):
        names = [*found["client_order_id"], *schedule.children["client_order_id"]]
        names += schedule.parents["client_order_id"][schedule.parents["algo"] != "none"].tolist()
        assert len({*names}) == len(names)
        assert all(name.isascii() and len(name) <= 40 for name in found["client_order_id"])


def _on_tick(price: float, side: str, kind: Any) -> Decimal:
    return round_to_tick(price, "0.01" if price >= 1 else "0.0001", side, kind)


@pytest.mark.parametrize(("account", "run_key"), [("SIM2", RUN[1]), (RUN[0], "daily:2026-11-23")])
def test_another_account_or_occasion_has_other_names(account: str, run_key: str) -> None:
    schedule = planned({"stop_loss_price": 98.0, "algo": "twap"})
    names = {*exits(schedule, *RUN)["client_order_id"]}
    assert not names & {*exits(schedule, account, run_key)["client_order_id"]}
