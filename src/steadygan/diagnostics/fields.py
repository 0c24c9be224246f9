"""Fields of a signal log: what is measured at a look at a training, by name, and what each number means.

A log is a sequence of rows, one a look, each a mapping of these names to finite or infinite numbers (``non_finite``
to a name). ``round`` is in every row; any other field may be absent, because it does not apply or was not measured.
Judging reads a log and nothing else, and no field says which method, rates or data it was.
"""

from __future__ import annotations

from collections.abc import Mapping

Row = Mapping[str, float | int | str]
"""a look: field to number"""

PROGRESS = {
    "round": "rounds done",
    "rounds": "rounds that are planned",
    "seen": "real samples that critic steps have seen, with repetition",
    "training_samples": "distinct training samples",
}
LOSSES = {
    "critic_loss": "the critic's loss of its last batch, without penalties if these are known apart",
    "generator_loss": "the generator's loss of its last batch",
    "gap": "mean score of reals minus that of fakes, on fresh samples after the round; high: the critic is ahead",
    "wasserstein": "the same as gap, where the loss makes it an estimate of a Wasserstein distance",
    "equilibrium": "BEGAN's convergence measure M",
    "k_rail": "share of rounds with BEGAN's k_t at 0 or 1",
}
SAMPLES = {
    "distance_ratio": "mean pairwise distance of generated samples over that of held-out ones",
    "compared": "samples of each kind that these numbers are of",
    "energy": "energy coefficient: 0 samples are as the data, .29 all alike at its mean, 1 far away",
    "neighbour_accuracy": "1-NN two-sample accuracy: .5 samples cannot be told from held-out ones, 1 all can",
    "rank_ratio": "effective rank of generated samples over that of held-out ones",
    "feature_distance_ratio": "distance_ratio in the critic's last features",
    "duplicates": "share of generated samples with a near duplicate among them",
    "duplicates_expected": "the same share that held-out samples would have",
    "bins_different": "NDB/K: share of k-means bins whose proportions differ from the data's",
    "bins_missing": "share of k-means bins without a generated sample",
    "bins_divergence": "Jensen-Shannon divergence of these bins' shares, in bits; some .05 by chance",
    "bins_effective": "exp of the entropy of these shares over that of the data's: k/K for k of K modes",
    "bins_moved": "share of the samples that changed their bin since the last look; some .17 by chance",
    "classes": "classes with over 2% of the generated samples, over the data's number of classes",
    "class_entropy_ratio": "entropy of the classes of generated samples over that of held-out ones",
    "copy_ratio": "median distance of generated samples to training ones over that of held-out samples",
    "copy_z": "C_T: Mann-Whitney z of the same distances; far below 0: copies",
    "move": "mean displacement of samples of fixed latents since the last look, in deviations of the data",
    "move_rate": "move a round",
    "directness": "net displacement over path length of these samples, over the last looks",
    "response": "norm of the generator's Jacobian, in deviations of the data",
    "dead_latents": "share of latent directions that the samples ignore",
    "colour_shift": "mean absolute difference of colours between scales of one sample",
    "grid": "power of lines at periods of 2, 4 or 8 pixels over that around them, against held-out images",
    "distinct_ratio": "distinct 4-grams of generated lines over those of as many held-out ones",
    "repeated_lines": "share of generated lines that occur more than once",
}
CRITIC = {
    "slope_real": "mean norm of the critic's input gradient at reals",
    "slope_fake": "the same at fakes",
    "slope_between": "the same between reals and fakes",
    "slope_high": "95% quantile of the norm between reals and fakes",
    "lipschitz": "largest slope between any two of the samples",
    "depth_slope": "decades that the gradient of the critic's activations gains a layer, towards the input",
    "clipped_share": "share of clipped weights at the bound",
    "sigma_high": "largest singular value of a normalised layer",
    "accuracy": "accuracy of the best threshold on the scores of reals and fakes, .5 to 1",
    "area": "area under the ROC curve of these scores",
    "saturated": "share of scores whose sigmoid is within 1e-3 of 0 or 1; losses of logits only",
    "derivative": "mean absolute derivative of the generator's loss by the critic's score",
    "gap_train": "mean score of training samples minus that of fakes",
    "gap_held_out": "mean score of held-out samples minus that of fakes",
    "gap_error": "standard error of gap_train - gap_held_out",
    "r_v": "(gap_train - gap_held_out) / gap_train: 0 no overfitting, 1 held-out samples score as fakes",
    "r_t": "mean sign of scores of training samples; only for losses that split at 0",
    "rise": "rise of gap by more steps of a copy of the critic alone, as a share of the data's gap after it",
}
MECHANICS = {
    "critic_gradient": "norm of the gradient on the critic's weights",
    "generator_gradient": "norm of the gradient on the generator's weights",
    "critic_update": "norm of a step over norm of the weights, critic",
    "generator_update": "the same, generator",
    "augmentation": "probability of an adaptive augmentation",
    "augmentation_bound": "its upper bound",
    "sag": "share of the time lost to slow intervals",
    "non_finite": "the first module or loss term with a value that is not finite",
}
OUTCOME = {
    "score": "the distance of samples that the training's evaluations judge by; lower is better",
}
DATA = {
    "data_duplicates": "share of training samples with an equal one",
    "data_blank": "share of training samples of one constant value",
    "data_constant": "share of values that are the same in all training samples",
    "data_spread_ratio": "spread of held-out samples over that of training samples",
    "data_spread_errors": "standard errors between that ratio and 1",
}
FIELDS: dict[str, str] = {**PROGRESS, **LOSSES, **SAMPLES, **CRITIC, **MECHANICS, **OUTCOME, **DATA}
"""all fields, with what they mean"""
