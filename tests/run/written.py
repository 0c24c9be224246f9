"""Facts of a run, written to a file."""

from __future__ import annotations

import json
from pathlib import Path

from steadygan.run.data_facts import DataFacts
from steadygan.run.environment import Environment


def written(path: Path, facts: DataFacts | Environment) -> Path:
    path.write_text(json.dumps(facts.to_json()))
    return path.parent
