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


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("run")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    digits = load_digits()
    real, labels = digits.data / 16.0, digits.target
    order = np.random.default_rng(0).permutation(len(real))
    first, second = order[: len(real) // 2], order[len(real) // 2 :]
    model = MLPClassifier((64,), max_iter=500, random_state=0).fit(real[first], labels[first])

    run = sg.load(args.run)
    fake = run.sample(args.count, args.seed).reshape(args.count, -1) / 255.0
    probabilities = model.predict_proba(fake)
    classes = probabilities.argmax(1)
    share = np.bincount(classes, minlength=10) / args.count
    floor = frechet_from_features(hidden(model, real[first]), hidden(model, real[second]))
    ours = frechet_from_features(hidden(model, real), hidden(model, fake))

    dataset = sg.data.open_data(run.recipe.data)
    train = dataset.train.samples.reshape(len(dataset.train), -1) / 255.0
    held_out = dataset.held_out.samples.reshape(len(dataset.held_out), -1) / 255.0
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
