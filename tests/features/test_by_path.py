"""Features from the user's own code, named by the path of a function."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from steadygan.errors import UsageError
from steadygan.evaluation.run_evaluation import evaluate
from steadygan.features.by_path import features_by_path, features_given

CODE = """
import numpy as np
from torch import nn

from steadygan.features.base import Extracted
from steadygan.features.module import module_features


def flat():
    return nn.Flatten()


def small():
    import helpers_of_mine
    return module_features(nn.Flatten(), helpers_of_mine.NAME, size=2)


class Mean:
    name, identity, width, facts = "mean", "1", 1, {}

    def __call__(self, images):
        return Extracted(images.mean(axis=(1, 2, 3), dtype=np.float32)[:, None])


def half():
    found = Mean()
    found.width = None
    return found


def broken():
    raise ValueError("no weights\\nhere")


def number():
    return 3


five = 5
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script in the current folder."""
    (tmp_path / "features_of_mine.py").write_text(CODE)
    (tmp_path / "helpers_of_mine.py").write_text("NAME = 'small one'")
    (tmp_path / "wrong_of_mine.py").write_text("import does_not_exist")
    (tmp_path / "typo_of_mine.py").write_text("def make(:\n  pass")
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.endswith("_of_mine")]:
        monkeypatch.delitem(sys.modules, name)


def test_a_function_in_the_current_folder_gives_a_module_or_features() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 1, 4, 4), dtype=np.uint8)
    before = list(sys.path)
    flat = features_by_path("features_of_mine:flat", shape=(1, 4, 4))
    assert (flat.name, flat.width) == ("features_of_mine:flat", 16)
    np.testing.assert_allclose(flat(images).features, images.reshape(3, -1) / 127.5 - 1, atol=1e-6)
    small = features_by_path("features_of_mine:small")
    assert small.name == "small one"
    assert small(images).features.shape == (3, 4)
    mean = features_by_path("features_of_mine:Mean")
    np.testing.assert_allclose(mean(images).features[:, 0], images.mean(axis=(1, 2, 3)), rtol=1e-6)
    assert sys.path == before


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("features_of_mine", "'features_of_mine' names no function; .* package.module:function"),
        ("a/b.py:make", "'a/b.py:make' names no function"),
        (":make", "names no function"),
        ("nowhere_of_mine:make", "cannot import 'nowhere_of_mine': ModuleNotFoundError: No module named 'nowhere_of"),
        ("wrong_of_mine:make", "cannot import 'wrong_of_mine': ModuleNotFoundError: No module named 'does_not_exist'"),
        ("typo_of_mine:make", "cannot import 'typo_of_mine': SyntaxError"),
        ("features_of_mine:falt", r"'features_of_mine' has no 'falt'; did you mean 'flat'\?"),
        ("features_of_mine:five", "'features_of_mine:five' is a int; a function"),
        ("features_of_mine:broken", "'features_of_mine:broken': the function failed: ValueError: no weights here"),
        ("features_of_mine:number", "'features_of_mine:number' gave a int without name, identity, width, facts"),
        ("features_of_mine:half", "gave a Mean without width; a torch module or Features are needed"),
    ],
)
def test_what_cannot_be_used_is_one_line(path: str, line: str) -> None:
    with pytest.raises(UsageError, match=line) as error:
        features_by_path(path)
    assert "\n" not in str(error.value)


def test_a_module_that_does_not_take_the_images_is_told_before_it_is_needed(tmp_path: Path) -> None:
    (tmp_path / "linear_of_mine.py").write_text("from torch import nn\nmake = lambda: nn.Linear(3, 2)")
    with pytest.raises(UsageError, match=r"'linear_of_mine:make' fails on images \[1, 4, 4\]"):
        features_by_path("linear_of_mine:make", shape=(1, 4, 4))


def test_a_module_may_be_handed_over_itself():
    features = features_given(torch.nn.Flatten())
    images = np.arange(2 * 3 * 16 * 16, dtype=np.uint32).reshape(2, 3, 16, 16).astype(np.uint8)
    assert features.name == "Flatten"
    assert np.allclose(features(images).features, images.reshape(2, -1) / 127.5 - 1, atol=1e-6)
    assert features_given("patches") == "patches" and features_given(features) is features


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (lambda images: images, "features is a function without name, identity"),
        (torch.nn.Flatten, "features is the class Flatten"),
        (None, "features is a NoneType without"),
    ],
)
def test_what_are_no_features_is_one_line(features, said):
    with pytest.raises(UsageError, match=said) as caught:
        evaluate("no run", features=features)
    assert "a torch module, or Features" in str(caught.value)
