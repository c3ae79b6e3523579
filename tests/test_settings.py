"""Settings: where they come from, and that a wrong one is told with its key."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from orderworks.model.errors import SettingsError
from orderworks.settings import Settings, load_settings

DEFAULTS = Path(__file__).resolve().parents[1] / "config" / "settings.yaml"

Own = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ORDERWORKS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Own:
    """Writes a settings file and puts it in force."""

    def write(text: str) -> Path:
        path = tmp_path / "own.yaml"
        path.write_text(text, "utf-8")
        monkeypatch.setenv("ORDERWORKS_CONFIG", str(path))
        return path

    return write


def fields(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from fields(kind, f"{above}{name}.")
        else:
            yield above + name


def keys(values: Mapping[str, object], above: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict) and value:  # an empty one is a value: by what name one likes
            yield from keys(value, f"{above}{name}.")
        else:
            yield above + name


def test_every_key_of_the_file_is_a_field_and_every_field_a_key() -> None:
    assert sorted(keys(yaml.safe_load(DEFAULTS.read_text("utf-8")))) == sorted(fields(Settings))
    load_settings()


def test_the_environment_wins_over_the_own_file_and_that_over_the_defaults(
    own: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    own("router: {twap_num_slices: 7, twap_interval_seconds: 30}")
    monkeypatch.setenv("ORDERWORKS_ROUTER__TWAP_NUM_SLICES", "9")
    router = load_settings().router
    assert (router.twap_num_slices, router.twap_interval_seconds) == (9, 30)
    assert router.urgent_strength == 0.9
    assert load_settings(router={"twap_num_slices": 11}).router.twap_num_slices == 11


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("router: {twap_slices: 3}", "'router.twap_slices' is unknown"),
        ("routr: {twap_num_slices: 3}", "'routr' is unknown"),
        ("router: {twap_num_slices: 0}", "'router.twap_num_slices' cannot be 0"),
        ("router: {urgent_strength: .nan}", "'router.urgent_strength' cannot be nan"),
        ("router: {twap_num_slices: many}", "'router.twap_num_slices' cannot be 'many'"),
        ("router: 3", "'router' cannot be 3"),
        ("broker: {provider: nobody}", "'broker.provider' cannot be 'nobody'"),
        ("broker: {messages_per_second: -1}", "'broker.messages_per_second' cannot be -1"),
        ("broker: {messages_per_second: 0.5}", "'broker.messages_per_second' cannot be 0.5"),
        ("broker: {patience_seconds: -1}", "'broker.patience_seconds' cannot be -1"),
        ("broker: {patience_seconds: .inf}", "'broker.patience_seconds' cannot be inf"),
        ("router: {twap", "own.yaml"),
        ("[router]", "own.yaml are a list; write sections with their keys"),
        ("[]", "own.yaml are a list; write sections with their keys"),
        ("just words", "own.yaml are a single value; write sections with their keys"),
        ("3", "own.yaml are a single value; write sections with their keys"),
        ("1: 2", "own.yaml have a section 1, which is no text; config/settings.yaml lists every"),
        ("{router: {twap_num_slices: 3}, 2013-10-08: {}}", "have a section 2013-10-08, which is"),
        ("router: {1: 2}", "setting 'router.1' cannot be 1: keys should be strings"),
    ],
)
def test_a_file_that_is_wrong(own: Own, text: str, said: str) -> None:
    own(text)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ROUTER__TWAP_SLICES", "3", "'router.twap_slices' is unknown"),
        ("ROUTR__TWAP_NUM_SLICES", "3", "ORDERWORKS_ROUTR__TWAP_NUM_SLICES names no setting"),
        ("ROUTER", "3", "ORDERWORKS_ROUTER names no setting"),
        ("ROUTER__TWAP_NUM_SLICES", "1001", "'router.twap_num_slices' cannot be '1001'"),
        ("ROUTER__TWAP_NUM_SLICES", "many", "'router.twap_num_slices' cannot be 'many'"),
    ],
)
def test_an_environment_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"ORDERWORKS_{name}", value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"RISK__RESTRICTED": "AIG"}, "ORDERWORKS_RISK__RESTRICTED"),
        (
            {"RISK__RESTRICTED": "AIG", "RISK__MAX_DAY_TRADES": "3", "LEASE__TTL_SECONDS": "9"},
            "ORDERWORKS_RISK__MAX_DAY_TRADES or ORDERWORKS_RISK__RESTRICTED",
        ),
        ({"BROKER__IBKR__NO_SEND": "23:45-00:45"}, "ORDERWORKS_BROKER__IBKR__NO_SEND"),
        ({"BROKER__SIMULATED": "{"}, "ORDERWORKS_BROKER__SIMULATED"),
    ],
)
def test_a_list_in_the_environment_that_is_none(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], named: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"ORDERWORKS_{name}", value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value) == (
        f"what {named} is set to in the environment cannot be read; "
        'write a list as JSON: ["AIG"], and keys with values likewise: {"AIG": 5}'
    )


def test_a_list_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERWORKS_RISK__RESTRICTED", '["AIG"]')
    assert load_settings().risk.restricted == {"AIG"}


def test_an_own_file_with_nothing_in_it_changes_nothing(own: Own) -> None:
    defaults = load_settings()
    own("# to be written\n")
    assert load_settings() == defaults


def test_an_own_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERWORKS_CONFIG", str(tmp_path / "nothing.yaml"))
    with pytest.raises(
        SettingsError, match=r"ORDERWORKS_CONFIG names .*nothing\.yaml, which is no"
    ):
        load_settings()


def test_live_trading_is_asked_for_twice(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    own("broker: {paper_trading: false}")
    for said in (None, "no", ""):
        if said is not None:
            monkeypatch.setenv("ORDERWORKS_ALLOW_LIVE", said)
        with pytest.raises(
            SettingsError, match=r"broker\.paper_trading.*ORDERWORKS_ALLOW_LIVE=yes"
        ):
            load_settings()
    monkeypatch.setenv("ORDERWORKS_ALLOW_LIVE", "yes")
    assert not load_settings().broker.paper_trading


@pytest.mark.parametrize("setting", ["clock: gateway", "allow_delayed_quotes: true"])
def test_what_is_for_paper_trading_is_refused_in_live_trading(
    own: Own, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv("ORDERWORKS_ALLOW_LIVE", "yes")
    own(f"broker: {{paper_trading: false, ibkr: {{{setting}}}}}")
    name = setting.partition(":")[0]
    with pytest.raises(SettingsError, match=rf"broker\.ibkr\.{name}.*live trading"):
        load_settings()


def test_a_fallback_is_for_paper_trading_only(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    own("broker: {fallback: paper_stub}")
    assert load_settings().broker.fallback == "paper_stub"
    monkeypatch.setenv("ORDERWORKS_ALLOW_LIVE", "yes")
    own("broker: {fallback: paper_stub, paper_trading: false}")
    with pytest.raises(SettingsError, match=r"broker\.fallback.*live trading"):
        load_settings()


@pytest.mark.parametrize(
    ("simulated", "said"),
    [
        ("{account_type: portfolio}", "'broker.simulated.account_type' cannot be 'portfolio'"),
        ("{slippage: {model: linear}}", "'broker.simulated.slippage.model' cannot be 'linear'"),
        (
            "{slippage: {volume_share: {volume_limit_pct: 0}}}",
            "'broker.simulated.slippage.volume_share.volume_limit_pct' cannot be 0",
        ),
        (
            "{slippage: {square_root: {coefficient: -1}}}",
            "'broker.simulated.slippage.square_root.coefficient' cannot be -1",
        ),
        (
            "{slippage: {fixed_basis_points: {basis_points: .inf}}}",
            "'broker.simulated.slippage.fixed_basis_points.basis_points' cannot be inf",
        ),
        ("{latency: {ack_ms: -1}}", "'broker.simulated.latency.ack_ms' cannot be -1"),
        ("{latency: {ping_ms: 1}}", "'broker.simulated.latency.ping_ms' is unknown"),
        ("{price_bands: sometimes}", "'broker.simulated.price_bands' cannot be 'sometimes'"),
        ("{seed: 0.5}", "'broker.simulated.seed' cannot be 0.5"),
    ],
)
def test_terms_of_the_exchange_that_cannot_be(own: Own, simulated: str, said: str) -> None:
    own(f"broker: {{simulated: {simulated}}}")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert said in str(refused.value)


def test_a_cash_account_sells_nothing_short_and_lends_nothing() -> None:
    margin = load_settings().broker
    assert (margin.allows_short, margin.leverage) == (True, 2.0)
    cash = load_settings(broker={"simulated": {"account_type": "cash"}}).broker
    assert (cash.allows_short, cash.leverage) == (False, 1.0)


def test_an_exchange_on_another_machine_is_refused() -> None:
    assert load_settings().broker.simulated.server == ""
    for address in ("127.0.0.1:4010", "localhost:4010"):
        found = load_settings(broker={"simulated": {"server": address}})
        assert found.broker.simulated.server == address
    with pytest.raises(SettingsError) as refused:
        load_settings(broker={"simulated": {"server": "10.0.0.7:4010"}})
    assert str(refused.value) == (
        "setting 'broker.simulated.server' cannot be '10.0.0.7:4010': a server of this machine "
        "listens on 127.0.0.1 only; write 127.0.0.1:PORT"
    )


@pytest.mark.parametrize(
    ("ibkr", "said"),
    [
        ("{client_id: 0}", "'broker.ibkr.client_id' cannot be 0"),
        ("{answer_seconds: 0}", "'broker.ibkr.answer_seconds' cannot be 0"),
        ('{no_send: ["25:00-01:00"]}', "'25:00-01:00' must have hours up to 23"),
    ],
)
def test_the_line_to_interactive_brokers(own: Own, ibkr: str, said: str) -> None:
    own(f"broker: {{ibkr: {ibkr}}}")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert said in str(refused.value)


def test_nothing_is_sent_while_a_gateway_usually_restarts() -> None:
    assert load_settings().broker.ibkr.no_send == ("23:45-00:45", "Fri 23:00-Sat 03:00")
