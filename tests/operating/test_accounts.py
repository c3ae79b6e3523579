"""Which account a set of deployments trades."""

import pytest

from flows.operating.accounts import another, configured
from orderworks.model.errors import InputError, SettingsError


def test_the_configured_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERWORKS_BROKER__SIMULATED__ACCOUNT", "DESK7")
    assert configured().environment == {
        "ORDERWORKS_BROKER__PROVIDER": "simulated",
        "ORDERWORKS_BROKER__SIMULATED__ACCOUNT": "DESK7",
    }


def test_another_one_with_settings_of_its_own() -> None:
    found = another("DU7654321", "ibkr", ["broker.ibkr.port=4003", "broker.ibkr.client_id=7"])
    assert found.environment == {
        "ORDERWORKS_BROKER__PROVIDER": "ibkr",
        "ORDERWORKS_BROKER__IBKR__ACCOUNT_ID": "DU7654321",
        "ORDERWORKS_BROKER__IBKR__PORT": "4003",
        "ORDERWORKS_BROKER__IBKR__CLIENT_ID": "7",
    }


@pytest.mark.parametrize(
    ("broker", "given", "told"),
    [
        ("nobody", [], "there is no broker 'nobody'"),
        ("ibkr", ["broker.ibkr.port=many"], "setting 'broker.ibkr.port' cannot be 'many'"),
        ("ibkr", ["broker.ibkr.colour=red"], "setting 'broker.ibkr.colour' is unknown"),
        ("ibkr", ["port"], "--set takes KEY=VALUE"),
    ],
)
def test_what_cannot_be_is_told(broker: str, given: list[str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        another("DU7654321", broker, given)


def test_no_account_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERWORKS_BROKER__PROVIDER", "ibkr")
    with pytest.raises(SettingsError, match=r"broker\.ibkr\.account_id"):
        configured()
