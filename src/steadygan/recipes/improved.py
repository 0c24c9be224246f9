"""DCGAN with remedies for mode collapse and overconfident critics."""

from __future__ import annotations

import dataclasses
from typing import Any

from steadygan.errors import UsageError
from steadygan.losses import Hinge, NonSaturating
from steadygan.networks import DCGANCritic, MLPCritic
from steadygan.networks.minibatch import Discrimination
from steadygan.objectives import Adversarial, FeatureMatching, LeCam, Objective
from steadygan.perturbations import InstanceNoise
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.recipes.gan import dcgan
from steadygan.schedules import LinearDecay
from steadygan.types import SampleSpec


def minibatch_discrimination(sample: SampleSpec = IMAGES) -> Recipe:
    """DCGAN with minibatch discrimination and one-sided label smoothing (0.9).

    Salimans et al. 2016, Improved Techniques for Training GANs, sections 3.2 and 3.4, there for the best samples: 100
    kernels of size 5. Networks and optimizer of DCGAN; groups of 16 instead of the whole batch.
    """
    smoothed = Adversarial(NonSaturating(), real_label=0.9)
    return _changed(sample, "minibatch-discrimination", smoothed, minibatch=Discrimination(outputs=100, depth=5))


def feature_matching(sample: SampleSpec = IMAGES) -> Recipe:
    """DCGAN with feature matching of the critic's last hidden layer and one-sided label smoothing (0.9).

    Salimans et al. 2016, Improved Techniques for Training GANs, sections 3.1 and 3.4, there for semi-supervised
    learning. Networks and optimizer of DCGAN.
    """
    smoothed = Adversarial(NonSaturating(), real_label=0.9)
    return _changed(sample, "feature-matching", FeatureMatching(smoothed), features=True)


def lecam(sample: SampleSpec = IMAGES) -> Recipe:
    """LeCam: hinge loss with LeCam regularisation of the scores, for small data.

    Tseng et al. 2021, Regularizing GANs under Limited Data: weight 0.3, decay 0.9 and the start at step 1,000 of the
    authors' code for BigGAN on CIFAR-10. On DCGAN's networks and optimizer instead.
    """
    return _changed(sample, "lecam", LeCam(Adversarial(Hinge()), weight=0.3, decay=0.9, start=1_000))


def instance_noise(sample: SampleSpec = IMAGES) -> Recipe:
    """DCGAN with instance noise on real and fake samples, which decays to none.

    Sønderby et al. 2017, Amortised MAP Inference; Arjovsky & Bottou 2017. The standard deviation, from 0.1 to 0 over
    the training, is our choice: the papers leave it to the data.
    """
    base = dcgan(sample)
    noise = InstanceNoise(LinearDecay(base.rounds, start=0.1, end=0.0))
    return dataclasses.replace(base, name="instance-noise", perturbation=noise)


def _changed(sample: SampleSpec, name: str, objective: Objective, **of_critic: Any) -> Recipe:
    """DCGAN with another objective and other fields of the critic."""
    base = dcgan(sample)
    if not isinstance(base.critic, DCGANCritic | MLPCritic):
        raise UsageError(f"recipe {name} is for pictures and points, not for samples of other kinds")
    critic = dataclasses.replace(base.critic, **of_critic)
    return dataclasses.replace(base, name=name, critic=critic, objective=objective)
