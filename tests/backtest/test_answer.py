"""What is said answers what was asked, and says no more than the orders tell."""

from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
from replayed_orders import costs, order

from orderworks.backtest.answer import answer, notes
from orderworks.backtest.comparison import by_algorithm, compare_all
from orderworks.backtest.replay import Asked, Replayed


def said(orders: pd.DataFrame) -> str:
    return answer(by_algorithm(orders), compare_all(orders))


def test_the_cheaper_comes_first_whichever_was_asked_first() -> None:
    clear = {"twap": [5.0, 5.1, 5.2], "vwap": [1.0, 1.2, 0.9]}
    expected = (
        "vwap cost 4.1 bps less than twap on 3 orders of 1 session (shortfall 1.0 against 5.1"
    )
    for names in (["twap", "vwap"], ["vwap", "twap"]):
        sentence = said(costs(**{name: clear[name] for name in names}))
        assert sentence.startswith(expected)
        assert sentence.endswith("which is more than noise.")
        assert (
            "the difference is -4.1 bps with a spread of 0.2 (95 % interval -4.6 to -3.5)"
            in sentence
        )


def test_noise_is_called_noise() -> None:
    sentence = said(costs(twap=[5.0, 5.0, 5.0], vwap=[1.0, 9.0, 2.0]))
    assert "within noise, so these orders do not tell which is cheaper" in sentence
    assert said(costs(twap=[5.0], vwap=[1.0])).endswith("; one order cannot tell that from noise.")
    same = said(costs(twap=[5.0, 5.0], vwap=[5.01, 5.0]))
    assert same.startswith("twap cost as much as vwap on 2 orders")
    assert "-0.0" not in same


def test_of_more_than_two_the_cheapest_that_are_forced_are_compared() -> None:
    sentence = said(costs(routed=[0.0, 0.1], none=[9.0, 9.1], twap=[5.0, 5.1], vwap=[4.0, 4.1]))
    assert sentence.startswith("vwap cost 1.0 bps less than twap")


def test_one_alone_is_not_compared() -> None:
    assert said(costs(twap=[5.0, 4.0])) == (
        "twap cost 4.5 bps on 2 orders; there is nothing to compare it with."
    )
    alike = said(costs(twap=[5.0], vwap=[5.0]).assign(algo="twap"))
    assert alike.endswith("; they worked no order differently, so they are not compared.")
    nothing = said(pd.DataFrame([order("twap", None)]))
    assert nothing.startswith("No order could be measured")


def test_notes_tell_what_the_numbers_leave_out() -> None:
    orders = pd.DataFrame(
        [
            order("vwap", 5.0, 0, algo="twap"),
            order("vwap", 5.0, 1, filled_quantity=400),
            order("vwap", 5.0, 2, filled_quantity=300),
        ]
    )
    asked = Asked([], {}, Path(), ("vwap",), left_out=2, quarantined=1)
    replayed = Replayed(asked, orders, {"vwap": Counter({"NO_EDGE": 1})})
    assert list(notes(replayed)) == [
        "vwap: 1 order had no earlier volume to go by and was worked as twap.",
        "vwap: 2 orders of 1 session not filled whole; what was missed is in the shortfall, at the "
        "price when it was given up.",
        "vwap: 1 signal came to no order: 1 NO_EDGE.",
        "1 signal set aside for breaking a rule.",
        "2 signals of other sessions left out.",
    ]


def test_sessions_are_counted() -> None:
    orders = pd.concat(
        [
            costs(twap=[5.0], vwap=[1.0]),
            costs(twap=[5.0], vwap=[1.5]).assign(session=date(2024, 11, 22)),
        ]
    )
    assert "on 2 orders of 2 sessions" in said(orders)
