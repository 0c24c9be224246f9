"""Classes and functions of the user's own: told apart, imported by name, found in a recipe and handed back."""

from __future__ import annotations

import dataclasses

import pytest

from steadygan.codec import import_path
from steadygan.errors import UsageError
from steadygan.kinds import bound, import_kinds, kinds_in, spec_types
from steadygan.losses import Hinge
from steadygan.networks import LabelledGenerator, MLPGenerator, Own
from steadygan.objectives import Adversarial
from steadygan.recipe import Recipe, dumps, loads, names, own_kinds

HERE = "tests.test_kinds"


@dataclasses.dataclass(frozen=True)
class MyLoss:
    sharpness: float = 2.0
    needs_real = mixes_samples = has_labels = False

    def critic(self, real, fake, real_label=1.0): ...
    def generator(self, fake, real=None): ...


@dataclasses.dataclass(frozen=True)
class MyNetwork:
    width: int = 3

    def build(self, sample, latent=None): ...


def make_critic(sample): ...
def make_generator(sample, latent): ...


RECIPE = Recipe(objective=Adversarial(MyLoss(4.0)), critic=make_critic, generator=MyNetwork(5))


def test_those_of_a_recipe_are_what_reading_it_back_needs():
    assert set(own_kinds(RECIPE)) == {MyLoss, MyNetwork, make_critic}
    assert loads(dumps(RECIPE), extra=own_kinds(RECIPE)) == RECIPE
    assert own_kinds(Recipe()) == ()
    assert spec_types([MyLoss, make_critic, MyNetwork]) == (MyLoss, MyNetwork)


def test_a_network_inside_another_is_bound_too():
    recipe = Recipe(generator=LabelledGenerator(Own(make_generator)))
    assert kinds_in(recipe, names().values()) == (make_generator,)
    assert loads(dumps(recipe), extra=[make_generator]) == recipe
    assert bound(Recipe(), [make_generator]) == Recipe()
    assert bound(recipe, []) is recipe


def test_they_are_imported_by_name_from_the_current_folder_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kinds_of_mine.py").write_text("def critic(sample): ...\nnumber = 5\n")
    assert import_kinds([f"{HERE}:MyLoss", f"{HERE}:make_critic"]) == (MyLoss, make_critic)
    [critic] = import_kinds(["kinds_of_mine:critic"])
    assert import_path(critic) == "kinds_of_mine:critic"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("nowhere_of_mine:x", "--kinds 'nowhere_of_mine:x': cannot import 'nowhere_of_mine'"),
        (f"{HERE}:MyLos", "has no 'MyLos'; did you mean 'MyLoss'"),
        (f"{HERE}:RECIPE", "is a Recipe; a class, or a function"),
        ("tests.test_kinds", "is no import path.*package.module:name"),
        ("a/b.py:x", "is no import path"),
        ("", "is no import path"),
    ],
)
def test_what_is_none_is_one_line(path, line):
    with pytest.raises(UsageError, match=line) as error:
        import_kinds([path])
    assert "\n" not in str(error.value)


def test_a_file_alone_imports_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trap_of_mine.py").write_text("raise SystemExit('imported')\n")
    text = dumps(RECIPE).replace(f"{HERE}:make_critic", "trap_of_mine:make")
    read = loads(text, extra=[MyLoss, MyNetwork])
    assert read.critic.network == "trap_of_mine:make"
    with pytest.raises(UsageError, match=r"unknown kind 'MyNetwork'.*--kinds"):
        loads(text)


def test_paths_of_what_cannot_be_imported_say_so():
    assert import_path(lambda sample: None).endswith("<lambda>(sample)")
    assert import_path(Hinge) == "steadygan.losses:Hinge"
    assert import_path(MLPGenerator().build) == "steadygan.networks.mlp:MLPGenerator.build"
