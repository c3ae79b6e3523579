"""What execution cost: order by order, or any sessions summed up."""

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from orderworks.commands import views
from orderworks.commands.options import (
    AccountOption,
    FormatOption,
    SessionOption,
    account_of,
    date_of,
    reading,
    scope_of,
)
from orderworks.model.errors import InputError
from orderworks.model.listing import Listing
from orderworks.printing import Format, print_listing

if TYPE_CHECKING:
    from orderworks.ledger.connection import Ledger


class Dimension(StrEnum):
    """By what costs are summed up: those of ``orderworks.quality.aggregating``."""

    DAY = "day"
    STRATEGY = "strategy"
    SYMBOL = "symbol"
    SIDE = "side"
    ROUTE_RULE = "route_rule"
    ORDER_TYPE = "order_type"
    ALGO = "algo"
    HOUR = "hour"
    SIZE_BUCKET = "size_bucket"


def quality(
    session: SessionOption = None,
    first: Annotated[
        date | None,
        typer.Option(
            "--from", parser=date_of("--from"), metavar="DATE", help="From this session on."
        ),
    ] = None,
    last: Annotated[
        date | None,
        typer.Option("--to", parser=date_of("--to"), metavar="DATE", help="Until this session."),
    ] = None,
    by: Annotated[
        list[Dimension] | None,
        typer.Option("--by", help="Sum up by this instead of showing each order; may be repeated."),
    ] = None,
    account: AccountOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show what execution cost: slippage, shortfall, fill rate and latency; positive is a cost."""
    from orderworks.ledger import listings

    dates = _dates(session, first, last)
    with reading() as ledger:
        account = account_of(ledger, account)
        if by is None:
            listing = listings.order_quality(
                ledger, account, session=session, first=first, last=last
            )
        elif len(by) == 1 and first is None and last is None:
            listing = listings.daily_quality(ledger, account, by[0], session=session)
        else:
            listing = _summed_up(ledger, account, *dates, by)
    view = views.ORDER_QUALITY if by is None else views.quality_by(listing.columns)
    dimensions = " and ".join(by or ())
    scope = scope_of(account, session=session, **{"from": first, "to": last}, by=dimensions)
    print_listing(listing, form, view, scope)


def _dates(session: date | None, first: date | None, last: date | None) -> tuple[date, date]:
    """The first and the last session that are asked about."""
    if session is not None and (first is not None or last is not None):
        raise InputError("--session is one day, --from and --to are many; give one or the other")
    begins, ends = first or session or date.min, last or session or date.max
    if begins > ends:
        raise InputError(f"--from {begins} is after --to {ends}; correct one of them")
    return begins, ends


def _summed_up(
    ledger: "Ledger", account: str, first: date, last: date, by: list[Dimension]
) -> Listing:
    from orderworks.quality.aggregating import aggregate

    table = aggregate(ledger, account, first, last, [name.value for name in by])
    values = table.astype(object).where(table.notna(), None)
    return Listing(tuple(map(str, table.columns)), list(values.itertuples(index=False, name=None)))
