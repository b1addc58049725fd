"""Nearest neighbours: the cosine loss in NumPy, matches by a loop, rounds that look again, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from objectives import objective_for, patches
from transfer import memory
from transfer.losses import Target
from transfer.memory import NotEnoughMemory, plan
from transfer.neighbours import NeighbourTerm, matches
from transfer.recipes import DEFAULT, STATISTIC_FACTORS, LossScale, with_statistic

NEIGHBOURS = replace(with_statistic(DEFAULT, "neighbours"), margin=0)


def cosine_loss(f: np.ndarray, t: np.ndarray, least: float) -> float:
    """The mean over positions (M, N), in float64; T has length 1."""
    return np.mean([1 - one @ other / np.sqrt(one @ one + least) for one, other in zip(f, t, strict=True)])


def test_loss_and_gradient():
    """Against differences; one place has no features at all."""
    rng = np.random.default_rng(0)
    f, t = np.maximum(rng.normal(0, 3, (30, 7)), 0), rng.normal(size=(30, 7))
    f[4], t = 0, t / np.linalg.norm(t, axis=1, keepdims=True)
    term = NeighbourTerm("relu3_1", LossScale(0.7, positions=-1), 7, 30)
    target = Target(tf.constant(t.reshape(1, 6, 5, 7), tf.float32), tf.constant(0.3))
    x = tf.constant(f.reshape(1, 6, 5, 7), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = term.loss(term.statistic(x, target), target._replace(maps=None))
    assert float(loss) == pytest.approx(0.7 * cosine_loss(f, t, 0.3), rel=1e-5)
    gradient, expected = tape.gradient(loss, x).numpy().reshape(30, 7), np.zeros((30, 7))
    for place in np.ndindex(30, 7):
        change = np.zeros((30, 7))
        change[place] = 1e-5
        expected[place] = (cosine_loss(f + change, t, 0.3) - cosine_loss(f - change, t, 0.3)) / 2e-5 * 0.7
    np.testing.assert_allclose(gradient, expected, atol=1e-5 * np.abs(expected).max())


def test_all_positions_of_a_cell_share_its_gradient():
    """relu1_1 has 4 × 4 positions in a cell, of which the mean counts."""
    f, t = np.random.default_rng(3).uniform(0, 1, (2, 1, 8, 8, 3))
    term = NeighbourTerm("relu1_1", LossScale(positions=-1), 3, 64)
    target = Target(tf.math.l2_normalize(tf.constant(t[:, ::4, ::4], tf.float32), axis=3), tf.constant(0.0))
    x = tf.constant(f, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = term.loss(term.statistic(x, target), target)
    means = f.reshape(2, 4, 2, 4, 3).mean(axis=(1, 3)).reshape(4, 3)
    assert float(loss) == pytest.approx(cosine_loss(means, target.maps.numpy().reshape(4, 3), 0.0), rel=1e-5)
    gradient = tape.gradient(loss, x).numpy().reshape(2, 4, 2, 4, 3)
    np.testing.assert_allclose(gradient, gradient[:, :1, :, :1] * np.ones((1, 4, 1, 4, 1)), atol=1e-7)


@pytest.mark.parametrize("most", [1 << 14, 20])
def test_matches_by_a_loop(monkeypatch, most):
    """All cells of the style image (6 × 8), or every second one in each direction; two layers of other scales."""
    monkeypatch.setattr("transfer.neighbours.MOST_CELLS", most)
    monkeypatch.setattr("transfer.neighbours.AT_ONCE", 7)
    rng = np.random.default_rng(1)
    content, style = (
        {layer: rng.normal(3, size, (1, *shape, 5)) for layer, size in (("relu2_1", 1.0), ("relu3_2", 90.0))}
        for shape in ((5, 7), (6, 8))
    )
    every = 1 if most > 48 else 2
    own, other = (
        {layer: maps[0] - maps.mean(axis=(0, 1, 2)) for layer, maps in each.items()} for each in (content, style)
    )
    weight = {"relu2_1": 2.0, "relu3_2": 4.0}  # what counts of a layer grows with its stride
    size = {layer: np.mean(np.sum(maps**2, axis=2)) / weight[layer] for layer, maps in other.items()}

    def cosine(here: tuple[int, int], there: tuple[int, int]) -> float:
        dots = [
            sum(a[layer][i] @ b[layer][j] / size[layer] for layer in size)
            for a, i, b, j in ((own, here, other, there), (other, there, other, there))
        ]
        return dots[0] / np.sqrt(dots[1])

    places = [(row, column) for row in range(0, 6, every) for column in range(0, 8, every)]
    expected = [[max(places, key=lambda at, i=i, j=j: cosine((i, j), at)) for j in range(7)] for i in range(5)]
    tensors = ({layer: tf.constant(maps, tf.float32) for layer, maps in each.items()} for each in (content, style))
    found = matches(*tensors).numpy()
    np.testing.assert_array_equal(np.stack([found // 8, found % 8], axis=2), expected)


@pytest.mark.usefixtures("without_compiling")
def test_a_picture_is_its_own_neighbour(weights):
    recipe = replace(NEIGHBOURS, style_loss=LossScale(positions=-1))
    content, _, generated = patches(75, 53)
    losses, gradient = objective_for(weights, recipe, content, content)(content)
    assert losses.groups["style"] < 0.05, "but for what a deep layer's place shares with the next"
    assert np.isfinite(gradient).all()
    other, _ = objective_for(weights, recipe, content, content)(generated)
    assert other.groups["style"] > 5 * losses.groups["style"]


@pytest.mark.usefixtures("without_compiling")
def test_neighbours_are_those_of_the_first_image(weights):
    """Later images of the phase are compared with the same targets; a new objective looks again."""
    content, style, generated = patches(60, 44)
    objective = objective_for(weights, NEIGHBOURS, content, style)
    losses, _ = objective(content)
    assert losses.groups["style"] == pytest.approx(STATISTIC_FACTORS["neighbours"], rel=1e-4), "1 at the content image"
    later, _ = objective(generated)
    anew, _ = objective_for(weights, NEIGHBOURS, content, style)(generated)
    assert objective(content)[0] == losses
    assert anew.terms["style relu1_1"] != pytest.approx(later.terms["style relu1_1"], rel=1e-3)


def test_memory_is_planned_without_stripes(weights):
    recipe = replace(DEFAULT, style_layers=(("relu1_1", 1.0),), margin=0)
    neighbours, maps = replace(recipe, style_statistic="neighbours"), 4 * 640 * 480 * 4
    whole, more = (plan(weights, each, 640, 480, 1e12).needed for each in (recipe, neighbours))
    assert more - whole == pytest.approx(2 * memory.SHARE_OF_MAPS * maps)
    with pytest.raises(
        NotEnoughMemory, match=r"for --style-statistic neighbours, which has no stripes, but only 1\.20"
    ):
        plan(weights, neighbours, 2000, 2000, 1.2e9)
