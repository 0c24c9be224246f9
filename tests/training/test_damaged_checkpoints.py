"""A checkpoint is checked before it is believed: by its hashes, and by what the recipe builds."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from steadygan.balance import LossRatio
from steadygan.errors import RunError
from steadygan.optimizers import SGD, RMSprop
from steadygan.plateau import Plateau
from steadygan.run import Run
from steadygan.run.checkpoints import damage, newest_whole, read_state
from steadygan.run.hashes import sealed
from steadygan.run.layout import list_checkpoints
from steadygan.training import checkpoint
from steadygan.training.checking import check_run
from steadygan.training.finite_check import NotFiniteError, check_finite
from steadygan.training.session import new_run, resume_run
from steadygan.training.step.counters import Counters
from steadygan.training.step.game import Game
from tests.training.games import IMAGES, image_data, small_recipe
from tests.training.runs import assert_same_end


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run with checkpoints of rounds 5, 10 and 12, of which two are kept."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    new_run(small_recipe(), image_data(), folder, device="cpu")
    return folder


@pytest.fixture
def copy(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "run")
    return tmp_path / "run"


def last(folder):
    return list_checkpoints(folder / "checkpoints")[-1]


def fresh():
    return Game.build(small_recipe(), IMAGES, "cpu")


def unhashed(path):
    """Turns a checkpoint into one of the format without hashes."""
    state = json.loads((path / "state.json").read_text())
    plain = {key: value for key, value in state.items() if key not in ("files", "records", "hash")}
    (path / "state.json").write_text(json.dumps({**plain, "format": 1}))


def rewritten(path, name, change):
    """Changes the tensors of a file, in a checkpoint without hashes."""
    file = path / f"{name}.safetensors"
    save_file(change(load_file(file)), file)
    unhashed(path)


def test_any_flipped_bit_of_a_tensor_file_is_found(whole, tmp_path):
    """In the length of the header, the header, and the tensors."""
    copy = tmp_path / last(whole).name
    shutil.copytree(last(whole), copy)
    for file in sorted(copy.glob("*.safetensors")):
        content = file.read_bytes()
        header = 8 + int.from_bytes(content[:8], "little")
        for place in {0, 7, 8, header // 2, header - 1, header, (header + len(content)) // 2, len(content) - 1}:
            flipped = bytearray(content)
            flipped[min(place, len(content) - 1)] ^= 1 << (place % 8)
            file.write_bytes(flipped)
            assert file.name in damage(copy)
        file.write_bytes(content)
    assert damage(copy) is None


def test_any_flipped_bit_of_a_state_is_found_or_changes_nothing(whole, tmp_path):
    content, state = (last(whole) / "state.json").read_bytes(), read_state(last(whole))
    copy = tmp_path / last(whole).name
    copy.mkdir()
    named = 0
    for place in range(0, len(content), 3):
        flipped = bytearray(content)
        flipped[place] ^= 1 << (place % 8)
        (copy / "state.json").write_bytes(flipped)
        try:
            assert read_state(copy) == state  # white space
        except RunError as error:
            named += "state.json" in str(error) or "format" in str(error)
    assert named > 0.8 * len(content) / 3


def test_a_flipped_bit_stops_resume_and_sampling_and_the_newest_whole_checkpoint_is_offered(copy, whole):
    file = last(copy) / "average.safetensors"
    content = bytearray(file.read_bytes())
    content[-3] ^= 64
    file.write_bytes(content)
    with pytest.raises(RunError, match=r"average\.safetensors is damaged.*round 10: .*--from-round 10"):
        resume_run(small_recipe(), image_data(), copy, device="cpu")
    with pytest.raises(RunError, match=r"average\.safetensors is damaged.*--round 10"):
        Run(copy).sample(2)
    assert len(Run(copy).sample(2, round_=10)) == 2
    assert newest_whole(list_checkpoints(copy / "checkpoints")).name == "000010"
    resume_run(small_recipe(), image_data(), copy, device="cpu", from_round=10)
    assert_same_end(copy, whole, 12)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("critic_optimizer", lambda t: {k: v.flatten()[:1].clone() if v.dim() else v for k, v in t.items()}, "shape"),
        ("critic_optimizer", lambda t: {k: v for k, v in t.items() if not k.startswith("1.")}, "no state of"),
        ("critic_optimizer", lambda t: {k: v for k, v in t.items() if k != "1.exp_avg_sq"}, "no 'exp_avg_sq'"),
        ("critic_optimizer", lambda t: {**t, "zzz": torch.zeros(3)}, "state of parameter 'zzz'"),
        ("critic_optimizer", lambda t: {**t, "99.step": torch.zeros(())}, "state of parameter '99'"),
        ("critic_optimizer", lambda t: {**t, "0.other": torch.zeros(())}, "'other'"),
        ("critic_optimizer", lambda t: {k: v.half() for k, v in t.items()}, "type float16"),
        ("average", lambda t: {k: v.to(torch.int8) for k, v in t.items()}, "type int8"),
        ("generator", lambda t: {f"x{k}": v for k, v in t.items()}, "has no '"),
        ("generator", lambda t: {**t, "more": torch.zeros(1)}, "'more'"),
        ("critic", lambda t: {k: v.T.contiguous() if v.dim() == 2 else v for k, v in t.items()}, "shape"),
    ],
)
def test_without_hashes_names_shapes_types_and_completeness_are_compared_with_the_recipe(copy, name, change, said):
    rewritten(last(copy), name, change)
    with pytest.raises(RunError, match=said) as caught:
        checkpoint.load_checkpoint(last(copy), fresh())
    assert "\n" not in str(caught.value)
    finding = next(f for f in check_run(copy).findings if f.name == "checkpoints/000012")
    assert finding.state == "damaged"


def test_a_checkpoint_of_the_format_without_hashes_is_still_read(copy, whole):
    for path in list_checkpoints(copy / "checkpoints"):
        unhashed(path)
    (copy / "marks.json").unlink()
    assert {finding.state for finding in check_run(copy).findings} == {"readable"}
    shutil.rmtree(last(copy))
    assert resume_run(small_recipe(), image_data(), copy, device="cpu") == "finished"
    assert_same_end(copy, whole, 12)


def test_a_format_that_is_set_back_does_not_hide_damage(copy):
    path = last(copy) / "state.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps({**state, "format": 1}))
    assert "hash differs" in damage(last(copy))


@pytest.mark.parametrize(
    "change",
    [{"round": 10}, {"round": -1}, {"seen": "a"}, {"position": 1.5}, {"seconds": None}, {"files": []}, {"format": 3}],
)
def test_a_state_of_another_round_or_type_is_refused_even_with_the_right_hash(copy, change):
    path = last(copy) / "state.json"
    state = {key: value for key, value in json.loads(path.read_text()).items() if key != "hash"}
    path.write_text(json.dumps(sealed({**state, **change})))
    with pytest.raises(RunError) as caught:
        read_state(last(copy))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("optimizer", [RMSprop(1e-3, momentum=0.9), SGD(1e-2), SGD(1e-2, momentum=0.9)])
def test_each_optimizers_state_is_what_it_is_checked_for(tmp_path, optimizer):
    recipe = dataclasses.replace(small_recipe(rounds=6), critic_optimizer=optimizer, generator_optimizer=optimizer)
    new_run(recipe, image_data(), tmp_path / "run", device="cpu")
    game = Game.build(recipe, IMAGES, "cpu")
    assert checkpoint.load_checkpoint(last(tmp_path / "run"), game).round == 6
    for path in list_checkpoints(tmp_path / "run" / "checkpoints"):
        unhashed(path)
        checkpoint.load_checkpoint(path, Game.build(recipe, IMAGES, "cpu"))


class TestNotFinite:
    def trained(self, recipe=None):
        game = Game.build(recipe or small_recipe(), IMAGES, "cpu")
        for player in game.players.values():
            for parameter in player.parameters:
                parameter.grad = torch.ones_like(parameter)
            player.optimizer.step()
        return game

    @pytest.mark.parametrize("value", [float("inf"), float("nan")])
    @pytest.mark.parametrize("place", ["squared gradient", "average", "weight", "state"])
    def test_nothing_is_saved(self, tmp_path, place, value):
        game = self.trained()
        check_finite(game, 3)
        critic = game.players["critic"]
        tensors = {
            "squared gradient": critic.optimizer.state[critic.parameters[1]]["exp_avg_sq"],
            "average": next(game.average.parameters()),
            "weight": critic.parameters[0].data,
        }
        if place == "state":
            game.state = game.state._replace(losses=(torch.tensor(value), torch.zeros(())))
            game.recipe = dataclasses.replace(game.recipe, balance=LossRatio())
        else:
            tensors[place].view(-1)[0] = value
        with pytest.raises(NotFiniteError, match="round 3 is not finite"):
            checkpoint.save_checkpoint(tmp_path, game, Counters(round=3))
        assert not list(tmp_path.iterdir())

    def test_large_finite_numbers_are_no_reason(self):
        game = self.trained()
        for parameter in game.players["critic"].parameters:
            parameter.data.fill_(3e38)  # whose sum is infinite
        check_finite(game, 1)

    def test_the_lowest_value_so_far_may_be_infinite_but_not_nan(self):
        recipe = small_recipe(plateau=Plateau(of="wasserstein"))
        game = self.trained(recipe)
        assert torch.isinf(game.state.plateau[0])
        check_finite(game, 1)
        game.state = game.state._replace(plateau=game.state.plateau._replace(best=torch.tensor(float("nan"))))
        with pytest.raises(NotFiniteError, match="plateau state"):
            check_finite(game, 1)

    def test_a_run_says_how_to_go_on(self, tmp_path, monkeypatch):
        real = checkpoint.check_finite

        def poisoned(game, round_):
            if round_ >= 10:
                critic = game.players["critic"]
                critic.optimizer.state[critic.parameters[0]]["exp_avg_sq"].fill_(float("inf"))
            real(game, round_)

        monkeypatch.setattr(checkpoint, "check_finite", poisoned)
        folder = tmp_path / "run"
        with pytest.raises(RunError, match=r"exp_avg_sq.*000005.*steadygan resume .*--critic-optimizer\.lr 0\.0005"):
            new_run(small_recipe(), image_data(), folder, device="cpu")
        assert [path.name for path in list_checkpoints(folder / "checkpoints")] == ["000005"]


def test_a_checkpoint_whose_deletion_is_cut_off_is_none(copy, monkeypatch):
    def killed(path, **_):
        sorted(path.iterdir())[0].unlink()
        raise KeyboardInterrupt

    folder = copy / "checkpoints"
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            checkpoint.prune(folder, 1, None)
    assert [path.name for path in list_checkpoints(folder)] == ["000012"]
    resume_run(small_recipe(rounds=13), image_data(), copy, device="cpu")
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]  # what was left is gone
