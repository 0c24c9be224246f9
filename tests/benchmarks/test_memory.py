"""Peak memory, measured in a new process."""

from __future__ import annotations

import sys

import pytest

from benchmarks.speed.memory import in_new_process, peak_memory


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="read from /proc")
def test_the_peak_of_a_side_is_that_of_its_own_process():
    held = bytearray(300 * 2**20)  # of this process, which must not count
    peak = peak_memory("mlp-small", True, "eager", "fp32", "cpu", 1)
    assert len(held) and peak is not None
    assert 5 < peak < 290


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="read from /proc")
def test_a_process_that_fails_leaves_the_rest_of_a_measurement_alone():
    assert in_new_process(["benchmarks.no_such_module"], "cpu") is None


def test_memory_of_an_apple_gpu_is_not_known():
    assert peak_memory("mlp-small", True, "eager", "fp32", "mps", 1) is None
