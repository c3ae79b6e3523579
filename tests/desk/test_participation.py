"""What a POV parent may have out: its share of the volume since it began, to the share."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from working_orders import at, family, order

from orderworks.desk.desk import Desk
from orderworks.desk.participation import share_of, volume_targets
from orderworks.model.state import TERMINAL


def test_a_share_is_exact_in_per_cents() -> None:
    assert [share_of(100, percent) for percent in (29, 0.29, 57, 100)] == [29, 0, 57, 100]
    assert share_of(1_000, 1.1) == 11


@given(st.integers(0, 10**10), st.decimals("0.01", "100", places=2).map(float))
def test_a_share_is_never_more_and_less_by_a_part_of_a_share(volume: int, percent: float) -> None:
    exact = Fraction(str(percent)) * volume / 100
    assert 0 <= exact - share_of(volume, percent) < 1


async def test_only_what_traded_since_a_parent_began_counts(desk: Desk) -> None:
    orders = {
        one.client_order_id: one
        for one in [
            *family("p", 60, 40, algo="pov"),
            order("later", 10, algo="pov", due_at=at(60)),
            order("future", 10, algo="pov", due_at=at(7200)),
            order("even", 10, algo="twap"),
            order("plain", 10, algo="none"),
            *(order(f"{one}", 10, algo="pov", state=one) for one in TERMINAL),
        ]
    }
    found = volume_targets(desk, orders, at(120))
    assert found.keys() == {"p", "later", "future"}
    bars = desk.market.bars_between("AAPL", desk.session.open, desk.session.close)
    traded = [
        int(bars.loc[(bars["ts"] > at(start)) & (bars["ts"] <= at(120)), "volume"].sum())
        for start in (0, 60)
    ]
    assert traded[0] > traded[1] > 0
    assert desk.settings.execution.pov_participation_pct == 10
    assert found == {"p": traded[0] // 10, "later": traded[1] // 10, "future": 0}
    assert volume_targets(desk, orders, at(0)) == dict.fromkeys(found, 0)
