"""Freed memory stays in the process during a run."""

from __future__ import annotations

import platform
import subprocess
import sys
import textwrap

import pytest

from steadygan.system import malloc
from steadygan.system.malloc import kept_memory

SCRIPT = """
import resource
import numpy as np
from steadygan.system.malloc import kept_memory

BYTES = 64 * 2**20  # above what glibc ever takes from its own heap

def new_pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(BYTES, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024

first = new_pages()
with kept_memory():
    new_pages()
    with kept_memory():
        inner = new_pages()
    again = new_pages()
    held = resident()
print(first, inner, again, (held - resident()) / BYTES, new_pages())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's own way with memory")
def test_freed_memory_is_used_again_and_goes_back_at_the_end():
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(SCRIPT)], capture_output=True, text=True, check=True)
    first, inner, again, given_back, last = map(float, ran.stdout.split())
    assert inner <= 2 and again <= 2  # an inner one ends nothing
    assert given_back > 0.9
    assert first > 16 and last > 16  # pages may be huge ones


def test_without_glibc_nothing_happens(monkeypatch):
    monkeypatch.setattr(malloc, "_glibc", lambda: None)
    with kept_memory():
        assert not malloc._inside
