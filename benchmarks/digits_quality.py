"""Quality of the demo's digits: a run's samples against real ones, by a scikit-learn classifier.

    python -m benchmarks.digits_quality RUN [--count 2000]

The classifier (one hidden layer) is trained on one half of the real digits. Printed: the share of each class among the
samples, the mean top probability, the Fréchet distance in its hidden features relative to that between the two halves
of the real digits, the within-class pixel variance relative to the real one, and the share of near copies of training
digits, with that of held-out digits.
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors
from sklearn.neural_network import MLPClassifier

import steadygan as sg
from steadygan.metrics.frechet import frechet_from_features


def hidden(model: MLPClassifier, x: np.ndarray) -> np.ndarray:
    """The classifier's hidden layer [N, D]."""
    return np.maximum(x @ model.coefs_[0] + model.intercepts_[0], 0)


def within(x: np.ndarray, labels: np.ndarray) -> float:
    """Mean pixel variance within classes."""
    return float(np.mean([x[labels == k].var(0).mean() for k in range(10) if (labels == k).sum() > 1]))


class Judge:
    """A classifier of one half of the real digits, and the Fréchet distance of its hidden features."""

    def __init__(self) -> None:
        digits = load_digits()
        self.real, self.labels = digits.data / 16.0, digits.target
        order = np.random.default_rng(0).permutation(len(self.real))
        self.first, self.second = order[: len(self.real) // 2], order[len(self.real) // 2 :]
        self.model = MLPClassifier((64,), max_iter=500, random_state=0)
        self.model.fit(self.real[self.first], self.labels[self.first])

    def distance(self, fake: np.ndarray) -> float:
        """Of pixels [N, 64] in [0, 1] from all real digits."""
        return frechet_from_features(hidden(self.model, self.real), hidden(self.model, fake))

    def of_halves(self) -> float:
        """Of the two halves of the real digits."""
        one, other = (hidden(self.model, self.real[half]) for half in (self.first, self.second))
        return frechet_from_features(one, other)


def pixels(samples: np.ndarray) -> np.ndarray:
    """Digits uint8 [N, 1, 8, 8] as rows [N, 64] in [0, 1]."""
    return samples.reshape(len(samples), -1) / 255.0


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("run")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    judge = Judge()
    real, labels, model, second = judge.real, judge.labels, judge.model, judge.second
    run = sg.load(args.run)
    fake = pixels(run.sample(args.count, args.seed))
    probabilities = model.predict_proba(fake)
    classes = probabilities.argmax(1)
    share = np.bincount(classes, minlength=10) / args.count
    floor, ours = judge.of_halves(), judge.distance(fake)

    dataset = sg.data.open_data(run.recipe.data)
    train, held_out = pixels(dataset.train.samples), pixels(dataset.held_out.samples)
    near = NearestNeighbors(n_neighbors=1).fit(train)
    of_held_out, of_fake = (near.kneighbors(x)[0][:, 0] for x in (held_out, fake))
    close = np.quantile(of_held_out, 0.05)

    print(f"classifier: accuracy on the other half {model.score(real[second], labels[second]):.3f}")
    print(f"classes: smallest share {share.min():.3f}, all {np.round(share, 3).tolist()}")
    print(f"mean top probability: {probabilities.max(1).mean():.3f}")
    print(f"Frechet distance: {ours:.3f}; between halves of the real digits {floor:.3f}; ratio {ours / floor:.2f}")
    ratio = within(fake, classes) / within(real, labels)
    print(f"within-class pixel variance: {ratio:.2f} of the real")
    print(
        f"near copies (nearer to training than 95% of held-out digits): {np.mean(of_fake < close):.3f} of samples, "
        f"{np.mean(of_held_out < close):.3f} of held-out digits; exact copies {np.mean(of_fake < 1e-9):.4f}"
    )


if __name__ == "__main__":
    main()
