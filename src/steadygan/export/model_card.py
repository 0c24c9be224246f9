"""The model card of a hub folder: what the generator is, its data, training and numbers, as Markdown with a YAML head.

Licence and use are left to the person: nothing here can know them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from steadygan.evaluation.record import Evaluation, Number, read
from steadygan.evaluation.tables import DIRECTIONS, provenance_line
from steadygan.export.loader import GRAPH, LOADER, WEIGHTS
from steadygan.export.recipe_text import data_name, without_places
from steadygan.run.history import read_history
from steadygan.system.escapes import escaped
from steadygan.system.words import number

if TYPE_CHECKING:
    from steadygan.export.facts import ExportFacts
    from steadygan.run import Run

CLASSES = 20
"""most classes that are listed"""
QUANTILE = 1.96
"""standard errors on each side of a 95% interval"""
LICENCE = "# license: to be filled in by you, such as mit or cc-by-4.0"
_MARKUP = re.compile(r"([\\`*_\[\]<>|#])")


def model_card(run: Run, facts: ExportFacts, samples: str) -> str:
    """README.md of a folder.

    Args:
        run: which run
        facts: of the export
        samples: the file of samples beside it
    """
    parts = [
        _head(facts),
        f"# {_text(facts.run)}\n",
        _what(facts),
        _samples(run, samples),
        _use(facts),
        "## Data\n",
        *_items(_data(run)),
        "\n## Training\n",
        *_items(_training(run, facts)),
        "\n## Numbers\n",
        *_numbers(run, facts),
        "\n## Licence and intended use\n",
        "To be filled in: the licence of the weights (`license` in this file's head), that of the data, and what the "
        "generator is meant for.\n",
    ]
    return "\n".join(parts)


def _head(facts: ExportFacts) -> str:
    task = {"picture": "unconditional-image-generation", "text": "text-generation"}.get(facts.kind)
    tags = ["gan", "steadygan", re.sub(r"[^\w.-]+", "-", facts.recipe)]
    lines = ["---", LICENCE, "library_name: pytorch", *([f"pipeline_tag: {task}"] if task else []), "tags:"]
    return "\n".join([*lines, *(f'- "{tag}"' for tag in tags), "---", ""])


def _what(facts: ExportFacts) -> str:
    kind = {"picture": "pictures", "points": "points", "text": "lines of text"}.get(facts.kind, f"{facts.kind}s")
    shape = " x ".join(map(str, facts.shape))
    weights = "averaged weights" if facts.weights.startswith("average") else "trained weights"
    noise = " The noise that it drew in training is constant here." if facts.fixed_noise else ""
    return (
        f"The generator of a generative adversarial network: it makes {kind} ({shape}) of latents of size "
        f"{facts.latent_size}. Trained with the recipe {_text(facts.recipe)}; {weights} of round {facts.round:,}."
        f"{noise}\n"
    )


def _samples(run: Run, name: str) -> str:
    if name.endswith(".png"):
        return f"![Samples of seed 0, not selected]({name})\n\nSamples of seed 0, not selected.\n"
    return f"Samples of seed 0, not selected: [{name}]({name}).\n"


def _use(facts: ExportFacts) -> str:
    arguments = "16, seed=0"
    if facts.conditional:
        arguments += f", labels=[{min(1, facts.classes - 1)}] * 16"
    if facts.truncation:
        arguments += ", truncation=0.7"
    call = (
        f"sample({arguments})" if facts.prior["name"] in ("Normal", "Uniform", "TruncatedNormal") else "sample(latents)"
    )
    difference = f"{facts.parity or 0.0:.1e}"
    return f"""\
## Use

`{LOADER}` needs torch and safetensors alone (written by torch {facts.versions.get("torch")}):

```python
from huggingface_hub import snapshot_download
import sys

sys.path.insert(0, snapshot_download("OWNER/NAME"))  # or the path of this folder
from generator import sample

samples = {call}
```

