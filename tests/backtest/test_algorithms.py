"""Which algorithms may be asked for, and on which signals one is forced."""

import pandas as pd
import pytest

from orderworks.backtest.algorithms import DEFAULT, KNOWN, ROUTED, algorithms_of, forced, styled
from orderworks.model.errors import InputError
from orderworks.settings import load_settings


def test_each_is_taken_once_in_the_order_asked() -> None:
    assert algorithms_of("VWAP, twap,vwap,") == ("vwap", "twap")
    assert algorithms_of(",".join(DEFAULT)) == DEFAULT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "twap,vwpa",
            r"no algorithm 'vwpa' \(did you mean 'vwap'\?\); choose from routed, none, twap",
        ),
        ("ibkr_twap", "no algorithm 'ibkr_twap'"),
        (" , ", "names no algorithm; choose from routed"),
    ],
)
def test_an_unknown_one_is_told(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        algorithms_of(text)


def test_a_signal_with_a_price_or_type_of_its_own_keeps_its_way() -> None:
    signals = pd.DataFrame(
        {
            "symbol": ["A", "B", "C", "D"],
            "algo": ["twap", None, "twap", None],
            "order_type": [None, "market", None, None],
            "limit_price": [None, None, 10.0, None],
        }
    )
    assert forced(signals, "vwap")["algo"].fillna("").tolist() == ["vwap", "", "twap", "vwap"]
    assert signals["algo"].fillna("").tolist() == ["twap", "", "twap", ""]


@pytest.mark.parametrize("algorithm", [one for one in KNOWN if one != ROUTED])
def test_signals_that_ask_for_nothing_are_all_forced(algorithm: str) -> None:
    signals = pd.DataFrame({"symbol": ["A", "B"]})
    worked = algorithm.partition("-")[0]
    assert forced(signals, algorithm)["algo"].tolist() == [worked, worked]
    assert "algo" not in forced(signals, ROUTED)


def test_a_name_may_state_how_slices_are_priced() -> None:
    settings = load_settings()
    for algorithm, style in (
        ("twap-passive", "passive"),
        ("vwap-cross", "cross"),
        ("pov", settings.router.slice_style),
        (ROUTED, settings.router.slice_style),
    ):
        assert styled(settings, algorithm).router.slice_style == style
    assert settings.router.slice_style == "cross"
