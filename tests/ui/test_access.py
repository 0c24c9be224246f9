"""Who may ask: other hosts, other sites, changes without a token. The headers of every answer."""

from __future__ import annotations

import asyncio

import pytest

from steadygan.ui.access import HEADERS, Guard, new_token, refusal
from steadygan.ui.app import Pages
from tests.ui.folders import HOST, TOKEN, ask, post

PAGES = ["/", "/run/done", "/thumb/1/done", "/picture/1/done", "/static/page.js", "/events/none", "/none", "/compare"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8230", "localhost:8230", "LOCALHOST", "127.0.0.1", "[::1]:9", "localhost:9000"]
)
def test_this_machine_by_its_own_names_may_read(pages: Pages, host: str) -> None:
    assert ask(pages, "/", host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "evil.example:8230",
        "127.0.0.1.evil.example:8230",
        "localhost.evil.example",
        "evil.example:8230@127.0.0.1",
        "127.0.0.1:8230@evil.example",
        "127.0.0.1:8230, evil.example",
        "localhost:8230:1",
        "localhost:",
        "0.0.0.0:8230",
        "192.168.0.2:8230",
        "2130706433",
        "localhost\n",
    ],
)
@pytest.mark.parametrize("path", ["/", "/picture/1/done", "/static/page.js"])
def test_a_name_that_was_bound_to_this_machine_reads_nothing(pages: Pages, host: str | None, path: str) -> None:
    answer = ask(pages, path, host=host)
    assert answer.status == 421 and "done" not in answer.text


def test_two_hosts_are_none(pages: Pages) -> None:
    assert ask(pages, "/", [("host", "evil.example")]).status == 421
    assert ask(pages, "/", [("host", HOST)]).status == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"https://{HOST}"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": f"http://{HOST}.evil.example"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "object"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "nonsense"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/events", "/picture/1/done"])
def test_another_site_reads_nothing(pages: Pages, headers: dict[str, str], path: str) -> None:
    assert ask(pages, path, headers).status == 403


def test_a_link_from_another_site_may_be_followed(pages: Pages) -> None:
    followed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert ask(pages, "/", followed).status == 200


@pytest.mark.parametrize("action", ["stop", "resume"])
@pytest.mark.parametrize(
    ("left_out", "changed"),
    [
        ("x-steadygan-token", {}),
        ("origin", {}),
        ("", {"x-steadygan-token": ""}),
        ("", {"x-steadygan-token": TOKEN[:-1]}),
        ("", {"x-steadygan-token": TOKEN.upper()}),
        ("", {"x-steadygan-token": "\xff" + TOKEN}),
        ("", {"origin": "http://evil.example"}),
        ("", {"origin": "null"}),
        ("", {"origin": "http://localhost:8230"}),
        ("", {"sec-fetch-site": "cross-site"}),
        ("", {"sec-fetch-site": "same-site"}),
    ],
)
def test_a_change_needs_the_token_and_this_site(pages: Pages, monkeypatch, action, left_out, changed) -> None:
    monkeypatch.setattr(pages, "_ask_to_stop", None)
    monkeypatch.setattr(pages, "_begin", None)
    headers = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin", "x-steadygan-token": TOKEN, **changed}
    headers.pop(left_out, None)
    answer = ask(pages, f"/{action}/done", headers, method="POST")
    assert answer.status == 403 and TOKEN not in answer.text


@pytest.mark.parametrize("where", ["query", "cookie", "bearer"])
def test_the_token_counts_in_its_header_alone(pages: Pages, where: str) -> None:
    headers = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
    headers |= {"cookie": {"cookie": f"token={TOKEN}"}, "bearer": {"authorization": f"Bearer {TOKEN}"}}.get(where, {})
    query = f"token={TOKEN}" if where == "query" else ""
    assert ask(pages, "/stop/done", headers, method="POST", query=query).status == 403


def test_two_tokens_are_none() -> None:
    headers = [(b"host", HOST.encode()), (b"origin", f"http://{HOST}".encode())]
    token = (b"x-steadygan-token", b"right")
    assert refusal("POST", [*headers, token], "right") is None
    refused = refusal("POST", [*headers, token, (b"x-steadygan-token", b"x")], "right")
    assert refused is not None and refused[0] == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get"])
def test_other_methods_do_nothing(pages: Pages, method: str) -> None:
    assert ask(pages, "/stop/done", {"x-steadygan-token": TOKEN}, method=method).status == 405


def test_changes_are_not_read_and_pages_are_not_posted(pages: Pages) -> None:
    assert ask(pages, "/stop/done").status == 405 and ask(pages, "/resume/done").status == 405
    assert post(pages, "/").status == 405 and post(pages, "/run/done").status == 405


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_has_the_headers_and_allows_no_other_site(pages: Pages, path: str) -> None:
    for answer in (ask(pages, path), ask(pages, path, host="evil.example"), post(pages, path, {"origin": "null"})):
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert "set-cookie" not in answer.headers and TOKEN not in answer.text


def test_the_policy_allows_this_site_alone_and_no_script_in_pages() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in HEADERS["content-security-policy"].split(";"))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert {rules[name] for name in ("script-src", "style-src", "img-src", "connect-src")} == {"'self'"}


def test_a_socket_of_another_kind_is_closed(pages: Pages) -> None:
    sent: list[dict[str, object]] = []

    async def send(message):  # type: ignore[no-untyped-def]
        sent.append(message)

    asyncio.run(Guard(None, "t")({"type": "websocket", "headers": []}, None, send))  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_tokens_are_long_and_new() -> None:
    assert len({new_token() for _ in range(50)}) == 50 and len(new_token()) >= 43
