"""Spectral norm against singular values from numpy, and how its vectors travel: modes, copies, compiled steps."""

from __future__ import annotations

import copy
import shutil

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd import gradgradcheck

from steadygan.networks import MLPCritic, ResNetCritic, ResNetGenerator, SNDCGANCritic, SNDCGANGenerator
from steadygan.networks.layers.conditional import ProjectionHead
from steadygan.networks.layers.convolutions import ConvMeanPool, SameConv, SameConvTranspose, UpsampleConv
from steadygan.networks.layers.generator_critic import ScoreHead
from steadygan.networks.layers.linear import FullPrecisionLinear
from steadygan.networks.layers.spectral import spectral_norm, with_spectral_norm
from steadygan.types import SampleSpec
from tests.networks.spectral import refine_spectral_norms, spectral_norms

LAYERS = {
    "linear": lambda: nn.Linear(12, 9),
    "linear to one": lambda: FullPrecisionLinear(12, 1),
    "embedding": lambda: nn.Embedding(10, 6),
    "conv1d": lambda: nn.Conv1d(4, 7, 3),
    "conv": lambda: SameConv(3, 8, 5, stride=2),
    "conv3d": lambda: nn.Conv3d(2, 5, 2),
    "pooled conv": lambda: ConvMeanPool(4, 6, 3),
    "upsampled conv": lambda: UpsampleConv(4, 6, 3),
    "transposed": lambda: SameConvTranspose(6, 4, 5),
    "transposed 1d": lambda: nn.ConvTranspose1d(5, 3, 4),
}
TRANSPOSED = nn.modules.conv._ConvTransposeNd


def singular_values(layer, weight):
    """Of [outputs, everything else], by numpy."""
    array = weight.detach().double().numpy()
    rows = np.moveaxis(array, 1 if isinstance(layer, TRANSPOSED) else 0, 0)
    return np.linalg.svd(rows.reshape(rows.shape[0], -1), compute_uv=False)


def settle(network):
    """Refines the spectral norms until they move no more."""
    before = {}
    for _ in range(40):
        refine_spectral_norms(network, 100)
        sigmas = spectral_norms(network)
        if before and all(torch.isclose(sigma, before[name], rtol=1e-12, atol=0) for name, sigma in sigmas.items()):
            return
        before = sigmas


def buffers(network):
    return {name: buffer.clone() for name, buffer in network.named_buffers()}


@pytest.mark.parametrize("kind", LAYERS)
def test_sigma_converges_to_the_largest_singular_value(kind):
    layer = LAYERS[kind]()
    before = singular_values(layer, layer.weight)
    layer = spectral_norm(layer.double())
    settle(layer)
    (sigma,) = spectral_norms(layer).values()
    assert sigma.item() == pytest.approx(before[0], rel=1e-9)
    assert singular_values(layer, layer.weight)[0] == pytest.approx(1.0, rel=1e-9)
    assert np.allclose(singular_values(layer, layer.weight), before / before[0])


@pytest.mark.parametrize("kind", LAYERS)
def test_the_first_forward_is_nearly_normalised(kind):
    layer = LAYERS[kind]()
    layer = spectral_norm(layer)
    assert 1.0 - 1e-6 <= singular_values(layer, layer.weight)[0] < 1.1


def test_a_step_of_the_iteration_is_the_papers():
    layer = spectral_norm(nn.Linear(6, 4).double())
    norm, weight = layer.parametrizations.weight[0], layer.parametrizations.weight.original.detach().numpy()
    u = norm.u.numpy().copy()
    layer(torch.zeros(1, 6, dtype=torch.float64))
    v = weight.T @ u / np.linalg.norm(weight.T @ u)
    u = weight @ v / np.linalg.norm(weight @ v)
    assert np.allclose(norm.u, u)
    assert np.allclose(norm.v, v)
    assert np.allclose(layer.weight.detach(), weight / (u @ weight @ v))


