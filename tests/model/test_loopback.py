"""The address on which this machine's own servers listen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.loopback import loopback_port


@given(st.integers(1, 65535), st.sampled_from(["127.0.0.1", "localhost"]))
def test_a_port_of_this_machine(port: int, host: str) -> None:
    assert loopback_port(f"{host}:{port}") == port


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("0.0.0.0:4010", "listens on 127.0.0.1 only"),
        ("example.org:4010", "listens on 127.0.0.1 only"),
        ("4010", "listens on 127.0.0.1 only"),
        ("", "listens on 127.0.0.1 only"),
        ("127.0.0.1:", "the port must be a number from 1 to 65535, not ''"),
        ("127.0.0.1:0", "the port must be a number from 1 to 65535, not '0'"),
        ("127.0.0.1:65536", "the port must be a number from 1 to 65535, not '65536'"),
        ("127.0.0.1:\u0663", "the port must be a number from 1 to 65535"),
    ],
)
def test_anything_else_is_refused(address: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        loopback_port(address)
