"""What a ledger has summed up by shares is by value once it is upgraded, as if it were summed up again."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from drawn_orders import measured, two_symbols
from quality_tables import DAY, fill, parent
from traded_session import ACCOUNT

from orderworks.ledger.connection import MIGRATIONS, Ledger
from orderworks.ledger.quality import store_quality
from orderworks.quality.periods import Period, PeriodKind, store_day, store_period

UPGRADE = MIGRATIONS / "versions" / "0017_fill_rates.sql"
SUMMED = (
    "SELECT 'day', session::text, dimension, key, fill_rate, participation FROM daily_quality UNION ALL "
    "SELECT period, starts::text, dimension, key, fill_rate, participation FROM period_quality "
    "ORDER BY 1, 2, 3, 4"
)


def rates(ledger: Ledger) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in ledger.execute(SUMMED.encode())]


def test_what_was_summed_up_before_is_what_it_is_when_summed_up_again(
    books: Ledger, tmp_path: Path
) -> None:
    market = two_symbols(tmp_path)
    names = ("cheap", "dear", "other")
    parents = [
        parent(name, quantity=quantity, decision_price=price, symbol=symbol)
        for name, quantity, price, symbol in zip(
            names, (9_999, 101, 33), map(Decimal, (1, 1000, 7)), ("A", "B", "A"), strict=True
        )
    ]
    fills = [fill(9_998, "1.01", of="cheap"), fill(1, "7.01", of="other")]
    days: list[date] = [DAY, DAY + timedelta(days=3)]
    for day in days:
        store_quality(books, ACCOUNT, day, *measured(market, parents, fills))
        store_day(books, ACCOUNT, day)
        for kind in PeriodKind:
            store_period(books, ACCOUNT, Period.containing(kind, day))
    as_summed_up = rates(books)
    for table in ("daily_quality", "period_quality"):
        books.execute(
            f"UPDATE {table} SET fill_rate = filled_quantity::float8 / quantity, "
            "participation = participation / 2".encode()
        )
    by_shares = rates(books)
    assert len(by_shares) == len(as_summed_up) > 40
    books.execute(UPGRADE.read_bytes())
    assert rates(books) == as_summed_up
    assert sum(row[5] is not None for row in as_summed_up) > 20
    day = ("day", DAY.isoformat(), "day", "all")
    told = [{row[:4]: row[4] for row in kept}[day] for kept in (by_shares, as_summed_up)]
    assert told == [9_999 / 10_133, (9_998 + 7) / (9_999 + 101_000 + 231)]
