"""Classes and functions of the user's own: told apart, imported by name, found in a recipe and handed back."""

from __future__ import annotations

import dataclasses

import pytest

from steadygan.codec import import_path
from steadygan.errors import UsageError
from steadygan.kinds import bound, check_used, import_kinds, kinds_in, spec_types
from steadygan.losses import Hinge
from steadygan.networks import LabelledGenerator, MLPGenerator, Own
from steadygan.objectives import Adversarial
from steadygan.recipe import Recipe, check_readable, dumps, loads, names, own_kinds

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


def test_what_no_recipe_names_is_refused_with_what_it_names():
    check_used([MyLoss, MyNetwork, make_critic], RECIPE)
    check_used([make_critic], Recipe(), RECIPE)
    with pytest.raises(UsageError, match=rf"{HERE}:make_generator: .*it names: .*{HERE}:make_critic"):
        check_used([make_generator], RECIPE)
    with pytest.raises(UsageError, match="it names: mine:Critic"):
        check_used([make_generator], Recipe(critic=Own("mine:Critic")))


def test_a_class_with_the_name_of_another_kind_is_refused_as_files_hold_the_name_alone():
    namesake = type("Hinge", (MyLoss,), {})
    other = type("MyLoss", (MyLoss,), {})
    recipe = Recipe(objective=Adversarial(namesake()))
    with pytest.raises(UsageError, match=rf"{HERE}:Hinge has the name of steadygan.losses:Hinge.*another name"):
        check_readable(recipe)
    with pytest.raises(UsageError, match=rf"{HERE}:Hinge has the name of"):
        loads(dumps(Recipe()), extra=[namesake])
    with pytest.raises(UsageError, match=rf"{HERE}:MyLoss has the name of {HERE}:MyLoss"):
        loads(dumps(RECIPE), extra=[MyLoss, other])
    assert loads(dumps(RECIPE), extra=[*own_kinds(RECIPE), MyLoss]) == RECIPE  # the same one twice


def test_a_class_whose_values_can_change_is_refused_with_the_line_to_write():
    @dataclasses.dataclass
    class Open:
        needs_real = mixes_samples = has_labels = False

        def critic(self, real, fake, real_label=1.0): ...
        def generator(self, fake, real=None): ...

    with pytest.raises(UsageError, match=r"Open can be changed while it trains: write @dataclass\(frozen=True\)"):
        check_readable(Recipe(objective=Adversarial(Open())))