`{WEIGHTS}` has the weights, `{GRAPH}` the operations (a program of `torch.export`), `facts.json` the inputs, the \
prior and the classes. The largest difference from the network that was trained, on fixed latents: {difference} of the \
samples' range.
"""


def _data(run: Run) -> Iterable[tuple[str, str]]:
    audit: Mapping[str, Any] = run.data.audit
    source = run.recipe.data.source
    yield "name", data_name(str(audit.get("source", source)))
    if audit.get("kind"):
        yield "kind", str(audit["kind"])
    if isinstance(audit.get("train"), int):
        held_out = audit.get("held_out")
        yield "samples", f"{audit['train']:,} to train on, {held_out:,} held out ({audit.get('held_out_from', '')})"
    yield "a sample", str(run.sample_spec)
    classes = audit.get("classes") or []
    if classes:
        listed = ", ".join(name if count is None else f"{name}: {count:,}" for name, count in classes[:CLASSES])
        yield "classes", listed + (f", and {len(classes) - CLASSES} more" if len(classes) > CLASSES else "")
    for name, what in (("unreadable_count", "unreadable"), ("duplicate_copies", "copies of others")):
        if audit.get(name):
            yield what, f"{audit[name]:,}"
    for field, what in (("range_words", "range"), ("warnings", "warning"), ("notes", "note")):
        for line in audit.get(field) or ():
            yield what, without_places(str(line), source)
    yield "fingerprint", run.data.fingerprint


def _training(run: Run, facts: ExportFacts) -> Iterable[tuple[str, str]]:
    recipe, environment = run.recipe, run.environment
    yield "recipe", f"{recipe.name}, every setting in training-recipe.yaml"
    yield "rounds", f"{facts.round:,} of {recipe.rounds:,}, batch {recipe.batch}, seed {recipe.seed}"
    yield "prior", ", ".join(f"{value}" if name == "name" else f"{name} {value}" for name, value in facts.prior.items())
    yield "on", f"{environment.device}, {environment.precision}"
    yield "versions", ", ".join(f"{name} {version}" for name, version in environment.versions.items())
    for change in read_history(run.folder):
        if not change.field.startswith("data"):  # where the data lies is nobody's business
            yield "changed", str(change)


def _numbers(run: Run, facts: ExportFacts) -> list[str]:
    """A table of each evaluation of what is exported."""
    measured = [
        each
        for each in read(run.folder)
        if (each.provenance.round, each.provenance.weights) == (facts.round, facts.weights)
    ]
    if not measured:
        return ["Not measured at this round and with these weights."]
    return ["\n".join(_table(each)) + "\n" for each in measured]


def _table(evaluation: Evaluation) -> Sequence[str]:
    lines = [
        f"{_text(provenance_line(evaluation.provenance))}; sampling seed {evaluation.provenance.sampling_seed}.",
        "",
        "| metric | value | 95% interval of sampling | real samples | |",
        "|---|---|---|---|---|",
    ]
    for each in evaluation.numbers:
        real = "" if each.floor is None else number(each.floor)
        cells = (_text(each.metric), number(each.value), interval(each), real, DIRECTIONS[each.better])
        lines.append(f"| {' | '.join(cells)} |")
    lines += [f"\n{_text(each.metric)}: {_text(each.caution)}" for each in evaluation.numbers if each.caution]
    return lines


def interval(result: Number) -> str:
    """The value and 1.96 standard errors on each side; '' where no error is known."""
    if result.error is None:
        return ""
    return f"{number(result.value - QUANTILE * result.error)} to {number(result.value + QUANTILE * result.error)}"


def _items(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [f"- {name}: {_text(value)}" for name, value in pairs]


def _text(value: str) -> str:
    """A text of data, names or other people on one line, without markup."""
    return _MARKUP.sub(r"\\\1", escaped(" ".join(value.split())))
