"""Usual names of columns."""

from __future__ import annotations

import pytest

from steadygan.diagnostics.foreign.names import guess, round_columns

_CRITIC = (
    "d_loss loss_D D_loss Loss/D/loss Loss/D errD lossD loss_d train/d_loss disc_loss loss_disc discriminator_loss "
    "critic_loss loss/critic netD_loss DLoss losses.discriminator Loss_Discriminator dLoss D "
    "Discriminator critic"
)
_GENERATOR = "g_loss loss_G G_loss Loss/G/loss errG lossG gen_loss generator_loss train/g_loss netG_loss G Generator"
_SCORE = "fid FID FID50k fid50k_full metrics/fid50k_full val/FID frechet kid test_fid"
_NONE = "d_loss_real D_loss_fake lr_d loss timestamp epoch r1_penalty loss_G_GAN_L1 g_d_loss acc fid_std wall_time"
CRITIC, GENERATOR, SCORE, NONE = (each.split() for each in (_CRITIC, _GENERATOR, _SCORE, _NONE))


@pytest.mark.parametrize(
    ("field", "name"),
    [("critic_loss", name) for name in CRITIC]
    + [("generator_loss", name) for name in GENERATOR]
    + [("score", name) for name in SCORE],
)
def test_usual_names(field: str, name: str) -> None:
    assert guess([name]) == {field: name}


@pytest.mark.parametrize("name", NONE)
def test_names_that_are_no_field(name: str) -> None:
    assert guess([name]) == {}


def test_names_of_our_own_in_trackers() -> None:
    assert guess(["signals/distance_ratio", "metrics/wasserstein"]) == {
        "distance_ratio": "signals/distance_ratio",
        "wasserstein": "metrics/wasserstein",
    }


def test_a_player_alone_is_its_loss_where_nothing_else_is() -> None:
    assert guess(["Generator", "Discriminator", "R1", "Path Length"]) == {
        "critic_loss": "Discriminator",
        "generator_loss": "Generator",
    }
    assert guess(["Generator", "Adv/Generator/Loss"]) == {"generator_loss": "Adv/Generator/Loss"}


@pytest.mark.parametrize("run", ["critic-lr", "G2-old", "g - d", "2"])
def test_the_name_of_a_run_before_a_column_says_nothing(run: str) -> None:
    """As in tables that are exported from Weights & Biases."""
    names = [f"{run} - {name}" for name in ("loss/D", "loss/D__MIN", "loss/G", "signals/move", "signals/score")]
    assert guess(names) == {
        "critic_loss": names[0],
        "generator_loss": names[2],
        "move": names[3],
        "score": names[4],
    }
    assert round_columns(["Step", f"{run} - _step", f"{run} - loss/D"]) == ["Step", f"{run} - _step"]


def test_scores_count_in_pairs() -> None:
    assert guess(["D(x)", "D(G(z))"]) == {"real_score": "D(x)", "fake_score": "D(G(z))"}
    assert guess(["D(x)"]) == {}


def test_a_global_step_numbers_rounds_before_an_epoch() -> None:
    names = ["epoch", "Progress/kimg", "step", "global_step", "d_loss"]
    assert round_columns(names) == ["global_step", "step", "Progress/kimg", "epoch"]
