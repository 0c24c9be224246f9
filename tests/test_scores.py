"""Which part of a critic's output is the score, and what is refused: forms, shapes and dtypes."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from steadygan import scores
from steadygan.types import CriticOutput

N = 4


class Named(NamedTuple):
    features: Tensor
    score: Tensor


def numbers(*shape: int) -> Tensor:
    return torch.arange(1.0, 1.0 + torch.Size(shape).numel(), dtype=torch.float64).reshape(shape)


FEATURES, SMALL, LARGE = numbers(N, 7), numbers(N, 1, 2, 3), numbers(N, 1, 4, 6)
FORMS: dict[str, tuple[Any, list[Tensor]]] = {
    "[N]": (numbers(N), [numbers(N)]),
    "[N, 1]": (numbers(N, 1), [numbers(N)]),
    "[N, 1, 1, 1]": (numbers(N, 1, 1, 1), [numbers(N)]),
    "a map": (SMALL, [SMALL[:, 0]]),
    "a map of positions": (numbers(N, 1, 5), [numbers(N, 5)]),
    "a map of volumes": (numbers(N, 1, 2, 2, 3), [numbers(N, 2, 2, 3)]),
    "a list of scales": ([LARGE, SMALL, numbers(N)], [LARGE[:, 0], SMALL[:, 0], numbers(N)]),
    "a tuple of maps": ((LARGE, SMALL), [LARGE[:, 0], SMALL[:, 0]]),
    "features before each score": ([[FEATURES, LARGE], [FEATURES, SMALL]], [LARGE[:, 0], SMALL[:, 0]]),
    "scores with features by scale": ([(LARGE, FEATURES), (SMALL, FEATURES)], [LARGE[:, 0], SMALL[:, 0]]),
    "score and features": ((numbers(N, 1), FEATURES), [numbers(N)]),
    "score, logits, nothing": ((SMALL, FEATURES, None), [SMALL[:, 0]]),
    "score and whole numbers": ((numbers(N), torch.arange(N)), [numbers(N)]),
    "a dict": ({"features": FEATURES, "score": SMALL}, [SMALL[:, 0]]),
    "a dict of scales": ({"score": [LARGE, SMALL]}, [LARGE[:, 0], SMALL[:, 0]]),
    "CriticOutput": (CriticOutput(numbers(N), features=FEATURES), [numbers(N)]),
    "a tuple with names": (Named(FEATURES, numbers(N)), [numbers(N)]),
    "scales in a tuple with features": (([LARGE, SMALL], FEATURES), [LARGE[:, 0], SMALL[:, 0]]),
    "scales with features of each": (([LARGE, SMALL], [[FEATURES, LARGE]] * 2), [LARGE[:, 0], SMALL[:, 0]]),
    "a score with features that end in it": ((LARGE, [FEATURES, LARGE]), [LARGE[:, 0]]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("count", [None, N])
def test_the_score_is_found_in_every_form_of_output(form: str, count: int | None) -> None:
    output, expected = FORMS[form]
    maps = scores.score_maps(output, count=count)
    assert [list(found.shape) for found in maps] == [list(wanted.shape) for wanted in expected]
    assert all(torch.equal(found, wanted) for found, wanted in zip(maps, expected, strict=True))


@pytest.mark.parametrize(
    ("output", "word"),
    [
        (torch.tensor(1.0), r"\[\]"),
        (torch.zeros(0), r"\[0\]"),
        (torch.zeros(N, 1, 0), r"\[4, 1, 0\]"),
        (torch.zeros(N, 3, 2, 2), "3 channels"),
        (torch.zeros(N, dtype=torch.int64), "int64"),
        (torch.zeros(N, dtype=torch.complex64), "complex64"),
        ([], "empty"),
        ((), "tuple"),
        (None, "NoneType"),
        (1.0, "float"),
        ([1.0, 2.0], "float"),
        (torch.zeros(N).numpy(), "ndarray"),
        ({"logits": torch.zeros(N)}, "'logits'.*'score'"),
        ((torch.zeros(N), torch.zeros(N, 1)), "several may be scores"),
        ((torch.zeros(N), torch.zeros(N, 1, 8, 8)), "several may be scores"),
        ((torch.zeros(N, 1, 2, 2), torch.zeros(N, 1, 8, 8)), "several may be scores"),
        ([torch.zeros(N, 512), torch.zeros(N, 1)], r"\[4, 512\], \[4, 1\]"),
        ([torch.zeros(N, 64, 8, 8), torch.zeros(N, 1, 7, 7)], "64 channels"),
    ],
)
def test_what_is_no_score_is_refused_in_one_line(output: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word) as error:
        scores.score_maps(output)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "output",
    [
        ((SMALL, FEATURES), (LARGE, FEATURES)),
        ([LARGE, SMALL], [LARGE, SMALL]),
        ((LARGE, SMALL), (LARGE, SMALL)),
        ({"score": SMALL}, {"score": LARGE}),
        (CriticOutput(numbers(N)), CriticOutput(numbers(N))),
        (numbers(N), CriticOutput(numbers(N))),
        (numbers(N, 7), numbers(N, 5)),
        ([numbers(N, 7), numbers(N, 5)], [numbers(N, 7), numbers(N, 5)]),
        ([numbers(N, 7)], [numbers(N, 7)], [[FEATURES]], [[FEATURES]]),
        (numbers(N, 7), [numbers(N, 5)]),
        [[LARGE, SMALL], [LARGE, SMALL]],
        [[numbers(N, 7), numbers(N, 5)], [numbers(N, 7), numbers(N, 5)]],
        [LARGE, [(LARGE, FEATURES), SMALL]],
    ],
)
def test_no_critic_is_left_out_where_several_parts_may_be_scores(output: Any) -> None:
    with pytest.raises(ValueError, match="several may be scores") as error:
        scores.score_maps(output)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("shape", [(N, 2), (1, N), (3,), (N, 8, 8), ()])
def test_where_the_number_of_samples_is_known_there_is_one_score_a_sample_or_a_map(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="for 4 samples"):
        scores.score_maps(torch.zeros(shape), count=N)


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_scores_are_reduced_in_float32_or_wider(dtype: torch.dtype, wide: torch.dtype) -> None:
    (found,) = scores.score_maps(torch.ones(N, 1, dtype=dtype))
    assert found.dtype == wide


def test_a_score_a_sample_in_float32_is_passed_through_as_it_is() -> None:
    score = torch.randn(N)
    assert scores.score_maps(score)[0] is score


SQUASHED = {
    "sigmoid": (lambda x: torch.sigmoid(x), "sigmoid"),
    "a sigmoid without the dimension": (lambda x: torch.sigmoid(x)[:, 0], "sigmoid"),
    "patches of a sigmoid": (lambda x: torch.sigmoid(x).view(N, -1).mean(1), "sigmoid"),
    "another type": (lambda x: torch.sigmoid(x).float().squeeze(), "sigmoid"),
    "of two classes": (lambda x: torch.softmax(torch.cat([x, -x], 1), 1)[:, 1], "softmax"),
    "log sigmoid": (lambda x: torch.nn.functional.logsigmoid(x), "log sigmoid"),
    "tanh": (lambda x: torch.tanh(x), "tanh"),
    "clamp": (lambda x: x.clamp(0, 1).reshape(-1), "clamp"),
    "raw": (lambda x: x, None),
    "raw in another form": (lambda x: x.flatten().float(), None),
    "within": (lambda x: 3 * torch.tanh(x) @ x.T, None),
    "an energy": (lambda x: torch.relu(x).mean(1), None),
    "without a graph": (lambda x: torch.sigmoid(x.detach()), None),
}


@pytest.mark.parametrize("kind", SQUASHED)
def test_a_function_that_bounds_scores_is_found_behind_views_and_means(kind):
    function, name = SQUASHED[kind]
    assert scores.bounded_by(function(numbers(N, 1).requires_grad_() * 2)) == name
