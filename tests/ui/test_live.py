"""The page in a browser, against a training that runs: live, stopped and resumed by its buttons; raw attacks."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from steadygan.run import layout
from steadygan.run.owner import is_owned, read_owner
from steadygan.ui.overview import Overview
from steadygan.ui.tail import last_lines
from steadygan.ui.watched import row_of
from tests.browser import EXECUTABLE, Browser

pytestmark = pytest.mark.slow

TRAIN = (
    "train wgan-gp --data digits --out runs/live --rounds 100000 --batch 4 --critic-steps 1 --device cpu -q "
    "--generator.width 4 --critic.width 4 --run.threads 1 --run.engine eager "
    "--run.picture-every 20 --run.log-every 5 --run.checkpoint-every 50000"
)
ELSEWHERE = (
    "/picture/1/%2e%2e%2f%2e%2e%2fetc/passwd /run/..%2f..%2fetc%2fpasswd /static/..%2f..%2fapp.py /run/%00 /run/%ff%fe "
    "/static/%2e%2e/app.py //etc/passwd /../../../../etc/passwd /static/%252e%252e/app.py /..\\..\\etc\\passwd "
    "/picture/1/live/../../../../etc/passwd /picture/%31%2f..%2f1/live /thumb/1/%5c..%5c"
)
"""addresses that lead out of the runs"""


@contextlib.contextmanager
def started(root: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    line = [sys.executable, "-m", "steadygan", *words]
    process = subprocess.Popen(line, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def wait(browser: Browser, selector: str, seconds: float = 120) -> None:
    """Waits for an element."""
    browser.wait_for(f"document.querySelector({selector!r}) !== null", seconds)


def asked(port: int, request: bytes) -> bytes:
    """The answer to raw bytes."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def attack(port: int) -> None:
    """Requests that no client library would send."""
    own = f"Host: 127.0.0.1:{port}\r\nConnection: close\r\n".encode()
    secret = b"root:"
    for path in ELSEWHERE.split():
        answer = asked(port, b"GET " + path.encode() + b" HTTP/1.1\r\n" + own + b"\r\n")
        assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")) and secret not in answer, (path, answer[:200])
    for host in (b"", b"Host: evil.example\r\n", b"Host: evil.example\r\nHost: 127.0.0.1\r\n"):
        for version in (b"1.1", b"1.0"):
            answer = asked(port, b"GET / HTTP/" + version + b"\r\n" + host + b"Connection: close\r\n\r\n")
            assert answer.split()[1] in (b"400", b"421") and b"live" not in answer, answer[:200]
    absolute = b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert asked(port, absolute).split()[1] == b"421"
    crossed = b"POST /stop/live HTTP/1.1\r\n" + own + b"Origin: http://evil.example\r\nContent-Length: 0\r\n\r\n"
    assert asked(port, crossed).split()[1] == b"403"
    own += f"Origin: http://127.0.0.1:{port}\r\n".encode()
    form = b"POST /stop/live HTTP/1.1\r\n" + own + b"Content-Length: 0\r\n\r\n"
    assert asked(port, form).split()[1] == b"403"


@pytest.mark.skipif(EXECUTABLE is None, reason="needs Chromium")
@pytest.mark.timeout(600)
def test_a_training_is_followed_stopped_and_resumed_in_a_browser(tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("uvicorn")
    monkeypatch.setenv("STEADYGAN_CACHE", str(tmp_path / "cache"))
    run = tmp_path / "runs" / "live"
    (tmp_path / "runs").mkdir()
    with contextlib.ExitStack() as stack:
        training = stack.enter_context(started(tmp_path, *TRAIN.split()))
        server = stack.enter_context(started(tmp_path, "ui"))
        assert server.stdout is not None
        link = server.stdout.readline().strip()
        port = urlsplit(link).port
        assert link.startswith("http://127.0.0.1:") and port is not None
        browser = stack.enter_context(Browser(tmp_path / "profile"))
        browser.resize(1000, 800)
        browser.open(link)
        wait(browser, ".running a")  # it appears by itself
        assert browser.evaluate("location.href") == f"http://127.0.0.1:{port}/"  # the token is gone from the address
        wait(browser, ".card.running svg.chart path[data-name]")
        attack(port)
        assert training.poll() is None

        browser.evaluate("document.querySelector('.running a').click()")
        wait(browser, "[data-act=stop]:not(:disabled)")
        wait(browser, ".connection.on")
        picture = "document.querySelector('.pictures img').src"
        first = browser.evaluate(picture)
        browser.wait_for(f"{picture} !== {first!r}")
        browser.wait_for("document.querySelectorAll('.charts .chart').length > 3")
        for _ in range(2):  # the first asks whether it is meant
            browser.evaluate("document.querySelector('[data-act=stop]').click()")
        assert training.wait(60) == 143 and layout.list_checkpoints(run / layout.CHECKPOINTS)
        (summary,) = Overview(tmp_path / "runs").runs()
        assert summary.state == "interrupted" and summary.done > 0

        wait(browser, "[data-act=resume]:not(:disabled)")
        browser.evaluate("document.querySelector('[data-act=resume]').click()")
        wait(browser, ".badge.running")
        owner = read_owner(run)
        assert owner is not None and is_owned(run)
        errors = [
            each for each in browser.errors if not each.startswith(f"the page asked for http://127.0.0.1:{port}/")
        ]
        assert errors == []
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        try:
            end = time.monotonic() + 60
            while (row_of(last_lines(run / layout.METRICS)[-1]) or {})["round"] <= summary.done:  # it goes on
                assert is_owned(run) and time.monotonic() < end
                time.sleep(0.05)
            wait(browser, ".connection.off")
        finally:
            os.kill(owner.pid, signal.SIGTERM)
        end = time.monotonic() + 60
        while is_owned(run) and time.monotonic() < end:
            time.sleep(0.05)
        (resumed,) = Overview(tmp_path / "runs").runs()
        assert resumed.state == "interrupted" and resumed.done > summary.done
