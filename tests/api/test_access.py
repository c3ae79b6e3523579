"""Who is served, and who is not."""

import pytest
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from orderworks.api.access import COOKIE, Access, Guard, require_token, served_hosts
from orderworks.api.problems import tell_problems
from orderworks.model.errors import SettingsError

TOKEN = "a-token-that-nobody-guesses"
ANY_PATHS = ["/", "/orders", "/api/v1/orders", "/api/v1/openapi.json", "/static/blotter.css", "/no"]


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """Something that answers whoever it lets in."""
    answering = FastAPI()
    answering.get("/api/v1/runs")(lambda: {"items": []})
    tell_problems(answering)
    return answering


def served(app: FastAPI, token: str = "", host: str = "127.0.0.1") -> TestClient:
    return TestClient(
        Access(app, Guard(token), served_hosts(host)),
        base_url=f"http://{host}:8181",
        raise_server_exceptions=False,
        follow_redirects=False,
    )


@pytest.mark.parametrize("path", ANY_PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Cookie": f"{COOKIE}=9999999999.{'0' * 64}"},
        {"Cookie": f"{COOKIE}={TOKEN}"},
        {"Cookie": f"{COOKIE}=ü"},
    ],
)
def test_without_the_token_nothing_is_served(
    app: FastAPI, path: str, headers: dict[str, str]
) -> None:
    raw = {name: value.encode() for name, value in headers.items()}
    answer = served(app, TOKEN, "192.0.2.7").get(path, headers=raw)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["title"] == "Unauthorized"


def test_a_browser_is_led_to_where_it_can_sign_in(app: FastAPI) -> None:
    answer = served(app, TOKEN).get("/orders", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_with_the_token_it_is_served(app: FastAPI) -> None:
    client = served(app, TOKEN, "192.0.2.7")
    assert (
        client.get("/api/v1/runs", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    )


def test_a_cookie_admits_until_it_has_run_out() -> None:
    now = 1_000_000.0
    guard = Guard(TOKEN, lambda: now)
    headers = Headers({"cookie": f"{COOKIE}={guard.signed_in()}"})
    assert guard.admits(headers)
    now += 12 * 3600
    assert not guard.admits(headers)
    assert not Guard(TOKEN, lambda: 0.0).admits(headers), "another process has another key"


@pytest.mark.parametrize("host", ["127.0.0.1:8181", "localhost", "LOCALHOST:1", "[::1]:8181"])
def test_on_loopback_it_is_asked_by_its_name(app: FastAPI, host: str) -> None:
    assert served(app).get("/api/v1/runs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8181", "", "127.0.0.2"])
def test_on_loopback_it_is_not_asked_by_another(app: FastAPI, host: str) -> None:
    answer = served(app).get("/api/v1/runs", headers={"Host": host})
    assert (answer.status_code, answer.json()["status"]) == (421, 421)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
    ],
)
def test_a_form_of_another_site_is_refused(app: FastAPI, headers: dict[str, str]) -> None:
    answer = served(app).post("/kill", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "this form was sent by a page of another site",
    )


def test_every_answer_forbids_what_is_not_needed(app: FastAPI) -> None:
    headers = served(app).get("/api/v1/runs").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "desk.example"])
def test_off_loopback_it_does_not_start_without_a_token(host: str) -> None:
    with pytest.raises(SettingsError, match="ORDERWORKS_BLOTTER_TOKEN"):
        require_token(host, "")
    require_token(host, TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.9"])
def test_on_loopback_it_starts_without_one(host: str) -> None:
    require_token(host, "")


def test_a_token_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(SettingsError, match="has 6 characters, and needs 16"):
        require_token("127.0.0.1", "secret")
