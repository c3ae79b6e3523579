"""What a page was asked for: the account, the session, and a question to one view."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import QueryParams

from orderworks.api.parameters import Asked, parameters_of
from orderworks.blotter.views import View
from orderworks.ledger import overview
from orderworks.ledger.connection import Ledger
from orderworks.ledger.paging import Page, page
from orderworks.ledger.resources import RESOURCES
from orderworks.ledger.session_progress import latest_session
from orderworks.model.errors import InputError

ROWS = 50
EVERY_SESSION = "all"

_PARAMETERS = {name: parameters_of(resource) for name, resource in RESOURCES.items()}


@dataclass(frozen=True, slots=True)
class Question:
    """Whose ledger is looked at: ``session`` is None for every one; ``standing`` how the account stands."""

    account: str
    accounts: list[str]
    session: date | None
    standing: Mapping[str, Any]


def question(ledger: Ledger, query: QueryParams, configured: str) -> Question:
    """The account and the session that a page is about: by default the configured one, and its latest.

    Raises:
        InputError: for an account that is not known, and for what is no date.
    """
    names = sorted({*overview.known_accounts(ledger), configured} - {""})
    if not names:
        raise InputError("no account is configured; set broker.ibkr.account_id")
    account = query.get("account") or (configured if configured in names else names[0])
    if account not in names:
        raise InputError(f"there is no account {account!r}; known are {', '.join(names)}")
    session = _session(query.get("session") or "", latest_session(ledger, account))
    listing = overview.accounts(ledger, [account])
    standing = dict(zip(listing.columns, listing.rows[0], strict=True))
    return Question(account, names, session, standing)


def rows_of(
    ledger: Ledger,
    view: View,
    about: Question,
    asked: Mapping[str, Any] | None = None,
    rows: int = ROWS,
) -> Page:
    """The rows of a view; ``asked`` is the query of its own page.

    Raises:
        InputError: for a parameter that the view does not take.
    """
    wanted = parameters(view, asked or {})
    return page(
        ledger,
        view.resource,
        conditions(view, about, wanted),
        sort=wanted.sort,
        limit=rows,
        cursor=wanted.cursor,
    )


def conditions(view: View, about: Question, wanted: Asked) -> dict[str, Any]:
    """The filters of a question to a view, of the account and the session that it is about."""
    scope: dict[str, Any] = {"account": about.account}
    if view.by_session:
        scope["session"] = about.session
    return {**wanted.filters, **view.fixed, **scope}


def parameters(view: View, asked: Mapping[str, Any]) -> Asked:
    """What a view is asked for, of the query of its page.

    Raises:
        InputError: naming the first parameter that it does not take.
    """
    known = {*view.filters, "sort", "cursor"} - {"session"}
    unknown = sorted(set(asked) - known - {"account", "session"})
    if unknown:
        raise InputError(
            f"there is no filter {unknown[0]!r}; this list takes {', '.join(sorted(known))}"
        )
    given = {
        name: [value] if name in view.filters and view.resource.filters[name].many else value
        for name, value in asked.items()
        if name in known
    }
    try:
        return _PARAMETERS[view.resource.name].model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        said = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{first['loc'][0]} cannot be {first['input']!r}: {said}") from None


def plain_query(query: QueryParams) -> dict[str, str]:
    """The query of a page without what is empty: a form sends every field that it has."""
    return {name: value for name, value in query.items() if value}


def _session(asked: str, latest: date | None) -> date | None:
    if asked == EVERY_SESSION:
        return None
    if not asked:
        return latest
    try:
        return date.fromisoformat(asked)
    except ValueError:
        raise InputError(
            f"session takes a date such as 2026-11-20, or {EVERY_SESSION}, not {asked!r}"
        ) from None
