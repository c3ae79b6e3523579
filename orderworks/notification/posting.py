"""Posting JSON to an address, with failures that do not name it."""

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

from orderworks.notification.channel import Refused, Undelivered

LATER = frozenset({408, 425, 429})
"""Refusals that say 'not now'."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive without its body, and the secret at another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def post_json(url: str, body: Any, headers: Mapping[str, str], timeout: float) -> None:
    """Posts ``body`` and returns once it was taken: answered with 2xx.

    Raises:
        Refused: if the receiver does not want this message.
        Undelivered: if it does not answer, or cannot take any now.
    """
    try:
        request = urllib.request.Request(
            url,
            data=json.dumps(body, default=str).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "orderworks", **headers},
            method="POST",
        )
        if request.type not in ("http", "https"):
            raise Undelivered("the address is neither http nor https")
        with _OPENER.open(request, timeout=timeout):
            return
    except urllib.error.HTTPError as error:
        error.close()
        kind = Refused if 400 <= error.code < 500 and error.code not in LATER else Undelivered
        raise kind(f"answered {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Undelivered(_reason(error)) from None


def _reason(error: Exception) -> str:
    """Why, without the address that the error may quote."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    match cause:
        case TimeoutError():
            return "no answer in time"
        case socket.gaierror():
            return "the host is not known"
        case OSError(strerror=str(told)) if told:
            return told
        case ValueError():
            return "the address is malformed"
        case _:
            return type(cause).__name__
