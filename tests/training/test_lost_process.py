"""A process that dies ends the run on all others soon, with a line; what was saved goes on with any number of them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

import steadygan as sg

WITHIN = 30.0
"""seconds in which the others have to end"""


def started(folder, rank, port, size=2):
    words = ["train", "wgan-gp", "--data", "8gaussians", "--out", str(folder), "--rounds", "400", "--batch", "32"]
    words += ["--generator.width", "16", "--critic.width", "16", "--critic-steps", "1"]
    words += ["--run.checkpoint-every", "20", "--run.evaluate", "none", "--run.threads", "1", "--run.precision", "fp32"]
    shared = {"WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "steadygan", *words],
        env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("lost", [0, 1])
def test_the_others_end_with_a_line_and_one_process_goes_on(tmp_path, lost):
    folder, port = tmp_path / "run", free_port()
    processes = [started(folder, rank, port) for rank in range(2)]
    try:
        until = time.monotonic() + 120
        while not (folder / "checkpoints" / "000020").exists() and time.monotonic() < until:
            assert all(process.poll() is None for process in processes), processes[0].communicate()
            time.sleep(0.1)
        processes[lost].send_signal(signal.SIGKILL)
        began = time.monotonic()
        _, said = processes[1 - lost].communicate(timeout=WITHIN)
        assert time.monotonic() - began < WITHIN
        assert processes[1 - lost].returncode == 1
        (line,) = [line for line in said.splitlines() if "another process of this run is gone" in line]
        assert "steadygan resume" in line
        assert "Traceback" not in said
    finally:
        for process in processes:
            process.kill()
    assert 20 <= sg.load(folder).rounds_done < 400
    assert sg.resume(folder, observers=[]).finished
