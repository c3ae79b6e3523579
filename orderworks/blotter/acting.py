"""The two things that can be done here: signing in, and throwing the kill switch."""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Annotated
from urllib.parse import parse_qsl

import psycopg
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from orderworks.api.access import COOKIE, LOGIN, SIGNED_IN_SECONDS, Guard
from orderworks.blotter.asking import Question
from orderworks.blotter.pages import Pages
from orderworks.blotter.rendering import LOGIN_STYLE, rendered
from orderworks.model.errors import InputError, LedgerUnavailable, OrderworksError

LARGEST_FORM = 10_000

Stop = Callable[[str, bool], None]
"""Throws the kill switch of the configured account, with a reason, and whether to flatten.

It raises LedgerUnavailable where the switch was not thrown, and OrderworksError where only the rest failed.
"""


async def sent_form(request: Request) -> dict[str, str]:
    """The fields of a form.

    Raises:
        InputError: for what is none, or too large to be one of ours.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise InputError("this form is too large")
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True))
    except UnicodeDecodeError:
        raise InputError("this form cannot be read") from None


Form = Annotated[dict[str, str], Depends(sent_form)]


def routes(pages: Pages, guard: Guard, stop: Stop) -> APIRouter:
    """The pages that act.

    Args:
        stop: what 'orderworks kill' does.
    """
    router = APIRouter()

    def asking(
        request: Request, faults: dict[str, str], form: dict[str, str], status: int
    ) -> Response:
        def content(_: object, __: Question, ___: object) -> dict[str, object]:
            return {
                "faults": {name: faults.get(name, "") for name in ("reason", "confirm")},
                "form": {name: form.get(name, "") for name in ("reason", "flatten")},
                "status": status,
                "stopped": pages.configured,
            }

        return pages.answer(request, "kill.html", content, "kill")

    @router.get("/kill")
    def ask(request: Request) -> Response:
        return asking(request, {}, {}, 200)

    @router.post("/kill")
    def kill(request: Request, form: Form) -> Response:
        if not guard.is_form_token(form.get("form_token", "")):
            faults = {
                "confirm": "this page was opened before the server was restarted; send it once more"
            }
            return asking(request, faults, form, 422)
        faults = _faults(form, pages.configured)
        if faults:
            return asking(request, faults, form, 422)
        try:
            stop(form["reason"].strip(), bool(form.get("flatten")))
        except (LedgerUnavailable, psycopg.Error) as error:
            return _not_done(f"the kill switch was not thrown: {error}")
        except OrderworksError as error:
            return _not_done(str(error))
        return RedirectResponse("/", 303)

    @router.get(LOGIN)
    def login() -> Response:
        if not guard.demands_token:
            return RedirectResponse("/", 303)
        return _login_page("", 200)

    @router.post(LOGIN)
    def sign_in(form: Form) -> Response:
        if not guard.is_token(form.get("token", "")):
            return _login_page("this is not the token; whoever started the blotter knows it", 401)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            COOKIE, guard.signed_in(), SIGNED_IN_SECONDS, httponly=True, samesite="strict"
        )
        return answer

    return router


def _not_done(sentence: str) -> Response:
    return rendered("refusal.html", {"status": 503, "sentence": sentence})


def _faults(form: dict[str, str], account: str) -> dict[str, str]:
    faults = {}
    if not form.get("reason", "").strip():
        faults["reason"] = "say why: it is kept with the switch, to be read later"
    if not account:
        faults["confirm"] = (
            "no account is configured, so none can be stopped; set broker.ibkr.account_id"
        )
    elif form.get("confirm", "").strip() != account:
        faults["confirm"] = f"type {account}, the account that is stopped"
    return faults


def _login_page(fault: str, status: int) -> Response:
    """It brings its own style, since nothing else is served to who has not signed in."""
    answer = rendered("login.html", {"fault": fault, "status": status})
    digest = b64encode(sha256(LOGIN_STYLE.encode()).digest()).decode()
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return answer
