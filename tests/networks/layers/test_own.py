"""Every form of a critic's answer becomes the score that the plain function gives, with the same gradients."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks.layers.answers import critic_output
from steadygan.networks.layers.own import OwnGenerator, critic_of, generator_of
from steadygan.types import CriticOutput, SampleSpec, Scales

SAMPLE = SampleSpec((1, 4, 4), classes=3)


class Answers(nn.Module):
    """A linear critic of 16 numbers, and what its caller makes of the answer."""

    def __init__(self, answer, outputs=1):
        super().__init__()
        self.layer, self.answer = nn.Linear(16, outputs), answer

    def forward(self, x):
        return self.answer(self.layer(x.flatten(1)), x)


FORMS = {
    "[N]": (1, lambda s, x: s[:, 0], lambda s: s[:, 0]),
    "[N, 1]": (1, lambda s, x: s, lambda s: s[:, 0]),
    "map": (6, lambda s, x: s.view(-1, 1, 2, 3), lambda s: s.mean(1)),
    "map of signals": (6, lambda s, x: s.view(-1, 1, 6), lambda s: s.mean(1)),
    "one scale": (6, lambda s, x: [s.view(-1, 1, 2, 3)], lambda s: s.mean(1)),
    "scales": (
        5,
        lambda s, x: [s[:, :4].view(-1, 1, 2, 2), s[:, 4:]],
        lambda s: (s[:, :4].mean(1) + s[:, 4]) / 2,
    ),
    "tuple of scales": (
        5,
        lambda s, x: (s[:, :4].view(-1, 1, 2, 2), s[:, 4:].view(-1, 1, 1, 1)),
        lambda s: (s[:, :4].mean(1) + s[:, 4]) / 2,
    ),
    "patches in a row": (4, lambda s, x: s[:, None], lambda s: s.mean(1)),
    "score and more": (1, lambda s, x: (s, x.flatten(1), x.flatten(1)), lambda s: s[:, 0]),
    "last of each scale": (2, lambda s, x: [[x.repeat(1, 3, 1, 1), s[:, :1]], [s[:, 1:]]], lambda s: s.mean(1)),
    "score and features": (1, lambda s, x: (s, x.flatten(1)), lambda s: s[:, 0]),
    "score map and feature maps": (4, lambda s, x: (s.view(-1, 1, 2, 2), x.repeat(1, 3, 1, 1)), lambda s: s.mean(1)),
    "dict": (4, lambda s, x: {"score": s[:, 0], "class_logits": s[:, 1:]}, lambda s: s[:, 0]),
    "CriticOutput": (1, lambda s, x: CriticOutput(s), lambda s: s[:, 0]),
}


@pytest.mark.parametrize("form", FORMS)
def test_scores_and_gradients_are_those_of_the_plain_function(form):
    outputs, answer, score = FORMS[form]
    torch.manual_seed(0)
    own = critic_of(Answers(answer, outputs).double(), SAMPLE, "mine")
    x = torch.randn(5, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    weight = own.network.layer.weight
    got = own(x, torch.zeros(5, dtype=torch.int64)).score
    expected = score(own.network.layer(x.flatten(1)))
    weights = torch.randn(5, dtype=torch.float64)
    for a, b in zip(
        torch.autograd.grad((got * weights).sum(), (x, weight)),
        torch.autograd.grad((expected * weights).sum(), (x, weight)),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-13, atol=1e-15)
    torch.testing.assert_close(got, expected, rtol=1e-13, atol=1e-15)
    assert got.shape == (5,)


def test_further_outputs_are_kept_flat():
    x = torch.randn(3, 2, 4, 4)
    output = critic_output((x[:, :1], x), 3)
    assert torch.equal(output.features, x.flatten(1))
    logits = torch.randn(3, 7)
    assert torch.equal(critic_output({"score": x[:, 0, 0, 0], "class_logits": logits}, 3).class_logits, logits)


def test_half_precision_scores_are_averaged_in_float32():
    maps = torch.full((2, 1, 64, 64), 300.5, dtype=torch.float16)
    output = critic_output(maps, 2)
    assert output.score.dtype == torch.float32
    assert torch.equal(output.score, torch.full((2,), float(maps[0, 0, 0, 0])))


def test_patches_are_kept_where_the_loss_is_to_take_each():
    a, b = torch.randn(3, 1, 2, 2), torch.randn(3, 1)
    output = critic_output([a, b], 3, each_patch=True)
    assert [tuple(each.shape) for each in output.patches] == [(3, 4), (3, 1)]
    assert critic_output(b, 3, each_patch=True).patches is None  # one score a sample: nothing to choose
    assert critic_output([a, b], 3).patches is None


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (torch.zeros(()), r"shape \[\] for 3 samples"),
        (torch.zeros(4), r"\[4\] for 3 samples"),
        (torch.zeros(3, 10), r"\[3, 10\]"),
        (torch.zeros(3, 2, 4, 4), r"\[3, 2, 4, 4\]"),
        (torch.zeros(3, 1, 0), r"\[3, 1, 0\]"),
        (torch.zeros(3, dtype=torch.int64), "int64"),
        (torch.zeros(3, dtype=torch.complex64), "complex64"),
        ([], "empty list"),
        ([torch.zeros(3), torch.zeros(2, 1)], r"\[2, 1\]"),
        (None, "NoneType"),
        ("score", "str"),
        ({"scores": torch.zeros(3)}, "did you mean 'score'"),
        ({"features": torch.zeros(3, 2)}, "needed: 'score'"),
        ({"score": torch.zeros(3), "class_logits": torch.zeros(3, 4)}, "3 classes"),
        ((torch.zeros(3), torch.zeros(2, 4)), "features"),
        (CriticOutput(torch.zeros(2)), r"\[2\] for 3"),
    ],
)
def test_other_answers_are_one_line(answer, line):
    with pytest.raises(UsageError, match=line) as error:
        critic_output(answer, 3, classes=3)
    assert "\n" not in str(error.value)


class Labelled(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(3, 16)

    def forward(self, x, y):
        return (self.table(y) * x.flatten(1)).sum(1)


def test_labels_go_where_forward_has_a_parameter_for_them():
    critic = critic_of(Labelled(), SAMPLE, "mine")
    x, labels = torch.randn(4, 1, 4, 4), torch.tensor([0, 1, 2, 0])
    assert critic.conditional
    assert torch.equal(critic(x, labels).score, (critic.network.table(labels) * x.flatten(1)).sum(1))
    assert not critic_of(Answers(lambda s, x: s), SAMPLE, "mine").conditional


def test_a_parameter_that_is_not_for_labels_gets_none():
    class Step(nn.Module):
        def forward(self, x, alpha=1.0):
            return alpha * x.flatten(1).sum(1)

    critic = critic_of(Step(), SAMPLE, "mine")
    x = torch.randn(4, 1, 4, 4)
    assert not critic.conditional
    assert torch.equal(critic(x, torch.tensor([0, 1, 2, 0])).score, x.flatten(1).sum(1))


def test_what_forward_needs_and_does_not_get_is_one_line():
    class Needs(nn.Module):
        def forward(self, x, alpha):
            return x

    with pytest.raises(UsageError, match="needs 'alpha'"):
        critic_of(Needs(), SAMPLE, "mine")
    with pytest.raises(UsageError, match="needs labels, but the data has none"):
        critic_of(Labelled(), SampleSpec((1, 4, 4)), "mine")
    with pytest.raises(UsageError, match="needs labels, but conditional is false"):
        critic_of(Labelled(), SAMPLE, "mine", conditional=False)
    with pytest.raises(UsageError, match="no parameter for labels"):
        critic_of(Answers(lambda s, x: s), SAMPLE, "mine", conditional=True)


class Makes(nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.layer, self.answer = nn.Linear(5, 16), answer

    def forward(self, z):
        return self.answer(self.layer(z))


def test_a_generators_samples_are_its_own_in_float32():
    own = generator_of(Makes(lambda x: x.view(-1, 1, 4, 4).half()), SAMPLE, 5, "mine")
    z = torch.randn(3, 5)
    assert own(z).dtype == torch.float32
    assert torch.equal(own(z), own.network.layer(z).view(-1, 1, 4, 4).half().float())


def test_images_of_several_sizes_are_scales():
    own = OwnGenerator(Makes(lambda x: [x[:, :4].view(-1, 1, 2, 2), x.view(-1, 1, 4, 4)]), "mine", None, SAMPLE.shape)
    made = own(torch.randn(3, 5))
    assert isinstance(made, Scales)
    assert [image.shape[-1] for image in made.images] == [2, 4]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (lambda x: x, r"\[3, 16\] for 3 latents; needed: \[N, 1, 4, 4\]"),
        (lambda x: x.view(-1, 1, 4, 4)[:2], r"\[2, 1, 4, 4\] for 3 latents"),
        (lambda x: (x.view(-1, 1, 4, 4), x), "tuple of"),
        (lambda x: [], "list"),
        (lambda x: None, "NoneType"),
    ],
)
def test_other_samples_are_one_line(answer, line):
    own = generator_of(Makes(answer), SAMPLE, 5, "mine")
    with pytest.raises(UsageError, match=line):
        own(torch.randn(3, 5))


def test_lazy_layers_have_their_shapes_when_built():
    lazy = critic_of(nn.Sequential(nn.Flatten(), nn.LazyLinear(1)), SAMPLE, "mine")
    assert lazy.network[1].weight.shape == (1, 16)


def test_inputs_arrive_in_the_usual_layout():
    """Of one channel the layout is ambiguous: convolutions would answer in channels-last, where ``view`` fails."""

    class Views(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution = nn.Conv2d(1, 4, 3, padding=1)

        def forward(self, x):
            x = self.convolution(x)
            return x.view(len(x), -1).sum(1)

    x = torch.randn(3, 1, 4, 4).contiguous(memory_format=torch.channels_last)
    assert critic_of(Views(), SAMPLE, "mine")(x).score.shape == (3,)
