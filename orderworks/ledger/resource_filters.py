"""What lists of the ledger's rows are narrowed by: an account, a value, a day, a time."""

from orderworks.ledger.resource import Filter, Kind

_MIDNIGHT = "({0}::date + {days})::timestamp AT TIME ZONE 'America/New_York'"


def of_account(of: str) -> dict[str, Filter]:
    """Of one account; ``of`` is the alias of the table that names it."""
    return {"account": Filter(f"{of}.account = {{0}}", Kind.TEXT, "Only this account.")}


def equal(name: str, of: str, says: str, choices: tuple[str, ...] = ()) -> dict[str, Filter]:
    """Where a column of the table ``of`` has one value."""
    return {name: Filter(f"{of}.{name} = {{0}}", Kind.TEXT, says, choices)}


def on_day(time: str) -> dict[str, Filter]:
    """On one day in New York, as a range, which an index on the time can find."""
    begins, ends = _MIDNIGHT.replace("{days}", "0"), _MIDNIGHT.replace("{days}", "1")
    sql = f"({time} >= {begins} AND {time} < {ends})"
    return {"session": Filter(sql, Kind.DATE, "Only of this day in New York.")}


def since(sql: str, says: str) -> dict[str, Filter]:
    """From a time on."""
    return {"since": Filter(f"{sql} >= {{0}}", Kind.TIME, says)}
