"""Who is served: on loopback whoever asks by its name; elsewhere, and where a token is set, its bearer."""

import hmac
import ipaddress
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orderworks.api.problems import problem
from orderworks.model.errors import SettingsError

COOKIE: Final = "orderworks_blotter"
LOGIN: Final = "/login"
SIGNED_IN_SECONDS = 12 * 3600
SHORTEST_TOKEN = 16

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every answer that does not say otherwise itself."""


class Guard:
    """Knows the token, and who has shown it.

    Args:
        token: empty where none is demanded.
        clock: seconds since the epoch.
    """

    def __init__(self, token: str, clock: Callable[[], float] = time.time) -> None:
        self._token, self._clock = token, clock
        # Of this process alone: who signed in signs in again after a restart.
        self._key = secrets.token_bytes(32)
        self.form_token = secrets.token_urlsafe(32)
        """What only a page of ours can send back: a form without it was made elsewhere."""

    @property
    def demands_token(self) -> bool:
        """Whether nothing is served without the token."""
        return bool(self._token)

    def is_token(self, given: str) -> bool:
        """Compared in constant time."""
        return self.demands_token and hmac.compare_digest(given.encode(), self._token.encode())

    def is_form_token(self, given: str) -> bool:
        """Whether a form came from a page of this process."""
        return hmac.compare_digest(given.encode(), self.form_token.encode())

    def signed_in(self) -> str:
        """The value of a cookie for whoever has shown the token."""
        until = str(int(self._clock()) + SIGNED_IN_SECONDS)
        return f"{until}.{self._signature(until)}"

    def admits(self, headers: Headers) -> bool:
        """Whether a request may be served."""
        if not self.demands_token:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_token(given.strip()):
            return True
        try:
            kept = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return kept is not None and self._is_signed_in(kept.value)

    def _is_signed_in(self, value: str) -> bool:
        until, _, signature = value.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(until).encode()):
            return False
        return self._clock() < int(until)

    def _signature(self, until: str) -> str:
        return hmac.new(self._key, until.encode(), sha256).hexdigest()


class Access:
    """Stands before the application: nobody else decides who is served.

    Args:
        hosts: the names under which it may be asked, in lower case; None: any. A page elsewhere whose name
            is led to this machine (DNS rebinding) asks under its own.
    """

    def __init__(self, app: ASGIApp, guard: Guard, hosts: frozenset[str] | None) -> None:
        self._app, self._guard, self._hosts = app, guard, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refusal(scope)
        await (self._app if refused is None else refused)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, path = Headers(scope=scope), str(scope["path"])
        if self._hosts is not None and _name(headers.get("host", "")) not in self._hosts:
            return problem(
                421, "this server is asked as 127.0.0.1 or localhost, and under no other name"
            )
        if scope["method"] not in ("GET", "HEAD") and _comes_from_elsewhere(headers):
            return problem(400, "this form was sent by a page of another site")
        if path == LOGIN or self._guard.admits(headers):
            return None
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            return RedirectResponse(LOGIN, 303)
        return problem(
            401,
            "show the token, as 'Authorization: Bearer TOKEN', or sign in at /login",
            headers={"WWW-Authenticate": 'Bearer realm="orderworks"'},
        )


def served_hosts(host: str) -> frozenset[str] | None:
    """Under which names a server on ``host`` may be asked; None: under any."""
    return (
        frozenset({"127.0.0.1", "localhost", "[::1]", _bracketed(host)})
        if is_loopback(host)
        else None
    )


def require_token(host: str, token: str) -> None:
    """Refuses to serve whoever comes.

    Raises:
        SettingsError: without a token off loopback, and for one that could be guessed.
    """
    how = (
        "set ORDERWORKS_BLOTTER_TOKEN to a random text "
        "(python -c 'import secrets; print(secrets.token_urlsafe(32))' prints one)"
    )
    if not token and not is_loopback(host):
        raise SettingsError(f"the blotter serves {host} only to who has a token; {how}")
    if token and len(token) < SHORTEST_TOKEN:
        raise SettingsError(
            f"the blotter's token has {len(token)} characters, and needs {SHORTEST_TOKEN}; {how}"
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host.lower()


def _comes_from_elsewhere(headers: Headers) -> bool:
    """What a browser says of the page that sent a form; a client that is none says nothing."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")
