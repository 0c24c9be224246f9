"""ONNX files of a generator: one file with the weights inside, checked by onnxruntime before it is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.errors import UsageError, in_one_line
from steadygan.export.facts import ExportFacts, facts_of
from steadygan.export.generator import ExportedGenerator, Inputs, exportable, fixed_inputs
from steadygan.export.parity import parity
from steadygan.export.program import BATCH, batched, quiet, told, traced
from steadygan.system.files import written_aside

if TYPE_CHECKING:
    import torch

    from steadygan.run import Run, Weights

OPSET = 18
"""of the operations: the one that torch's exporter writes without conversion; onnxruntime 1.14 and later read it"""
PACKAGES = ("onnx", "onnxscript", "onnxruntime")
MOST_BYTES = 2**31 - 2**20
"""of one file: protobuf's bound"""
SAMPLES = "samples"
"""the name of the output"""


def write_onnx(run: Run, path: Path, *, weights: Weights = "average", round_: int | None = None) -> ExportFacts:
    """Writes a generator as ONNX, atomically; its samples of fixed latents are those of PyTorch.

    Args:
        run: which run
        path: a file that ends in .onnx; one that is there is replaced
        weights: the average of the generator's weights, or the raw ones
        round_: of the checkpoint; None: the last

    Returns:
        what the file holds as its metadata

    Raises:
        UsageError: without onnx, onnxscript and onnxruntime, for generators that cannot be exported, and if samples
            differ from PyTorch's by more than 1e-4 of their range; there is no file then.
        RunError: if it cannot be written.
    """
    need_packages()
    round_ = run.rounds_done if round_ is None else round_
    module = exportable(run, weights, round_)
    facts = facts_of(run, truncates=module.truncates, weights=weights, round_=round_)
    content, facts = onnx_bytes(run, module, facts)
    with written_aside(path) as aside:
        aside.write_bytes(content)
    return facts


def onnx_bytes(run: Run, module: ExportedGenerator, facts: ExportFacts) -> tuple[bytes, ExportFacts]:
    """The content of an ONNX file, and the facts that it holds, with its parity.

    Raises:
        UsageError: as ``write_onnx``.
    """
    model = _model(module, fixed_inputs(run, module, 2))
    with told("onnxruntime cannot run the ONNX file"):
        largest = parity(run, module, session(model.SerializeToString()), "the ONNX file")
    versions = {**facts.versions, **{name: metadata.version(name) for name in PACKAGES}}
    facts = dataclasses.replace(facts, opset=OPSET, versions=versions, parity=largest)
    model.producer_name, model.producer_version = "steadygan", facts.versions["steadygan"]
    for key, value in facts.metadata().items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    return model.SerializeToString(), facts


def read_facts(path: Path) -> ExportFacts:
    """The facts of an ONNX file.

    Raises:
        UsageError: for a file that ``write_onnx`` did not write.
    """
    onnx = need_packages()
    try:
        model = onnx.load(str(path))
    except Exception as error:  # of protobuf, of many kinds
        raise UsageError(f"{path} cannot be read as ONNX: {in_one_line(error)}") from None
    return ExportFacts.of_metadata({entry.key: entry.value for entry in model.metadata_props})


def session(content: bytes) -> Callable[[Inputs], torch.Tensor]:
    """A function of inputs by name that runs an ONNX model on the CPU, in one thread for each core."""
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3  # errors
    opened = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def called(inputs: Inputs) -> torch.Tensor:
        made = opened.run([SAMPLES], {name: value.numpy() for name, value in inputs.items()})
        return torch.from_numpy(made[0])

    return called


def need_packages() -> Any:
    """The module onnx.

    Raises:
        UsageError: with the command that installs what is missing.
    """
    try:
        onnx, *_ = map(import_module, PACKAGES)
    except ImportError:
        raise UsageError(f"ONNX needs {', '.join(PACKAGES)}: pip install 'steadygan[onnx]'") from None
    return onnx


def _model(module: ExportedGenerator, inputs: Inputs) -> Any:
    """The model as protobuf, with its operations' comments and paths of this machine left out."""
    import torch

    size = sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())
    if size > MOST_BYTES:
        raise UsageError(f"the generator has {size:,} bytes of weights, and a file of ONNX holds {MOST_BYTES:,}")
    program = traced(module, inputs)
    with told("torch.onnx cannot export this generator"), torch.no_grad(), quiet():
        made = torch.onnx.export(
            program,
            (),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
            output_names=[SAMPLES],
            dynamic_shapes=batched(inputs, BATCH),  # its name, which a program has not
        )
    assert made is not None
    model = made.model_proto
    for node in model.graph.node:
        node.ClearField("doc_string")
        del node.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    return model


__all__ = ["OPSET", "read_facts", "write_onnx"]
