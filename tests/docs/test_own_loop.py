"""Every block of docs/own-loop.md runs in its order, and the README's lines for a loop of one's own do."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest
import torch

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "own-loop.md"


def python_blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


FIRST, *BLOCKS = python_blocks(PAGE.read_text(encoding="utf-8"))
HEADINGS = re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.fixture
def free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MASTER_PORT", str(free.getsockname()[1]))
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")


def start() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "own_loop"}
    exec(FIRST, names)
    return names


@pytest.mark.usefixtures("free_port")
@pytest.mark.parametrize("block", BLOCKS, ids=[block.splitlines()[0][:40] for block in BLOCKS])
def test_a_block_of_the_page_runs_after_the_first_one_and_its_numbers_are_finite(block: str) -> None:
    names = start()
    exec(block, names)
    for name in ("loss", "critic_loss", "generator_loss", "penalty", "norms"):
        if name in names:
            assert torch.isfinite(names[name]).all(), name
    for parameter in names["critic"].parameters():
        assert parameter.grad is None or torch.isfinite(parameter.grad).all()
        assert torch.isfinite(parameter).all()


def test_the_page_has_a_block_for_each_kind_of_loop() -> None:
    assert len(BLOCKS) >= 10
    for word in ("PatchGAN", "scales", "Labels", "Mixed precision", "Lazy", "processes", "Compiled", "gradients"):
        assert any(word in heading for heading in HEADINGS), word


def test_the_lines_of_the_readme_run_in_a_loop() -> None:
    blocks = python_blocks((ROOT / "README.md").read_text(encoding="utf-8"))
    (lines,) = (block for block in blocks if "penalties.gradient_penalty" in block)
    names = start()
    exec(lines, names)
    names["critic_loss"].backward()
    assert torch.isfinite(names["critic_loss"])
    assert all(parameter.grad is not None for parameter in names["critic"].parameters())
