"""The routes of the page: what is read, and the two things that can be done."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from steadygan.errors import SteadyganError
from steadygan.run import layout
from steadygan.ui import comparison_page, stopping
from steadygan.ui.access import Guard
from steadygan.ui.files import Thumbnails, inside, png
from steadygan.ui.index_page import IndexParts, with_cards
from steadygan.ui.overview import Overview, Summary
from steadygan.ui.rendering import STATIC, Parts, marked, render, resource
from steadygan.ui.resuming import Resumptions
from steadygan.ui.run_page import RunParts
from steadygan.ui.streams import Streams
from steadygan.ui.watched import Watched, Watchers

READING = 0.5
"""seconds for which a long record is read before the page is shown what was found"""
_LONGEST_ROUND = 15
_PICTURES: dict[str, Callable[[Path, int], Path]] = {
    "picture": layout.picture_path,
    "scales": layout.scales_path,
    "nearest": lambda folder, round_: folder / layout.NEAREST,
}


class Pages:
    """What the server knows: runs, their records, open connections, and what was asked of them."""

    def __init__(self, root: Path, token: str) -> None:
        self.overview, self.watchers, self.streams = Overview(root), Watchers(), Streams()
        self.resumptions, self._thumbnails = Resumptions(), Thumbnails()
        self._asked = dict[Path, float]()
        routes = [
            Route("/", self._index),
            Route("/events", self._index_events),
            Route("/run/{key:path}", self._run),
            Route("/events/{key:path}", self._run_events),
            Route("/compare", self._compare),
            Route("/thumb/{round}/{key:path}", self._thumb),
            *(
                Route(f"/{kind}/{{round}}/{{key:path}}", functools.partial(self._picture, kind=kind))
                for kind in _PICTURES
            ),
            Route("/static/{name}", self._static),
            Route("/stop/{key:path}", self._stop, methods=["POST"]),
            Route("/resume/{key:path}", self._resume, methods=["POST"]),
        ]
        self.app = Guard(
            Starlette(routes=routes, exception_handlers={404: _missing, 405: _missing, OSError: _changing}), token
        )

    async def _index(self, request: Request) -> Response:
        return await run_in_threadpool(self._index_page)

    def _index_page(self) -> Response:
        runs = self.overview.runs()
        self._read([self.watchers.of(run.folder) for run in with_cards(runs)], 0.0)
        parts = IndexParts(self.watchers)(runs)
        folder = str(self.overview.root)
        return _html(render("index.html", runs=runs, live=with_cards(runs), folder=folder, parts=marked(parts)))

    async def _index_events(self, request: Request) -> Response:
        make = IndexParts(self.watchers)

        def look() -> tuple[Parts | None, bool]:
            runs = self.overview.runs()
            more = self._read([self.watchers.of(run.folder) for run in with_cards(runs)], READING)
            return make(runs), more

        return self._stream(request, look)

    async def _run(self, request: Request) -> Response:
        return await run_in_threadpool(self._run_page, request.path_params["key"])

    def _run_page(self, key: str) -> Response:
        run = self.overview.run(key)
        if run is None:
            return _no_run()
        watched = self.watchers.of(run.folder)
        self._read([watched], 0.0)
        parts = RunParts(watched, self.resumptions)(run, self._was_asked(run))
        return _html(render("run.html", run=run, parts=marked(parts)))

    async def _run_events(self, request: Request) -> Response:
        run = await run_in_threadpool(self.overview.run, request.path_params["key"])
        if run is None:
            return _no_run()
        watched = self.watchers.of(run.folder)
        make = RunParts(watched, self.resumptions)
        key = run.key

        def look() -> tuple[Parts | None, bool]:
            run = self.overview.run(key)
            if run is None:
                return None, False
            more = self._read([watched], READING)
            return make(run, self._was_asked(run)), more

        return self._stream(request, look)

    @staticmethod
    def _read(watched: list[Watched], seconds: float) -> bool:
        """Reads records on for a while; True if there is more."""
        until = time.monotonic() + seconds
        waiting = [each for each in watched if each.poll()]
        while waiting and time.monotonic() < until:
            waiting = [each for each in waiting if each.poll()]
        return bool(waiting)

    def _stream(self, request: Request, look: Callable[[], tuple[Parts | None, bool]]) -> Response:
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        if self.streams.full:
            return _text("there are too many pages open", 503)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self.streams.follow(look), media_type="text/event-stream", headers=headers)

    async def _compare(self, request: Request) -> Response:
        keys = list(dict.fromkeys(request.query_params.getlist("run")))
        return await run_in_threadpool(self._comparison_page, keys)

    def _comparison_page(self, keys: list[str]) -> Response:
        if not 2 <= len(keys) <= comparison_page.MOST:
            return _text(f"two to {comparison_page.MOST} runs are compared; {len(keys)} are named", 400)
        runs = [run for key in keys if (run := self.overview.run(key)) is not None]
        if len(runs) < len(keys):
            return _no_run()
        return _html(comparison_page.page(runs, self.watchers))

    async def _picture(self, request: Request, kind: str) -> Response:
        return await run_in_threadpool(self._picture_of, request, kind)

    def _picture_of(self, request: Request, kind: str) -> Response:
        run, round_ = self._named(request)
        if run is None or round_ is None:
            return _text("there is no such picture", 404)
        path = _PICTURES[kind](run.folder, round_)
        return _png(request, run.folder, path, lambda: png(run.folder, path))

    async def _thumb(self, request: Request) -> Response:
        return await run_in_threadpool(self._thumb_of, request)

    def _thumb_of(self, request: Request) -> Response:
        run, round_ = self._named(request)
        if run is None or round_ is None:
            return _text("there is no such picture", 404)
        path = layout.picture_path(run.folder, round_)
        return _png(request, run.folder, path, lambda: self._thumbnails.of(run.folder, path))

    def _named(self, request: Request) -> tuple[Summary | None, int | None]:
        """The run and the round that an address names."""
        text = request.path_params["round"]
        good = text.isascii() and text.isdigit() and len(text) <= _LONGEST_ROUND
        return self.overview.run(request.path_params["key"]), int(text) if good else None

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in STATIC:
            return _text("there is no such file", 404)
        return Response(resource(name), media_type=STATIC[name], headers={"cache-control": "no-cache"})

    async def _stop(self, request: Request) -> Response:
        return await self._act(request, self._ask_to_stop)

    async def _resume(self, request: Request) -> Response:
        return await self._act(request, self._begin)

    def _ask_to_stop(self, run: Summary) -> str:
        owner = stopping.stop(run.folder)
        self._asked[run.folder] = time.monotonic()
        return f"{owner} was asked to stop: it finishes its round and saves it"

    def _begin(self, run: Summary) -> str:
        self._asked.pop(run.folder, None)
        self.resumptions.resume(run.folder)
        return f"{run.name} is being resumed; it goes on when this page is closed"

    def _was_asked(self, run: Summary) -> bool:
        if run.state != "running":
            self._asked.pop(run.folder, None)
        return run.folder in self._asked

    async def _act(self, request: Request, do: Callable[[Summary], str]) -> Response:
        run = await run_in_threadpool(self.overview.run, request.path_params["key"])
        if run is None:
            return JSONResponse({"error": "there is no such run"}, 404)
        try:
            said = await run_in_threadpool(do, run)
        except SteadyganError as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse({"said": said})


def _html(text: str) -> Response:
    return HTMLResponse(text, headers={"cache-control": "no-store"})


def _text(line: str, status: int) -> Response:
    return PlainTextResponse(f"{line}\n", status, headers={"cache-control": "no-store"})


def _no_run() -> Response:
    return _text("there is no such run", 404)


async def _missing(request: Request, error: Exception) -> Response:
    return _text("there is no such page", getattr(error, "status_code", 404))


async def _changing(request: Request, error: Exception) -> Response:
    """For files that went away while they were read."""
    return _text("this run is being changed: try again", 503)


def _png(request: Request, folder: Path, path: Path, content: Callable[[], bytes | None]) -> Response:
    """A picture, which a browser keeps as long as the file is the same."""
    found = inside(folder, path)
    try:
        status = None if found is None else found.stat()
    except OSError:
        status = None
    if status is None:
        return _text("there is no such picture", 404)
    headers = {
        "cache-control": "private, no-cache",
        "etag": f'"{status.st_mtime_ns:x}-{status.st_size:x}"',
        "last-modified": formatdate(status.st_mtime, usegmt=True),
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    body = content()
    return _text("there is no such picture", 404) if body is None else Response(body, 200, headers, "image/png")
