"""Runs that are asked for from the server of ``orderworks up``."""

from operating_house import Server
from synthetic_day import SESSION


def test_a_rebalance_from_the_form(server: Server, market: str) -> None:
    asked = {"weights": {"ACME": 0.04}, "session": str(SESSION), "market": market}
    first = server.ended(server.run("rebalance-SIM1", **asked))
    assert first["state"]["name"] == "Completed", first["state"]
    assert "orders filled" in first["state"]["message"], first["state"]
    again = server.ended(server.run("rebalance-SIM1", **asked))
    assert again["state"]["name"] == "Skipped", again["state"]
