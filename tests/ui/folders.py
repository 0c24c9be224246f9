"""Run folders and requests for tests of the page of all runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from steadygan.run import layout
from steadygan.system.files import write_json
from steadygan.ui.app import Pages

HOST = "127.0.0.1:8230"
TOKEN = "the-token-of-this-test"


def run_folder(
    folder: Path, rounds: int = 100, done: int = 0, rows: Iterable[Mapping[str, Any]] = (), pictures: Iterable[int] = ()
) -> Path:
    """A folder that looks like a run's."""
    folder.mkdir(parents=True)
    (folder / layout.RECIPE).write_text(
        f"name: wgan-gp\nrounds: {rounds}\ndata:\n  source: photos/{ascii(folder.name)[1:-1]}\n"
    )
    (folder / layout.METRICS).write_text("".join(json.dumps(row) + "\n" for row in rows))
    if done:
        checkpoint = folder / layout.CHECKPOINTS / layout.folder_name(done)
        checkpoint.mkdir(parents=True)
        counters = {"round": done, "critic_steps": done, "position": done, "seen": done, "seconds": 1.0}
        write_json(checkpoint / layout.STATE, {"format": 1, **counters})
    for round_ in pictures:
        save_picture(layout.picture_path(folder, round_), round_)
    return folder


def save_picture(path: Path, value: int = 0) -> None:
    """A grey PNG of 12 x 10 pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((10, 12), value % 256, np.uint8)).save(path)


class Answer:
    """What the page answered."""

    def __init__(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        self.status, self.body = status, body
        self.headers = {name.decode(): value.decode() for name, value in headers}

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


def ask(
    pages: Pages,
    path: str,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    *,
    method: str = "GET",
    query: str = "",
    host: str | None = HOST,
) -> Answer:
    """One request, given to the page as a server would."""
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    pairs = [*([] if host is None else [("host", host)]), *pairs]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8230),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0 if not sent else 30)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(pages.app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], sent[0]["headers"], body)


def post(pages: Pages, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A change, asked for as the page's own script does."""
    own = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin", "x-steadygan-token": TOKEN}
    return ask(pages, path, {**own, **(headers or {})}, method="POST")
