"""The names of the package."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest

import steadygan as sg
from steadygan import evaluation


@pytest.mark.parametrize("name", [name for name in dir(sg) if name != "__version__"])
def test_a_public_name_can_be_used(name: str) -> None:
    assert getattr(sg, name).__name__.startswith(("steadygan.", name))


LAZY = (sg, sg.data, sg.diagnostics, evaluation)
"""modules whose names are loaded when they are first used"""


@pytest.mark.parametrize("module", LAZY, ids=lambda module: module.__name__)
def test_editors_and_type_checkers_know_each_name_that_is_loaded_late_and_no_other(module: ModuleType) -> None:
    assert set(module.__all__) <= set(dir(module))
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    seen = [*tree.body, *(each for node in tree.body if _tests(node, "TYPE_CHECKING") for each in node.body)]  # type: ignore[attr-defined]
    imported = {name.asname or name.name for node in seen if isinstance(node, ast.ImportFrom) for name in node.names}
    assert set(dir(module)) <= imported
    defined = {node.name for node in seen if isinstance(node, ast.FunctionDef)}
    assert "__getattr__" not in defined  # a checker would take any misspelt name


def _tests(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == name
