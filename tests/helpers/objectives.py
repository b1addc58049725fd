"""A recipe's objective, whole, in stripes or in bands, without a session; and whether two of them are the same."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from transfer.cluster.banded import BandedEvaluation, BandWorker
from transfer.losses import Losses, Term
from transfer.objective import Objective, WholeEvaluation, terms_of
from transfer.recipes import Recipe
from transfer.striped.evaluation import StripedEvaluation
from transfer.targets import References
from vgg.matfile.read import Weights
from vgg.network import VGG19, Precision

Evaluated = tuple[Losses, np.ndarray]


def objective_for(
    weights: Weights,
    recipe: Recipe,
    content: np.ndarray,
    style: np.ndarray,
    rows: int | None = None,
    precision: Precision = "float32",
    shares: Sequence[float] | None = None,
) -> Objective:
    """In stripes of `rows`, perhaps in bands too, or whole; the network is not normalised, and white is 255."""
    network = VGG19(weights, recipe.pooling, precision, recipe.odd_sides)
    terms = terms_of(recipe, network, *content.shape[:2])
    if shares:
        evaluation = BandedEvaluation(network, terms, workers(network, terms, rows, len(shares)), shares)
    else:
        evaluation = StripedEvaluation(network, terms, rows) if rows else WholeEvaluation(network, terms)
    return Objective(evaluation, References(content, (style,)), terms)


def workers(network: VGG19, terms: Iterable[Term], rows: int, count: int) -> list[BandWorker]:
    """Machines in this process; what one compiles, the others use."""
    machines = [BandWorker(network, tuple(terms), rows) for _ in range(count)]
    for machine in machines:
        machine._chains = machines[0]._chains
    return machines


def patches(height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Content, style of another size, and the generated image: noise on patches, so that no two stripes are alike."""
    rng = np.random.default_rng(height + width)

    def picture(rows: int, columns: int) -> np.ndarray:
        coarse = rng.uniform(30, 220, (-(-rows // 24), -(-columns // 24), 3)).repeat(24, axis=0).repeat(24, axis=1)
        return np.clip(coarse[:rows, :columns] + rng.normal(0, 20, (rows, columns, 3)), 0, 255).astype(np.float32)

    return picture(height, width), picture(107, 91), picture(height, width)


def relative(ours: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, in units of the expected gradient's typical size there."""
    return float(np.abs(ours - expected).max() / np.sqrt(np.mean(np.square(expected))))


def assert_same(striped: Evaluated, whole: Evaluated) -> None:
    """The gradients differ by rounding: one sum over all positions loses more digits than the sum of sums.

    How many depends on the machine: up to 6e-6 with Eigen's kernels and 1.2e-5 with oneDNN's for AVX2, where the whole
    images of the two are as far apart. A missing row of a halo shows as 1e-3 (`test_a_lower_halo_would_show`).
    """
    assert striped[0].total == pytest.approx(whole[0].total, rel=1e-5)
    assert striped[0].groups == pytest.approx(whole[0].groups, rel=1e-5)
    assert striped[0].terms == pytest.approx(whole[0].terms, rel=2e-5)
    assert all(type(loss) is float for loss in striped[0].terms.values())
    assert striped[1].dtype == np.float32 and striped[1].shape == whole[1].shape
    for part in (np.s_[:], np.s_[:1], np.s_[-1:], np.s_[:, :1], np.s_[:, -1:]):  # all, and each border by itself
        assert relative(striped[1][part], whole[1][part]) < 1e-4
