"""``steadygan tensorboard``: starts TensorBoard on runs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from steadygan.cli import verbosity
from steadygan.cli.parser import Parser, at_least
from steadygan.errors import UsageError
from steadygan.run import RUNS, find_run, layout, list_runs


def run(arguments: Sequence[str]) -> int:
    """Starts TensorBoard, and ends with it; returns its exit code."""
    parser = Parser("tensorboard", "Starts TensorBoard on runs, whose curves it shows side by side, until Ctrl-C.")
    parser.add_argument(
        "runs", nargs="*", metavar="RUN", help=f"names below runs/ or folders (default: all in {RUNS}/)"
    )
    parser.add_argument("--port", type=at_least(0), default=6006, metavar="N", help="of its page (default: 6006)")
    parser.add_argument(
        "--host", default="localhost", metavar="H", help="where it listens (default: localhost, this machine alone)"
    )
    values = parser.parse(arguments)
    if values.port > 65535:
        raise UsageError(f"--port: got {values.port}; it has to be 65535 or less")
    where = logdir(list(dict.fromkeys(find_run(name) for name in values.runs)) or None)
    if importlib.util.find_spec("tensorboard") is None:
        raise UsageError("TensorBoard is not installed: pip install tensorboard")
    verbosity.say(f"TensorBoard on {where[-1]}: http://{values.host}:{values.port} (Ctrl-C ends it)")
    sys.stdout.flush()
    command = [sys.executable, "-m", "tensorboard.main", *where, "--host", values.host, "--port", str(values.port)]
    with subprocess.Popen(command) as process:
        try:
            return process.wait()
        except BaseException:  # Ctrl-C, which it gets too, and SIGTERM, which it does not
            process.terminate()
            process.wait()
            raise


def logdir(folders: Sequence[Path] | None) -> list[str]:
    """TensorBoard's option for these runs; None: all below ``runs/``.

    Raises:
        UsageError: for runs without event files, and for several whose names TensorBoard would take apart.
    """
    if folders is None:
        folders = [folder for folder in list_runs() if _has_events(folder)]
        if not folders:
            raise UsageError(f"no run in {RUNS}/ has curves for TensorBoard: 'steadygan train' writes them")
        return ["--logdir", str(RUNS)]
    for folder in folders:
        if not _has_events(folder):
            raise UsageError(f"{folder} has no curves for TensorBoard ({layout.EVENTS}); 'steadygan report' has all")
    if len(folders) == 1:
        return ["--logdir", str(folders[0])]
    for folder in folders:
        if set(str(folder)) & set(",:"):
            raise UsageError(f"TensorBoard takes no ',' or ':' in names of several runs: show {folder} alone")
    names = [folder.name for folder in folders]
    shown = [folder.name if names.count(folder.name) == 1 else str(folder) for folder in folders]
    pairs = (f"{name}:{folder.absolute()}" for name, folder in zip(shown, folders, strict=True))
    return ["--logdir_spec", ",".join(pairs)]


def _has_events(folder: Path) -> bool:
    return any(folder.glob(layout.EVENTS))
