"""Where a secret is, and what no text may show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.secret import dereferenced, passwords_of, require_reference, without


def test_a_secret_is_found_where_its_reference_says() -> None:
    assert dereferenced("env:HOOK", {"HOOK": "https://here"}) == "https://here"
    assert dereferenced("env:HOOK", {}) == ""
    assert dereferenced("", {"": "never"}) == ""


def test_a_secret_itself_is_refused_without_being_repeated() -> None:
    with pytest.raises(ValueError, match="env:VARIABLE") as refused:
        require_reference("https://hooks.example/T0KEN")
    assert "T0KEN" not in str(refused.value)


SECRET = st.text("abcXYZ019!$%^*()@:/?#", min_size=6, max_size=20)


@given(SECRET)
def test_no_fragment_of_a_password_is_shown(secret: str) -> None:
    url = f"postgresql://me:{secret}@db.example/ledger"
    said = f'could not read "{url}", nor {secret[1:].split("@")[0]}'
    shown = without(said, passwords_of(url))
    assert secret not in shown
    assert passwords_of(url)[0] == secret


def test_a_password_is_found_in_every_form_of_an_address() -> None:
    assert "s p4ce" in passwords_of("postgresql://me:s%20p4ce@db/ledger")
    assert "hidden1" in passwords_of("host=db user=me password=hidden1 dbname=ledger")
    assert "hidden2" in passwords_of("postgresql://me@db/ledger?password=hidden2&x=1")
