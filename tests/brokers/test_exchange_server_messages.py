"""Whatever arrives at the exchange's socket: it is answered, and the server goes on."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import QUOTES, TRADES, lines, served
from small_market import ACCOUNT, SESSION, at, order, recorded

from orderworks.brokers.simulated.messages import Advance, AskTime, Hello, Submit, request_line
from orderworks.market.replay import ReplayMarket


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    return recorded(tmp_path_factory.mktemp("market"), QUOTES, TRADES)


LINES = st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"") + b"\n")
SPOILT = st.builds(
    lambda line, place, byte: line[:place] + byte + line[place + 1 :],
    st.sampled_from([
        request_line(1, Hello(ACCOUNT, SESSION.date)),
        request_line(2, Submit((order("A", "buy", 1, "100"),), at(1))),
        request_line(3, Advance(at(2))),
    ]),
    st.integers(0, 60),
    st.binary(min_size=1, max_size=1),
)  # fmt: skip


async def test_nothing_that_arrives_ends_the_server(ledger_url: str, market: ReplayMarket) -> None:
    async with served(ledger_url, market) as port:
        hello = request_line(0, Hello(ACCOUNT))

        async def survives(noise: list[bytes]) -> None:
            for answer in await lines(port, hello, *noise):
                assert "now" in answer or answer["error"]

        @settings(
            max_examples=settings.default.max_examples // 2,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(LINES | SPOILT, max_size=5))
        def fuzz(noise: list[bytes]) -> None:
            asyncio.run_coroutine_threadsafe(survives(noise), loop).result(20)

        loop = asyncio.get_running_loop()
        await asyncio.to_thread(fuzz)
        assert (await lines(port, hello))[0]["id"] == 0


async def test_a_malformed_message_is_answered_with_its_number_where_it_has_one(
    ledger_url: str, market: ReplayMarket
) -> None:
    async with served(ledger_url, market) as port:
        answers = await lines(
            port, b'{"id":4,"ask":"dance"}\n', b"hello\n", request_line(5, AskTime())
        )
    assert [answer["id"] for answer in answers] == [4, None, 5]
    assert answers[0]["error"].startswith("a message is malformed: must be one of hello, submit")
