"""Orders placed, changed, cancelled and filled, over a socket and through the real client."""

from datetime import timedelta
from decimal import Decimal

from gateway.requests import Request
from served_broker import Serving, kinds, limit, shown

from orderworks.model.order import OrderType, Replacement, Side, TimeInForce


async def test_an_order_is_acknowledged_filled_in_parts_and_cancelled(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        placed = await broker.submit_orders([limit("a", 900, "100.01")])
        assert kinds(placed)[0] == "ACKNOWLEDGED"
        assert placed[0].broker_order_id
        await served.gateway.advance(3)
        reports = placed + await served.heard(broker)
        ended = await broker.cancel_orders(["ow-a"])
        assert kinds(ended)[-1] == "CANCELLED"
        fills = [r.fill for r in reports + ended if r.fill is not None]
        filled = sum(fill.quantity for fill in fills)
        assert 0 < filled < 900
        assert all(fill.client_order_id == "ow-a" for fill in fills)
        snapshot = await broker.snapshot()
        assert shown(snapshot, "a") == [("CANCELLED", filled, 900)]
        assert {f.exec_id for f in snapshot.executions} == {f.exec_id for f in fills}
        assert snapshot.portfolio.positions["ACME"].quantity == filled
        paid = sum((fill.cash_change for fill in fills), start=Decimal(1_000_000))
        assert abs(snapshot.portfolio.cash - paid) < Decimal("0.01")


async def test_terms_change_when_the_broker_confirms_them(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 100, "99.50")])
        terms = Replacement("ow-a", 80, Decimal("99.60"))
        [report] = await broker.replace_orders([terms])
        assert (report.kind.value, report.terms) == ("REPLACED", terms)
        status = await broker.get_order_status("ow-a")
        assert status is not None
        assert (status.quantity, status.limit_price) == (80, Decimal("99.60"))
        assert await broker.get_order_status("ow-b") is None


async def test_what_is_not_known_to_rest_is_not_changed(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        before = served.received(Request.PLACE_ORDER)
        [report] = await broker.replace_orders([Replacement("ow-a", 80, Decimal("99.60"))])
        assert report.kind.value == "REPLACE_REFUSED"
        assert served.received(Request.PLACE_ORDER) == before


async def test_a_bracket_goes_out_as_one_and_its_exits_wait_for_their_entry(
    serving: Serving,
) -> None:
    exits = {"tif": TimeInForce.GTC, "attached_to": "ow-e", "oca_group": "oca-ow-e"}
    batch = [
        limit("e", 100, "100.01"),
        limit(
            *("s", 100, "98"),
            side=Side.SELL,
            order_type=OrderType.STOP,
            limit_price=None,
            stop_price=Decimal("98"),
            **exits,
        ),
        limit("t", 100, "101.50", side=Side.SELL, **exits),
    ]
    async with serving() as served, served.working() as broker:
        placed = await broker.submit_orders(batch)
        assert set(kinds(placed)) == {"ACKNOWLEDGED"}
        sent = {m["orderRef"]: m for m in served.gateway.log.of(Request.PLACE_ORDER)}
        assert {n: m["transmit"] for n, m in sent.items()} == {
            "ow-e": "0",
            "ow-s": "0",
            "ow-t": "1",
        }
        entry = sent["ow-e"]["orderId"]
        assert sent["ow-s"]["parentId"] == sent["ow-t"]["parentId"] == entry
        assert sent["ow-s"]["ocaType"] == "2"
        # The market rises to 102 in the 40th second: the target fills, the stop is cancelled.
        await served.gateway.advance(10)
        await served.gateway.advance(40)
        reports = await served.heard(broker)
        assert "FILLED" in kinds(reports, "e")
        assert "FILLED" in kinds(reports, "t")
        assert kinds(reports, "s")[-1] == "CANCELLED"
        assert (await broker.snapshot()).portfolio.positions == {}


async def test_day_orders_that_outlive_the_session_have_expired(serving: Serving) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 100, "90")])
        await served.gateway.advance(timedelta(hours=7).total_seconds())
        assert kinds(await served.heard(broker)) == ["EXPIRED"]
        assert shown(await broker.snapshot(), "a") == [("EXPIRED", 0, 100)]


async def test_what_another_client_places_is_foreign(serving: Serving) -> None:
    async with (
        serving() as served,
        served.working() as broker,
        served.working(client_id=7) as other,
    ):
        await other.submit_orders([limit("x", 50, "90")])
        assert await served.heard(broker) == []
        assert shown(await broker.snapshot(), "x") == [("SUBMITTED", 0, 50)]
        [refused] = await broker.cancel_orders(["ow-x"])
        assert refused.kind.value == "CANCEL_REFUSED"
        assert "client 1" in str(refused.reason)


async def test_many_messages_are_not_too_fast_for_the_gateway(serving: Serving) -> None:
    # All are answered, on a slow machine after their time.
    async with serving() as served, served.working(answer_seconds=10) as broker:
        orders = [limit(f"m{i}", 10, "90") for i in range(40)]
        assert kinds(await broker.submit_orders(orders)) == ["ACKNOWLEDGED"] * 40
        await broker.snapshot()
        cancelled = await broker.cancel_orders([one.client_order_id for one in orders[:20]])
        assert kinds(cancelled) == ["CANCELLED"] * 20
