"""Who may ask: pages of this server in a browser of this machine, and for changes only with the token.

The server listens on the loopback address, so what is kept out here are other websites that the same browser shows:
by the Host header (a name that was bound to 127.0.0.1, DNS rebinding), by Origin and Sec-Fetch-Site (requests across
sites), by a token in a header of its own, which no other site can send without being asked for by CORS, and by
headers that forbid framing, embedding and foreign content.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from typing import TypeAlias

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN = "x-steadygan-token"
"""header of the token"""
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
"""of every answer"""
READS = ("GET", "HEAD")
_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)
"""any port: ssh may forward another one"""

Refusal: TypeAlias = "tuple[int, str] | None"


def new_token() -> str:
    """A token of one server: 256 random bits."""
    return secrets.token_urlsafe(32)


class Guard:
    """Refuses what may not be asked, and adds ``HEADERS`` to every answer."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", ()), *named]}
            await send(message)

        refused = refusal(scope["method"], scope["headers"], self._token)
        if refused is not None:
            await PlainTextResponse(refused[1] + "\n", refused[0])(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)


def refusal(method: str, headers: Sequence[tuple[bytes, bytes]], token: str) -> Refusal:
    """Status and line for a request that is refused; None for one that is let through."""
    host, origin, site = (_values(headers, name) for name in ("host", "origin", "sec-fetch-site"))
    if len(host) != 1 or not _HOST.fullmatch(host[0]):
        return 421, "this page answers to localhost and 127.0.0.1 only"
    own = f"http://{host[0]}".lower()
    if len(origin) > 1 or any(each.lower() != own for each in origin):
        return 403, "another site asked for this"
    if method in READS:
        opened = _values(headers, "sec-fetch-mode") == ["navigate"] and _values(headers, "sec-fetch-dest") == [
            "document"
        ]
        if not opened and any(each not in ("same-origin", "none") for each in site):
            return 403, "another site asked for this"
        return None
    if method != "POST":
        return 405, "this page is read with GET"
    if not origin or any(each != "same-origin" for each in site):
        return 403, "another site asked for this"
    given = _values(headers, TOKEN)
    if len(given) != 1 or not hmac.compare_digest(given[0].encode(), token.encode()):
        return 403, "the token is missing or of another server: open the link that 'steadygan ui' printed"
    return None


def _values(headers: Sequence[tuple[bytes, bytes]], name: str) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key.decode("latin-1").lower() == name]
