"""Names and numbers that a setting cannot be: refused before anything runs, not met in the middle of it."""

import os
from collections.abc import Iterator

import pytest
import yaml
from pydantic import BaseModel

from orderworks.model.errors import SettingsError
from orderworks.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ORDERWORKS_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    "name", ["*", "a/b", "../x", ".hidden", "SIM1\n", "two words", "é", 65 * "A"]
)
@pytest.mark.parametrize(
    "key", ["broker.simulated.account", "broker.paper_stub.account", "broker.ibkr.account_id"]
)
def test_a_name_that_no_account_can_have(
    monkeypatch: pytest.MonkeyPatch, key: str, name: str
) -> None:
    monkeypatch.setenv(f"ORDERWORKS_{key.upper().replace('.', '__')}", name)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value) == (
        f"setting '{key}' cannot be {name!r}: an account's name is 1 to 64 letters, digits, "
        "'.', '_' and '-', a letter or digit first"
    )


@pytest.mark.parametrize("name", ["SIM1", "DU1234567", "a", "0.desk_2-x", 64 * "A"])
def test_a_name_that_an_account_can_have(name: str) -> None:
    named = load_settings(
        broker={
            "simulated": {"account": name},
            "paper_stub": {"account": name},
            "ibkr": {"account_id": name},
        }
    ).broker
    assert named.simulated.account == named.paper_stub.account == named.ibkr.account_id == name


def bounded(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """The settings whose number becomes a time, a count of days or an account's money."""
    for name, field in model.model_fields.items():
        key, kind = above + name, field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from bounded(kind, f"{key}.")
        elif key.endswith(("_seconds", "_minutes", "adv_days", "simulated.cash")) or (
            ".latency." in key
        ):
            yield key


@pytest.mark.parametrize("value", ["1e18", "1000000000000000000", "inf"])
@pytest.mark.parametrize("key", bounded(Settings))
def test_a_number_that_would_overflow_in_the_middle_of_a_run(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    monkeypatch.setenv(f"ORDERWORKS_{key.upper().replace('.', '__')}", value)
    with pytest.raises(SettingsError, match=f"setting '{key}' cannot be "):
        load_settings()


EXPERIMENT = "{name: a, kind: algo, control: twap, treatment: vwap, seed: 1, symbols: [aig]}"
NO_SYMBOL = ": a symbol must be 1 to 15 upper-case letters, digits, '.', '-' or inner spaces, a letter first"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("risk: {restricted: [AIG, aig]}", "'risk.restricted.1' cannot be 'aig'" + NO_SYMBOL),
        ("risk: {not_shortable: ['BAC ']}", "'risk.not_shortable.0' cannot be 'BAC '" + NO_SYMBOL),
        ("quality: {market_symbol: spy}", "'quality.market_symbol' cannot be 'spy'" + NO_SYMBOL),
        (
            "quality: {thresholds: {by_symbol: {iwm: {slippage_bps: 5}}}}",
            "'quality.thresholds.by_symbol.iwm' cannot be 'iwm'" + NO_SYMBOL,
        ),
        (
            "quality: {thresholds: {by_route: {urgent: {slippage_bps: 5}}}}",
            "'quality.thresholds.by_route.urgent' cannot be 'urgent': no order takes such a route; "
            "they are ALGO, ALGO_PASSIVE, AUCTION, ",
        ),
        (f"experiments: [{EXPERIMENT}]", "'experiments.0.symbols.0' cannot be 'aig'" + NO_SYMBOL),
    ],
)
def test_a_symbol_or_route_that_would_be_met_never(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(**yaml.safe_load(text))
    assert said in str(refused.value)


def test_symbols_that_are_met() -> None:
    named = load_settings(
        risk={"restricted": ["AIG", "BRK B"], "not_shortable": ["BF.B"]},
        quality={"market_symbol": "SPY", "thresholds": {"by_symbol": {"IWM": {"slippage_bps": 5}}}},
    )
    assert named.risk.restricted == {"AIG", "BRK B"}
    assert named.risk.not_shortable == {"BF.B"}
