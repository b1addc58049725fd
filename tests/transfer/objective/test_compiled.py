"""What is compiled is compiled once: for stripes of all heights, and for all pairs of images of the same sizes."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from transfer.files import Files
from transfer.inputs import Images
from transfer.recipes import DEFAULT
from transfer.session import Job, Session
from transfer.striped import IN_STRIPES
from transfer.striped.block import Compiled
from vgg.network import VGG19

#: Sessions share nothing: see conftest.
COMPILES_ANEW = True
HEIGHT, WIDTH = 131, 67


def test_compiled_once_for_all_heights_and_widths():
    traced = []

    def function(pair, by_name, perhaps):
        traced.append(pair[0].shape)
        return {"sum": tf.reduce_sum(pair[0]) + by_name["a"], "none": perhaps is None}

    compiled = Compiled(function)
    for height, width, value in ((3, 4, 5.0), (7, 2, 1.0), (3, 4, 0.0)):
        found = compiled((tf.ones((1, height, width, 2)), None), {"a": tf.constant(value)}, None)
        assert float(found["sum"]) == 2 * height * width + value and bool(found["none"])
    assert [tuple(shape) for shape in traced] == [(1, None, None, 2)]


def test_what_is_no_image_keeps_its_shape():
    shapes = []
    compiled = Compiled(lambda gram: shapes.append(tuple(gram.shape)) or 2 * gram)
    np.testing.assert_array_equal(compiled(tf.ones((3, 4))), np.full((3, 4), 2))
    assert shapes == [(3, 4)]


@pytest.fixture
def runs(monkeypatch) -> list[bool]:
    """One entry for each call of the network's layers from Python: whether it was to compile them, or eagerly."""
    calls, run = [], VGG19.run

    def counted(self, *arguments):
        calls.append(not tf.executing_eagerly())
        return run(self, *arguments)

    monkeypatch.setattr(VGG19, "run", counted)
    return calls


def job(seed: int) -> Job:
    """Another pair of images of the same sizes for each seed."""
    rng = np.random.default_rng(seed)
    content, style = (rng.integers(0, 256, shape, np.uint8) for shape in ((HEIGHT, WIDTH, 3), (90, 64, 3)))
    layers = {"content_layers": (("relu2_2", 1.0),), "style_layers": (("relu1_1", 0.5), ("pool2", 0.5))}
    recipe = replace(DEFAULT, normalized_network=False, iterations=2, scales=(), margin=0, **layers)
    return Job(recipe, Images(content, (style,), content, Files("c.png", "s.png")))


class InStripes(Session):
    """As if the memory were full."""

    def plan(self, recipe, height, width, regions=0):
        return super().plan(recipe, height, width, regions)._replace(rows=16)


@pytest.mark.parametrize("kind", [Session, InStripes])
def test_a_second_pair_of_the_same_sizes_compiles_nothing(weights, runs, kind):
    session = kind(weights, 1e12, striped=IN_STRIPES)
    session.run(job(1))
    assert any(runs), "the first pair is what it is compiled for"
    runs.clear()
    second = session.run(job(2))
    assert not any(runs)
    expected = kind(weights, 1e12, striped=IN_STRIPES).run(job(2))
    assert second.losses == expected.losses and second.image.tobytes() == expected.image.tobytes()
    assert any(runs)


def test_the_whole_evaluation_is_traced_once(weights):
    """Also when the loss is of other images, and the image evaluated is another, in float64 too."""
    session, image = Session(weights, 1e12), np.zeros((HEIGHT, WIDTH, 3))
    first, second = (session.objective(job(seed).recipe, job(seed).images) for seed in (1, 2))
    assert first.evaluation is second.evaluation and first.targets is not second.targets
    losses = [of(at)[0].total for of in (first, second, first) for at in (image, image.astype(np.float32))]
    assert first.evaluation._compiled.experimental_get_tracing_count() == 1
    assert losses[0] == losses[1] == losses[4] != losses[2] == losses[3]