@pytest.mark.parametrize("iterations", [1, 3])
def test_one_forward_in_training_moves_the_vectors_once_however_often_the_weight_is_read(iterations):
    head = with_spectral_norm(ScoreHead(12, "glorot", classes=3), power_iterations=iterations)  # it reads the dtype too
    twin = copy.deepcopy(head)
    assert head.class_logits.weight.dtype == torch.float32
    head(torch.randn(2, 12))
    refine_spectral_norms(twin, iterations)
    assert all(torch.equal(a, b) for a, b in zip(head.buffers(), twin.buffers(), strict=True))


def test_evaluation_moves_nothing_and_training_does():
    layer = spectral_norm(nn.Linear(30, 20))
    start = buffers(layer)
    layer.eval()(torch.randn(2, 30))
    assert all(torch.equal(buffer, start[name]) for name, buffer in buffers(layer).items())
    layer.train()(torch.randn(2, 30))
    assert not any(torch.equal(buffer, start[name]) for name, buffer in buffers(layer).items())


def test_vectors_travel_with_copies_and_state_and_copies_go_their_own_way():
    make = lambda: with_spectral_norm(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.ConvTranspose2d(8, 3, 3)))  # noqa: E731
    network, other, x = make(), make(), torch.randn(2, 3, 6, 6)
    network(x)
    other.load_state_dict(network.state_dict())
    average = copy.deepcopy(network).requires_grad_(False).eval()
    assert torch.equal(network(x), other(x))
    held = buffers(average)
    for _ in range(3):
        network(x)
    assert all(torch.equal(buffer, held[name]) for name, buffer in buffers(average).items())
    assert torch.equal(average.eval()(x), average(x))
    average.train()(x)
    assert not all(torch.equal(buffer, held[name]) for name, buffer in buffers(average).items())


