"""Results of studies for the documents: a small folder for each, and a gallery page with the table of claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadygan.errors import RunError, UsageError
from steadygan.run.fields import Fields
from steadygan.studies import layout
from steadygan.studies.findings import Findings
from steadygan.studies.folder import StudyFolder, is_study
from steadygan.system.escapes import escaped
from steadygan.system.files import describe, write_text, written_aside
from steadygan.system.output_paths import check_output_folder
from steadygan.system.regular import read_regular

INDEX = "index.md"
_MOST_BYTES = 1 << 26
_MARKS = {"holds": "holds", "does not hold": "**does not hold**", "not decided here": "not decided here"}


def publish(found: Findings, root: Path) -> Path:
    """Copies what a study's gallery needs (figures, study.json, trials.csv) to ROOT/NAME; gives that folder.

    Raises:
        UsageError, RunError: one line, if it cannot be written.
    """
    check_output_folder(root)
    place = root / found.study.name
    findings = StudyFolder(found.folder).content["findings"]
    names = [layout.STUDY, layout.TABLE]
    files = {name: found.folder / name for name in names}
    files |= {each["file"]: found.folder / layout.FIGURES / each["file"] for each in findings["figures"]}
    try:
        for old in place.glob("*.png"):
            if old.name not in files:
                old.unlink()
        for name, source in files.items():
            content = read_regular(source, _MOST_BYTES)
            with written_aside(place / name) as aside:
                aside.write_bytes(content)
    except OSError as error:
        raise RunError(f"cannot copy the results to '{place}': {describe(error)}") from error
    return place


@dataclass(frozen=True)
class Published:
    """The findings of a study as they were published."""

    folder: str
    scale: str
    seeds: int
    findings: Mapping[str, Any]

    @classmethod
    def read(cls, place: Path) -> Published:
        """Reads the study.json of a published folder.

        Raises:
            RunError: one line, for a file that is damaged or holds no findings.
        """
        folder = StudyFolder(place)
        fields = Fields(folder.content, place / layout.STUDY).inner("findings")
        for name in ("question", "source", "shows", "limits", "state"):
            fields.text(name)
        for each in fields.inners("claims"):
            for name in ("statement", "source", "rule", "answer", "evidence"):
                each.text(name)
        for each in fields.inners("figures"):
            each.text("file"), each.text("caption")
        fields.inner("table").texts("columns")
        return cls(place.name, folder.definition.scale, len(folder.definition.seeds), fields.content)


def write_gallery(root: Path) -> Path:
    """Writes ROOT/index.md from the folders of published studies below it: claims with answers, then the figures.

    Raises:
        UsageError: if there is none.
        RunError: one line, for one that is damaged.
    """
    if not root.is_dir():
        raise UsageError(f"there is no folder '{root}'")
    published = [Published.read(place) for place in sorted(root.iterdir()) if is_study(place)]
    if not published:
        raise UsageError(f"'{root}' holds no studies: 'steadygan study NAME --docs {root}' puts one there")
    path = root / INDEX
    write_text(path, gallery_text(published))
    return path


def gallery_text(published: Sequence[Published]) -> str:
    """The gallery as Markdown."""
    claims = [(study, claim) for study in published for claim in study.findings["claims"]]
    answers = [claim["answer"] for _, claim in claims]
    counts = ", ".join(_counted(answers.count(answer), answer) for answer in _MARKS if answer in answers)
    lines = [
        "# What the papers claim, tried",
        "",
        "Each study is one command, `steadygan study NAME`, whose settings, rule of decision and seeds were fixed "
        "before its trials. An answer is given by an interval over seeds, or is left open; how to read one and how to "
        "run them: [studies](../studies.md). This page is written by `steadygan study --docs docs/studies`.",
        "",
        f"## Claims: {counts}" if claims else "## Claims",
        "",
        "| claim | in | answer | evidence | study |",
        "|---|---|---|---|---|",
    ]
    for study, claim in claims:
        needs = f"; it may need {claim['needs']}" if claim.get("needs") and claim["answer"] != "holds" else ""
        cells = (claim["statement"], claim["source"], _MARKS.get(claim["answer"], claim["answer"]))
        evidence = f"{claim['evidence']}{needs}"
        link = f"[{study.folder}](#{study.folder})"
        lines.append(f"| {' | '.join(map(_cell, (*cells, evidence)))} | {link} |")
    for study in published:
        lines += ["", *_section(study)]
    return "\n".join(lines) + "\n"


def _section(study: Published) -> list[str]:
    found = study.findings
    lines = [f"## {study.folder}", "", f"**{_text(found['question'])}** {_text(found['source'])}.", ""]
    for figure in found["figures"]:
        lines += [
            f"![{_text(figure['caption'])}]({study.folder}/{figure['file']})",
            "",
            f"*{_text(figure['caption'])}*",
            "",
        ]
    if found["shows"]:
        lines += [f"The paper shows: {_text(found['shows'])}", ""]
    table = found["table"]
    if table["columns"]:
        lines += [f"| {' | '.join(map(_cell, table['columns']))} |", f"|{'---|' * len(table['columns'])}"]
        lines += [f"| {' | '.join(map(_cell, row))} |" for row in table["rows"]]
        lines += ["", *([_text(table["note"]), ""] if table["note"] else [])]
    for claim in found["claims"]:
        statement, evidence, rule = (_text(claim[name]) for name in ("statement", "evidence", "rule"))
        lines.append(f"- {statement.rstrip('.')}. **{claim['answer']}**: {evidence}. Rule: {rule}.")
    lines += [""] if found["claims"] else []
    if found["limits"]:
        lines += [f"Limits here: {_text(found['limits'])}", ""]
    command = f"steadygan study {found['name']} --scale {study.scale} --seeds {study.seeds}"
    lines.append(f"`{command}`: {_text(found['state'])} ([numbers]({study.folder}/{layout.TABLE})).")
    return lines


def _text(text: str) -> str:
    return escaped(" ".join(str(text).split()))


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


def _counted(count: int, answer: str) -> str:
    """How many claims have an answer: 1 holds, 2 hold."""
    several = {"holds": "hold", "does not hold": "do not hold"}
    return f"{count} {answer if count == 1 else several.get(answer, answer)}"
