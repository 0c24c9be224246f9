"""The loader of a hub folder: twenty lines of Python that need torch and safetensors alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steadygan.export.facts import ExportFacts

FACTS, GRAPH, LOADER, WEIGHTS = "facts.json", "graph.pt2", "generator.py", "model.safetensors"
"""files of the folder"""

DRAWN = {
    "Normal": "torch.randn(count, {size}, generator=rng)",
    "Uniform": "2 * torch.rand(count, {size}, generator=rng) - 1",
    "TruncatedNormal": "torch.nn.init.trunc_normal_(torch.empty(count, {size}), a=-{threshold}, b={threshold}, "
    "generator=rng)",
}
"""latents of each prior"""


def loader_text(facts: ExportFacts) -> str:
    """The module of an exported generator: ``generator`` and ``sample(count, seed)``."""
    name = str(facts.prior["name"])
    draw = DRAWN[name].format(**facts.prior) if name in DRAWN else None
    arguments, lines = ["count", "seed=0"], ["rng = torch.Generator().manual_seed(seed)"]
    if draw is None:  # a prior of the user's own
        arguments[:] = ["latents"]
        lines = ['inputs = {"latents": latents}']
    else:
        lines.append(f'inputs = {{"latents": {draw}}}')
    if facts.conditional:
        arguments.append("labels=None" if draw is not None else "labels")
        drawn = f"torch.randint({facts.classes}, (count,), generator=rng) if labels is None else " if draw else ""
        lines.append(f'inputs["labels"] = {drawn}torch.as_tensor(labels)')
    if facts.truncation:
        arguments.append("truncation=1.0")
        lines.append('inputs["truncation"] = torch.tensor(truncation)')
    lines += ["with torch.no_grad():", f"    return {_RESULTS.get(facts.kind, 'generator(**inputs)')}"]
    body = "\n".join(f"    {line}" for line in lines)
    return _TEMPLATE.format(
        alphabet=_LETTERS if facts.kind == "text" else "",
        arguments=", ".join(arguments),
        body=body,
        result=_SAYS.get(facts.kind, "numbers in the units of the data"),
    )


_RESULTS = {
    "picture": "generator(**inputs).round().to(torch.uint8)",
    "text": '["".join(map(LETTERS.__getitem__, ids)).rstrip(PADDING) for ids in generator(**inputs).tolist()]',
}
_LETTERS = """\
LETTERS = FACTS["alphabet"]["characters"]
PADDING = LETTERS[FACTS["alphabet"]["padding"]]
"""
_SAYS = {"picture": "pictures, uint8 [N, C, H, W]", "text": "lines of text"}
_TEMPLATE = '''\
"""Samples of this generator; needs torch and safetensors alone."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file

HERE = Path(__file__).parent
FACTS = json.loads((HERE / "facts.json").read_text(encoding="utf-8"))
generator = torch.export.load(HERE / "graph.pt2").module()
generator.load_state_dict(load_file(HERE / "model.safetensors"), assign=True)
{alphabet}

def sample({arguments}):
    """Returns {result}."""
{body}
'''
