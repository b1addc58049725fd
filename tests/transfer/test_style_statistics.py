"""Style statistics beside the Gram matrix, against NumPy and SciPy in float64: losses, gradients, regions and blends.

F and S are the generated and the style image's maps as matrices of M rows (positions) and N columns (channels).
"""

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
import tensorflow as tf

import numpy_network
from every_term import EVERYTHING
from objectives import assert_same, objective_for, patches
from tiny_network import tiny_weights
from transfer.losses import Target
from transfer.objective import Objective, WholeEvaluation, loss_of_zeros, terms_of
from transfer.recipes import DEFAULT, STATISTIC_FACTORS, LossScale, with_statistic
from transfer.regions import Region
from transfer.style_statistics import LEAST_EIGENVALUE, LEAST_VARIANCE, polar_factor, style_term
from transfer.targets import References
from vgg.network import VGG19

#: A number of its own for each factor and exponent.
MOMENTS = replace(
    DEFAULT,
    style_statistic="moments",
    style_loss=LossScale(0.7, channels=-1, target=-0.5),
    moments_scale=LossScale(1.3, channels=0.5, target=0.9),
)
RECIPES = {"moments": MOMENTS, "wasserstein": replace(MOMENTS, style_statistic="wasserstein")}


def moments(f: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean (N,) and covariance (N, N), positions counted by their weights."""
    return np.average(f, axis=0, weights=weights), np.cov(f.T, bias=True, aweights=weights)


def of_moments(f, s) -> float:
    """The error of `MOMENTS`, from mean and covariance of F and S."""
    (mean, _), (target_mean, _) = f, s
    g, a = (second + np.outer(first, first) for first, second in (f, s))
    least = LEAST_VARIANCE * np.trace(a) / len(a)
    deviation, target_deviation = (np.sqrt(np.diag(second) + least) for _, second in (f, s))
    w = 1.3 * len(a) ** 0.5 * np.trace(a) ** 0.9
    first = np.sum((mean - target_mean) ** 2) + np.sum((deviation - target_deviation) ** 2)
    return np.sum((g - a) ** 2) + w * first


def of_normals(f, s) -> float:
    """The squared 2-Wasserstein distance of two normal distributions, each a little wider in all directions."""
    (mean, covariance), (target_mean, target_covariance) = f, s
    wider = LEAST_EIGENVALUE * np.trace(target_covariance) / len(mean) * np.eye(len(mean))
    covariance, target_covariance = covariance + wider, target_covariance + wider
    root = scipy.linalg.sqrtm(target_covariance)
    between = scipy.linalg.sqrtm(root @ covariance @ root)
    return np.sum((mean - target_mean) ** 2) + np.trace(covariance + target_covariance - 2 * between).real


def nothing(s) -> float:
    """The error of `MOMENTS` where all maps are 0."""
    return of_moments((np.zeros_like(s[0]), np.zeros_like(s[1])), s)


def energy(s) -> float:
    """The same of two normal distributions, if the one of maps that are 0 is a point."""
    return np.sum(s[0] ** 2) + (1 + LEAST_EIGENVALUE) * np.trace(s[1])


ERRORS = {"moments": (of_moments, nothing), "wasserstein": (of_normals, energy)}


def expected_loss(name: str, f, s) -> float:
    """With the k of `RECIPES`, from mean and covariance of F and S."""
    error, of_nothing = ERRORS[name]
    return 0.7 / len(s[0]) * of_nothing(s) ** -0.5 * error(f, s)


def maps(seed: int, positions: int, channels: int = 6) -> np.ndarray:
    """Some channels nearly alike, and of very different size, as in a network; about half is 0."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(0.3, 1, (positions, channels)) @ rng.normal(0, 1, (channels, channels))
    return np.maximum(mixed, 0) * np.geomspace(0.1, 10, channels)


def value_and_gradient(name: str, f: np.ndarray, s: np.ndarray) -> tuple[float, np.ndarray]:
    """By the term, in float64."""
    term = style_term(RECIPES[name], "relu3_1", f.shape[1], f.shape[0])
    of_style = np.hstack([s, np.ones((len(s), 1))])
    target = Target(summary=tf.constant(term.summary(term.gram(of_style.T @ of_style, len(s)))))
    x = tf.constant(f)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with_ones = tf.concat([x, tf.ones_like(x[:, :1])], axis=1)
        loss = term.loss(tf.matmul(with_ones, with_ones, transpose_a=True), target)
    return float(loss), tape.gradient(loss, x).numpy()


@pytest.mark.parametrize("positions", [50, 4])
@pytest.mark.parametrize("name", RECIPES)
def test_loss_and_gradient_in_float64(name, positions):
    """Against differences of the second formula; also with fewer positions than channels."""
    f, s = maps(0, positions), maps(1, 37)
    loss, gradient = value_and_gradient(name, f, s)
    assert loss == pytest.approx(expected_loss(name, moments(f), moments(s)), rel=1e-5)
    rng, step = np.random.default_rng(2), 1e-5
    for _ in range(5):
        change = rng.normal(size=f.shape)
        ends = (expected_loss(name, moments(f + sign * step * change), moments(s)) for sign in (1, -1))
        difference = np.subtract(*ends) / (2 * step)
        usual = np.sqrt(np.sum((gradient * change) ** 2))
        assert np.sum(gradient * change) == pytest.approx(difference, abs=1e-5 * usual)


@pytest.mark.parametrize("name", RECIPES)
def test_the_statistic_of_maps_is_a_sum_over_positions(name):
    """Of parts of an image with a guide, in float32, against the moments with weights."""
    rng = np.random.default_rng(3)
    f, guide = np.float32(maps(0, 40).reshape(1, 8, 5, 6)), np.float32(rng.uniform(0, 2, (1, 8, 5, 1)))
    guide /= np.sqrt(np.mean(guide**2))
    s = maps(1, 37)
    term = style_term(RECIPES[name], "relu3_1", 6, 40)
    ones = np.hstack([s, np.ones((37, 1))])
    target = Target(summary=np.float32(term.summary(ones.T @ ones / 37)))
    parts = [term.statistic(tf.constant(f[:, rows]), Target(guide[:, rows])) for rows in (np.s_[:3], np.s_[3:])]
    expected = expected_loss(name, moments(f[0].reshape(40, 6).astype(float), guide.ravel() ** 2), moments(s))
    assert float(term.loss(sum(parts), target)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", RECIPES)
def test_a_constant_map_and_a_dead_one(name):
    """Whose deviation has no gradient of its own: all stays finite, and so does an empty image."""
    f, s = maps(0, 30), maps(1, 37)
    f[:, 1], f[:, 2], s[:, 3] = 0, 5, 0
    for generated in (f, np.zeros_like(f)):
        loss, gradient = value_and_gradient(name, generated, s)
        assert np.isfinite(loss) and loss > 0 and np.isfinite(gradient).all()
    loss, gradient = value_and_gradient(name, s, s)
    assert abs(loss) < 1e-9 and np.abs(gradient).max() < 1e-6


@pytest.mark.usefixtures("without_compiling", "stripes_without_compiling")
@pytest.mark.parametrize("name", RECIPES)
def test_whole_striped_and_banded_agree(weights, name):
    recipe = replace(EVERYTHING, style_statistic=name, gram_channels=0)
    content, style, generated = patches(131, 35)
    hows = (None,), (16,), (32, "float32", (2, 1))
    whole, striped, banded = (objective_for(weights, recipe, content, style, *how)(generated) for how in hows)
    assert_same(striped, whole)
    assert_same(banded, whole)


@pytest.mark.usefixtures("without_compiling")
@pytest.mark.parametrize("name", RECIPES)
def test_regions_and_blends_by_a_second_network(name):
    """The style is that of all pixels of both pictures, in their shares."""
    weights, rng = tiny_weights(), np.random.default_rng(5)
    content, night, day = (rng.integers(0, top, (40, 44, 3), np.uint8) for top in (256, 90, 200))
    left = np.zeros((40, 44), np.float32)
    left[:, :32] = 1
    regions = (Region("white", 0.6, left, (0.25, 0.75), (None, None)),)
    recipe = replace(RECIPES[name], style_layers=(("relu1_1", 1.0),), content_layers=(), tv_weight=0.0)
    network = VGG19(weights, "avg")
    terms = terms_of(recipe, network, 40, 44, regions)
    losses, _ = Objective(WholeEvaluation(network, terms), References(content, (night, day), regions), terms)(content)
    of_content, *of_styles = (
        numpy_network.forward(image, weights, "avg")["relu1_1"].reshape(1760, -1) for image in (content, night, day)
    )
    inside = left.copy()
    inside[:, 31] = 2 / 3  # sees one column of three outside
    style = moments(np.concatenate(of_styles), np.repeat([0.25, 0.75], 1760))
    expected = expected_loss(name, moments(of_content, inside.ravel() ** 2), style)
    assert losses.terms == {"style relu1_1 white": pytest.approx(0.6 * expected, rel=2e-4)}


@pytest.mark.usefixtures("without_compiling")
@pytest.mark.parametrize("name", RECIPES)
def test_the_content_picture_loses_1_in_units_of_the_default_recipe(weights, name):
    content, style, _ = patches(60, 44)
    recipe = replace(DEFAULT, style_statistic=name, margin=0)
    objective = objective_for(weights, recipe, content, style)
    losses, _ = objective(content)
    assert losses.groups["style"] == pytest.approx(1, rel=1e-4)
    terms, targets = objective.evaluation.terms, objective.targets
    assert loss_of_zeros(terms, targets, objective.weights) > 0


@pytest.mark.parametrize(("dtype", "digits"), [(np.float64, 1e-9), (np.float32, 1e-3)])
def test_the_polar_factor_of_an_ill_conditioned_matrix(dtype, digits):
    """With singular values over the five decimal places that an ImageNet's layer of 512 channels has."""
    rng = np.random.default_rng(6)
    left, right = (np.linalg.qr(rng.normal(size=(40, 40)))[0] for _ in range(2))
    matrix = dtype((left * np.geomspace(3e-5, 3, 40)) @ right.T)
    np.testing.assert_allclose(polar_factor(matrix, dtype(3e-5)), left @ right.T, atol=digits)


def test_a_recipe_with_another_statistic_and_back():
    for name, factor in STATISTIC_FACTORS.items():
        changed = with_statistic(DEFAULT, name)
        assert (changed.style_statistic, changed.style_loss.factor) == (name, factor)
        own = {"style_statistic": "gram", "style_loss": DEFAULT.style_loss, "scales": DEFAULT.scales}
        assert replace(changed, **own) == DEFAULT
        assert with_statistic(changed, "gram") == DEFAULT


@pytest.mark.usefixtures("without_compiling")
@pytest.mark.parametrize("name", RECIPES)
def test_a_style_of_one_colour(weights, name):
    """It has no variance, and the generated image has a great deal: in single precision all stays finite."""
    content, _, generated = patches(60, 44)
    objective = objective_for(weights, replace(DEFAULT, style_statistic=name), content, np.full((40, 40, 3), 20.0))
    losses, gradient = objective(generated)
    assert np.isfinite(losses.total) and losses.total > 0 and np.isfinite(gradient).all()
