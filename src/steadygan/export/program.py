"""An exported generator as a graph of torch's operations (``torch.export``), with a dynamic number of samples."""

from __future__ import annotations

import contextlib
import io
import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import torch

from steadygan.errors import SteadyganError, UsageError, in_one_line

if TYPE_CHECKING:
    from torch.export import ExportedProgram

    from steadygan.export.generator import ExportedGenerator, Inputs

Axis = TypeVar("Axis")
MOST = 2**16
"""samples of one call"""
BATCH = "batch"
"""the name of the dynamic axis"""


@contextmanager
def quiet() -> Iterator[None]:
    """Context without the notes of torch's exporters, and the graphs that they print before they fail: an error has a
    line of its own."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Context in which an error of other code is one line: torch's exporters have many kinds, and run a user's code."""
    try:
        yield
    except (SteadyganError, OSError, MemoryError):
        raise
    except Exception as error:
        raise UsageError(f"{what}: {in_one_line(error, 300)}") from error


def traced(module: ExportedGenerator, inputs: Inputs) -> ExportedProgram:
    """The graph of a generator.

    Args:
        module: in eval mode
        inputs: of two samples or more, which its operations are found with

    Raises:
        UsageError: one line, for a generator of the user's own that torch cannot trace.
    """
    shapes = batched(inputs, torch.export.Dim(BATCH, min=1, max=MOST))
    with told("this generator cannot be traced by torch.export"), torch.no_grad(), quiet():
        program = torch.export.export(module, (), inputs, dynamic_shapes=shapes)
    for graph in _graphs(program.graph_module):
        _without_divisors(graph)
    return program


def batched(inputs: Inputs, axis: Axis) -> dict[str, dict[int, Axis] | None]:
    """The dynamic axes of each input: the first one, of those that have any."""
    return {name: {0: axis} if value.dim() else None for name, value in inputs.items()}


def _graphs(module: torch.fx.GraphModule) -> list[torch.fx.GraphModule]:
    """The graph and those inside it, such as of blocks without autocast."""
    return [inner for inner in module.modules() if isinstance(inner, torch.fx.GraphModule)]


def _without_divisors(module: torch.fx.GraphModule) -> None:
    """Average pooling with a divisor of its own becomes that of the window's size, times a number.

    ONNX has no such divisor, and torch's exporter leaves it out without a word (torch 2.13).
    """
    for node in list(module.graph.nodes):
        if node.target != torch.ops.aten.avg_pool2d.default or len(node.args) < 7 or node.args[6] is None:
            continue
        x, kernel, *others = node.args
        stride, padding, ceil = others[:3]
        if ceil:  # windows at the border may be smaller
            continue
        area = math.prod(kernel) if len(kernel) > 1 else kernel[0] ** 2
        with module.graph.inserting_before(node):
            mean = module.graph.call_function(node.target, (x, kernel, stride, padding, ceil, True))
            total = module.graph.call_function(torch.ops.aten.mul.Tensor, (mean, area / others[4]))
        mean.meta, total.meta = dict(node.meta), dict(node.meta)
        node.replace_all_uses_with(total)
        module.graph.erase_node(node)
    module.recompile()
