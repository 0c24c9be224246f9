"""A GAN of the rows of a table: correlated columns in units of their own, one of whole numbers.

python examples/tables.py             # a few minutes on one CPU core
"""

from __future__ import annotations

import argparse

import numpy as np

import steadygan as sg


def people(count: int) -> np.ndarray:
    """Rows [count, 3]: age in years, income, and children, a whole number."""
    rng = np.random.default_rng(0)
    age = rng.normal(42, 11, count)
    return np.column_stack([age, 900 * age + rng.normal(0, 6_000, count), rng.poisson(1.5, count)])


def main(rounds: int) -> sg.Run:
    """Trains, compares means and correlations of generated rows with the table's, and returns the run."""
    table = people(3_000)
    run = sg.train(data=table, rounds=rounds)
    rows = run.sample(3_000)
    for name, real, made in zip(("age", "income", "children"), table.T, rows.T, strict=True):
        print(f"{name:10} real {real.mean():10.1f} ± {real.std():8.1f}   made {made.mean():10.1f} ± {made.std():8.1f}")
    print(f"correlation of age and income: {np.corrcoef(table.T)[0, 1]:.2f}, generated {np.corrcoef(rows.T)[0, 1]:.2f}")
    return run


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2_000)
    main(parser.parse_args().rounds)
