"""The server of the page: uvicorn on the loopback address, until Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import socket
from pathlib import Path

from steadygan.errors import UsageError
from steadygan.run import RUNS, is_run
from steadygan.system.files import describe

ADDRESS, PORT = "127.0.0.1", 8230
"""where it listens, if no other port is named"""
INSTALL = "pip install 'steadygan[ui]'"


def serve(root: Path, port: int | None = None) -> None:
    """Serves the page of the runs below a folder until Ctrl-C, and prints its link.

    Args:
        root: the folder
        port: None: ``PORT``, or a free one where that is taken

    Raises:
        UsageError: one line, if starlette or uvicorn are missing, there is no such folder, or the port is taken.
    """
    try:
        import starlette
        import uvicorn
    except ImportError as error:
        raise UsageError(f"the page needs {error.name}: {INSTALL}") from None
    del starlette
    if not root.is_dir():
        hint = ": 'steadygan train' makes one, or name another folder" if root == RUNS else ""
        raise UsageError(f"there is no folder '{root}'{hint}")
    if is_run(root):
        raise UsageError(f"{root} is a run: the page is of the folder that it is in, '{root.absolute().parent}'")
    from steadygan.ui.access import new_token
    from steadygan.ui.app import Pages

    token = new_token()
    with listening(port) as listener:
        pages = Pages(root, token)
        config = uvicorn.Config(
            pages.app,
            http="h11",
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        pages.streams.ends = lambda: server.should_exit
        # the token stands behind '#', which browsers send to no server
        print(f"http://{ADDRESS}:{listener.getsockname()[1]}/#token={token}")
        print("the link lets you stop and resume runs, so keep it to yourself; Ctrl-C ends the page", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def listening(port: int | None) -> socket.socket:
    """A socket that listens on the loopback address.

    Raises:
        UsageError: one line, if the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            listener.bind((ADDRESS, PORT if port is None else port))
        except OSError as error:
            if port is not None or error.errno != errno.EADDRINUSE:
                raise
            listener.bind((ADDRESS, 0))
    except OSError as error:
        listener.close()
        raise UsageError(f"--port {port}: {describe(error)}") from None
    listener.listen(128)  # so that the link works as soon as it is printed
    listener.set_inheritable(False)
    return listener