def test_gradients_flow_through_the_weight_and_not_through_the_vectors():
    layer = spectral_norm(nn.Linear(5, 4, bias=False).double()).eval()
    norm, stored = layer.parametrizations.weight[0], layer.parametrizations.weight.original
    pull = torch.randn(4, 5, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((layer.weight * pull).sum(), stored)
    with torch.no_grad():
        sigma, normalized = norm.sigma(stored), layer.weight
        expected = (pull - (pull * normalized).sum() * torch.outer(norm.u, norm.v)) / sigma
    assert torch.allclose(gradient, expected)


SMALL_LAYERS = {
    "linear": (lambda: nn.Linear(12, 9), (12,)),
    "conv": (lambda: SameConv(2, 3, 3, stride=2), (2, 4, 4)),
    "transposed": (lambda: SameConvTranspose(3, 2, 3), (3, 3, 3)),
}


@pytest.mark.parametrize("kind", SMALL_LAYERS)
def test_there_is_a_second_derivative_in_inputs_and_weights(kind):
    make, shape = SMALL_LAYERS[kind]
    layer = spectral_norm(make().double()).eval()
    x = torch.randn(2, *shape, dtype=torch.float64)

    def energy(x, weight):
        output = torch.func.functional_call(layer, {"parametrizations.weight.original": weight}, (x,))
        return output.tanh().square().sum()

    assert gradgradcheck(energy, (x.requires_grad_(True), layer.parametrizations.weight.original))


def small_critic():
    # 3 outputs: where a weight has more than 4 rows and columns, the compiler would keep the products in any case.
    parts = (SameConv(2, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(3 * 25, 1))
    return with_spectral_norm(nn.Sequential(*parts).double())


def critic_loss(critic, x):
    """Two calls of the critic, the first under a gradient penalty, as in a critic step."""

    def total(points):
        scores = critic(points)
        return scores.sum(), scores

    gradient, _ = torch.func.grad(total, has_aux=True)(0.5 * x)
    return critic(x).mean() + (gradient.flatten(1).square().sum(1) - 1.0).square().mean()


def test_a_critic_called_twice_before_the_backward_pass_has_the_gradients_of_each_calls_own_vectors():
    critic, x = small_critic(), torch.randn(3, 2, 5, 5, dtype=torch.float64)
    replay = copy.deepcopy(critic).eval()
    critic_loss(critic, x).backward()

    refine_spectral_norms(replay, 1)
    points = (0.5 * x).requires_grad_(True)
    (gradient,) = torch.autograd.grad(replay(points).sum(), points, create_graph=True)
    ((gradient.flatten(1).square().sum(1) - 1.0).square().mean()).backward()
    refine_spectral_norms(replay, 1)
    replay(x).mean().backward()

    for ours, theirs in zip(critic.parameters(), replay.parameters(), strict=True):
        assert torch.allclose(ours.grad, theirs.grad, atol=1e-12)
    for ours, theirs in zip(critic.buffers(), replay.buffers(), strict=True):
        assert torch.equal(ours, theirs)


WHOLE = "inductor" if shutil.which("c++") else "aot_eager"
"""torch.compile's backend; without a C++ compiler, all but its last step"""


@pytest.mark.slow
def test_a_traced_step_has_the_loss_the_gradients_and_the_vectors_of_the_eager_one():
    eager, x = small_critic(), torch.randn(3, 2, 5, 5, dtype=torch.float64)
    compiled = copy.deepcopy(eager)
    expected, got = critic_loss(eager, x), torch.compile(critic_loss, fullgraph=True, backend="aot_eager")(compiled, x)
    expected.backward()
    got.backward()
    assert torch.allclose(got, expected, atol=1e-13)
    for ours, theirs in zip(compiled.parameters(), eager.parameters(), strict=True):
        assert torch.allclose(ours.grad, theirs.grad, atol=1e-12)
    for ours, theirs in zip(compiled.buffers(), eager.buffers(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-13)


class EveryKind(nn.Module):
    """A convolution, a transposed one, a linear layer and an embedding, one after the other."""

    def __init__(self):
        super().__init__()
        self.maps = nn.Sequential(nn.Conv2d(2, 3, 3), SameConvTranspose(3, 2, 4))
        self.head = ProjectionHead(2, 3, "glorot")

    def forward(self, x, labels):
        return self.head(self.maps(x), labels).score


@pytest.mark.slow
@pytest.mark.parametrize(("training", "backend"), [(True, WHOLE), (False, "aot_eager")])
def test_every_kind_of_layer_is_the_same_compiled_in_training_and_evaluation(training, backend):
    eager = with_spectral_norm(EveryKind().double()).train(training)
    compiled = copy.deepcopy(eager)
    run = torch.compile(compiled, fullgraph=True, backend=backend)
    start = buffers(eager)
    x, labels = torch.randn(4, 2, 4, 4, dtype=torch.float64), torch.tensor([0, 2, 1, 2])
    for _ in range(2):
        expected, got = eager(x, labels), run(x, labels)
        assert torch.allclose(got, expected, atol=1e-13)
        expected.square().mean().backward()
        got.square().mean().backward()
    for ours, theirs in zip(compiled.parameters(), eager.parameters(), strict=True):
        assert torch.allclose(ours.grad, theirs.grad, atol=1e-12)
    for name, moved in buffers(compiled).items():
        assert torch.allclose(moved, buffers(eager)[name], atol=1e-13)
    layer = "maps.0.parametrizations.weight.0.u"
    assert torch.equal(compiled.get_buffer(layer), start[layer]) is not training


def test_norms_are_taken_in_float32_under_autocast():
    layer = spectral_norm(nn.Conv2d(3, 8, 3))
    twin = copy.deepcopy(layer)
    with torch.autocast("cpu", torch.bfloat16):
        output, weight = layer(torch.randn(2, 3, 6, 6)), layer.weight
    twin(torch.randn(2, 3, 6, 6))
    assert output.dtype == torch.bfloat16
    assert weight.dtype == torch.float32
    assert torch.equal(weight, twin.weight)
    assert all(buffer.dtype == torch.float32 for buffer in layer.buffers())


def test_the_memory_layout_of_the_weight_changes_nothing_and_is_kept():
    layer = spectral_norm(nn.Conv2d(4, 8, 3).double())
    twin = copy.deepcopy(layer).to(memory_format=torch.channels_last)
    x = torch.randn(2, 4, 6, 6, dtype=torch.float64)
    y = twin(x.contiguous(memory_format=torch.channels_last))
    assert torch.allclose(layer(x), y, atol=1e-13)
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert twin.weight.is_contiguous(memory_format=torch.channels_last)


def test_every_layer_of_a_network_is_normalised_and_named_and_norms_are_not():
    critic = ResNetCritic(width=8, norm="layer").build(SampleSpec((3, 16, 16)))
    count = sum(isinstance(m, nn.Linear | nn.Conv2d) for m in critic.modules())
    assert with_spectral_norm(critic) is critic
    sigmas = spectral_norms(critic)
    assert len(sigmas) == count
    assert "head.score" in sigmas
    for name, sigma in sigmas.items():
        layer = critic.get_submodule(name)
        truth = singular_values(layer, layer.parametrizations.weight.original)[0]
        assert sigma.dim() == 0 and not sigma.requires_grad
        assert 0.9 * truth < sigma.item() <= truth * (1 + 1e-5)
    state = {name: tensor.shape for name, tensor in critic.state_dict().items()}
    with_spectral_norm(critic)  # a second time: no change
    assert {name: tensor.shape for name, tensor in critic.state_dict().items()} == state


PICTURES = SampleSpec((3, 16, 16), classes=5)
BOTH = {"width": 6, "spectral": True, "attention": 8}
BUILT = {
    "sn-dcgan critic": lambda: SNDCGANCritic(width=3, class_logits=True).build(PICTURES),
    "sn-dcgan generator": lambda: SNDCGANGenerator(width=3, spectral=True).build(PICTURES, 7),
    "sagan critic": lambda: ResNetCritic(projection=True, pool="sum", **BOTH).build(PICTURES),
    "sagan generator": lambda: ResNetGenerator(conditional=True, **BOTH).build(PICTURES, 7),
    "points": lambda: MLPCritic(width=9, spectral=True).build(SampleSpec((2,))),
}


@pytest.mark.parametrize("kind", BUILT)
def test_each_layer_of_a_built_network_converges_to_its_largest_singular_value(kind):
    network = BUILT[kind]().double()
    settle(network)
    sigmas = spectral_norms(network)
    assert sigmas
    for name, sigma in sigmas.items():
        layer = network.get_submodule(name)
        truth = singular_values(layer, layer.parametrizations.weight.original)[0]
        assert sigma.item() == pytest.approx(truth, rel=1e-6), name
        assert singular_values(layer, layer.weight)[0] == pytest.approx(1.0, rel=1e-6), name


@pytest.mark.parametrize("kind", BUILT)
def test_each_layer_of_a_built_network_moves_once_a_forward_in_training_and_never_in_evaluation(kind):
    network = BUILT[kind]().double()
    points, generator = kind == "points", "generator" in kind
    x = torch.randn(4, *((7,) if generator else (2,) if points else (3, 16, 16)), dtype=torch.float64)
    labels = torch.tensor([0, 1, 4, 4])
    held = buffers(network.eval())
    network(x, labels)
    assert all(torch.equal(buffer, held[name]) for name, buffer in buffers(network).items())
    twin = copy.deepcopy(network)
    network.train()(x, labels)
    refine_spectral_norms(twin, 1)
    vectors = {name: b for name, b in buffers(network).items() if name.endswith((".u", ".v"))}
    assert vectors
    for name, vector in vectors.items():
        assert torch.equal(vector, buffers(twin)[name]), name
        assert not torch.equal(vector, held[name]) or vector.numel() == 1, name


def test_refining_fits_the_vectors_to_weights_that_were_averaged():
    layer = spectral_norm(nn.Linear(20, 20))
    with torch.no_grad():
        layer.parametrizations.weight.original.normal_()
    before = singular_values(layer, layer.weight)[0]
    refine_spectral_norms(layer, 500)
    assert before > 1.5
    assert singular_values(layer, layer.weight)[0] == pytest.approx(1.0, abs=1e-4)


def zero(layer):
    nn.init.zeros_(layer.weight)
    return layer


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: spectral_norm(nn.ReLU()), "no spectral norm for ReLU"),
        (lambda: spectral_norm(nn.Linear(2, 2), power_iterations=0), "power_iterations is 0"),
        (lambda: spectral_norm(spectral_norm(nn.Linear(2, 2))), "parametrised already"),
        (lambda: with_spectral_norm(nn.Sequential(zero(nn.Linear(2, 2)))), "are all 0"),
    ],
)
def test_what_cannot_be_normalised_is_refused_in_one_line(act, words):
    with pytest.raises(ValueError, match=words):
        act()
