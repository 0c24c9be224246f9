"""Captions: the charts of the report, the fields of the records that share one, and how to read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """One chart of the report and the sentence under its title."""

    title: str
    fields: tuple[tuple[str, str], ...]
    """(field of metrics.jsonl, or 'evaluation/' and a field of evaluations.jsonl; name in the legend)"""
    sentence: str = ""
    wasserstein: str = ""
    """what follows the sentence under a Wasserstein loss"""
    spread: str = ""
    """field with the standard deviation of the first one, drawn as a band; '' for none"""
    log: bool = False
    """log axis if the values are positive and span more than a factor of 30"""


EVALUATION = "evaluation/"
"""before the fields of evaluations.jsonl, so that they are not taken for those of metrics.jsonl"""

EVALUATED = (
    Reading(
        "Fréchet distance",
        (("evaluation/frechet", "Fréchet distance"),),
        "Distance between the features of samples of the averaged generator and those of real images: lower is better. "
        "Only numbers of the same features and counts can be compared.",
    ),
    Reading(
        "Wasserstein-1 distance",
        (("evaluation/wasserstein1", "Wasserstein-1 distance"),),
        "Exact distance between samples of the averaged generator and held-out points, in the data's own units: lower "
        "is better.",
    ),
    Reading(
        "n-gram divergence",
        tuple((f"evaluation/ngram_js_{n}", f"n = {n}") for n in range(1, 5)),
        "Jensen-Shannon divergence of the n-grams of samples from those of held-out lines: lower is better. It is "
        "larger for longer n-grams, of which any sample has seen fewer.",
    ),
    Reading(
        "Precision and recall",
        tuple((f"evaluation/{name}", name) for name in ("precision", "recall", "density", "coverage")),
        "Precision and density: how many samples look like real ones. Recall and coverage: how many real ones have "
        "samples like them. Higher is better, for density 1 is best. Precision that rises while recall falls is a "
        "generator that gives up variety.",
    ),
    Reading(
        "Modes reached",
        (("evaluation/modes", "modes"),),
        "How many of the distribution's modes have a sample close to them: higher is better, all of them is best.",
    ),
    Reading(
        "Samples at a mode",
        (("evaluation/high_quality", "share of the samples"),),
        "Share of the samples within four standard deviations of a mode: higher is better.",
    ),
    Reading(
        "Divergence over modes",
        (("evaluation/modes_kl", "KL divergence"),),
        "Kullback-Leibler divergence of the samples' shares of the modes from the true shares: lower is better, 0 when "
        "every mode has its share.",
    ),
)
"""Charts of the samples' quality, before all others."""

ESTIMATE = "Wasserstein estimate"
SCORES = "Critic scores"
GRADIENT_NORM = "Critic gradient norm"
GRADIENT_NORM_SENTENCE = "Norm of the critic's gradient with respect to its input"

TRAINED = (
    Reading(
        ESTIMATE,
        (("wasserstein", "training data"), ("wasserstein_held_out", "held-out data")),
        "The critic's mean score on real minus generated samples, an estimate of the Wasserstein distance: it should "
        "rise fast, then fall slowly towards 0 as samples get better. A growing gap between training and held-out "
        "data means that the critic overfits.",
    ),
    Reading(
        "Score gap",
        (("score_gap", "training data"), ("score_gap_held_out", "held-out data")),
        "How far the critic's mean scores of real and generated samples lie from each other, positive if real ones are "
        "on the right side. With this loss the gap estimates no distance, so its height says nothing about the "
        "samples; training and held-out data that drift away from each other mean that the critic overfits.",
    ),
    Reading(
        "Critic loss",
        (("critic_loss", "critic loss"),),
        "What the critic minimises, penalty included. Noise is normal, divergence is not.",
        wasserstein=" It should drop fast, then climb slowly back towards 0.",
    ),
    Reading(
        SCORES,
        (("real_score", "real samples"), ("fake_score", "generated samples")),
        "The critic's mean score of real and of generated samples.",
        wasserstein=" Only the gap between the lines has a meaning, and both may drift together.",
    ),
    Reading(
        "Generator loss",
        (("generator_loss", "generator loss"),),
        "Its level has no meaning by itself, because the critic that measures it changes all the time: look for "
        "sudden jumps only, and judge the generator by its pictures.",
    ),
    Reading(
        "Penalty",
        (("penalty", "critic"), ("generator_penalty", "generator")),
        "What the regularisation adds to a player's loss: steady is good; one that keeps rising means that the network "
        "no longer obeys its constraint.",
    ),
    Reading(
        GRADIENT_NORM,
        (("gradient_norm_mean", "mean, ± standard deviation"),),
        GRADIENT_NORM_SENTENCE,
        spread="gradient_norm_std",
    ),
    Reading(
        "Weight gradient norms",
        (("critic_weight_gradient_norm", "critic"), ("generator_weight_gradient_norm", "generator")),
        "Norm of the gradient of each network's loss with respect to all its weights: steady is good at any height. A "
        "generator line that fades towards 0, or spikes of many times the usual, often precede divergence.",
        log=True,
    ),
)
"""Charts of losses, scores and gradients."""

RECIPES_OWN = (
    Reading(
        "Balance (k)",
        (("k", "k"),),
        "BEGAN's k_t, the weight of generated samples in the critic's loss, steered so that both players' "
        "reconstruction errors keep their ratio. Between 0 and 1 is healthy; a k that stays at 0 or 1 is no longer "
        "steered.",
    ),
    Reading(
        "Convergence (M)",
        (("convergence", "last step"), ("convergence_mean", "running mean")),
        "BEGAN's measure M: the reconstruction error of real samples plus how far the balance is off. Lower is better.",
    ),
    Reading(
        "Probability of augmentation",
        (("perturbation_probability", "p"),),
        "How often the adaptive control augments what the critic sees. It rises while the critic overfits; above 0.8 "
        "augmentations may show in the samples (StyleGAN2-ADA).",
    ),
    Reading(
        "Overfitting that augmentation is steered by",
        (("perturbation_sign_sum", "sum of mean signs of real scores"), ("perturbation_steps", "critic steps in it")),
        "The mean sign of the critic's scores of real samples is the sum over the number of steps: near 1 the critic "
        "knows the training data by heart, near 0 it does not.",
    ),
    Reading(
        "Strength of the perturbation",
        (("perturbation_strength", "strength"),),
        "Noise or augmentation of what the critic sees, as its schedule sets it.",
    ),
    Reading(
        "Reduction of the rates",
        (("rate_factor", "factor"),),
        "By what the plateau has multiplied both learning rates so far.",
    ),
    Reading(
        "Half-life of the average",
        (("average_half_life", "samples"),),
        "Half-life of the moving average of the generator's weights, in generated samples, as its schedule sets it.",
    ),
    Reading(
        "Learning rates",
        (("critic_rate", "critic"), ("generator_rate", "generator")),
        "Learning rates of both optimizers, as their schedules set them.",
    ),
)
"""Charts of what only some recipes log, and of the rates."""

MACHINE = (
    Reading(
        "Speed",
        (("samples_per_second", "samples/s"),),
        "Real samples a second that the critic is trained on: dips show when something else used the machine.",
    ),
    Reading(
        "Waiting for data",
        (("data_wait", "share of the time"),),
        "Share of a round's time that was spent waiting for real samples: above 0.02, the disk or the decoding is too "
        "slow.",
    ),
    Reading(
        "Pictures replaced",
        (("data_replaced", "since the run began or was resumed"),),
        "Pictures that could not be decoded, counted each time: the next one of their row group took their place.",
    ),
)
"""Charts of speed and data."""

READINGS = (*EVALUATED, *TRAINED, *RECIPES_OWN, *MACHINE)
"""In the order of the page."""

PREFIXES = {
    "evaluation": (
        "Further numbers of the samples",
        "Logged by an evaluation that this page does not know: which way is better, it cannot say.",
    ),
    "sigma": (
        "Spectral norms",
        "The largest singular value of each layer's raw weight, by which the weight is divided. Slow drift is normal; "
        "a layer that grows without end takes ever smaller steps; a sudden jump often precedes divergence.",
    ),
    "gamma": (
        "Attention",
        "The learned weight of the attention map in its residual sum: it starts at 0, and its sign has no meaning. If "
        "it stays at 0, attention is not used.",
    ),
    "penalty_weight": (
        "Penalty weights",
        "Weights of the recipe's penalties, as their schedules set them.",
    ),
    "penalty_lazy": (
        "Lazy penalties",
        "What each lazily applied penalty added to its player's loss the last time, gain included: steady is good; one "
        "that keeps rising means that the network no longer obeys it.",
    ),
    "penalty_mean_length": (
        "Mean path length",
        "The running mean of path lengths, to which the generator's path lengths are pulled: it settles once the "
        "generator maps equal steps in the latent to equal changes of the image.",
    ),
}
"""Title and sentence of fields that share what stands before a '/'."""

NO_CURVES = frozenset(
    {"round", "critic_steps", "generator_steps", "samples", "seconds", "seconds_left", "gradient_norm_std"}
)
"""Counters, and what is drawn in another chart."""
