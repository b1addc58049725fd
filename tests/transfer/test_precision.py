"""bfloat16: close to float32 in what it computes, float32 in what it hands on, and chosen only if it is faster."""

import json

import numpy as np
import pytest
import tensorflow as tf

from low_precision import needs_bfloat16
from objectives import objective_for
from transfer import precision
from transfer.__main__ import main
from transfer.recipes import DEFAULT
from transfer_command import prepare, refused
from vgg.network import VGG19, computable


@pytest.fixture
def evaluations(weights, image):
    """Losses and gradient at one picture in both precisions."""
    style = np.random.default_rng(5).integers(0, 256, (40, 32, 3), dtype=np.uint8)
    at = np.random.default_rng(6).uniform(0, 255, image.shape).astype(np.float32)
    names = "float32", "bfloat16"
    return [objective_for(weights, DEFAULT, image, style, precision=name)(at) for name in names]


@needs_bfloat16
def test_bfloat16_is_close_but_not_the_same(evaluations):
    """Rounding to 8 bits of mantissa, 2^-9 relative each time, adds up over layers of few channels."""
    (exact, gradient), (rounded, rounded_gradient) = evaluations
    assert rounded.total == pytest.approx(exact.total, rel=0.1) and rounded.total != exact.total
    cosine = np.sum(gradient * rounded_gradient) / np.linalg.norm(gradient) / np.linalg.norm(rounded_gradient)
    assert 0.98 < cosine < 1
    assert rounded_gradient.dtype == np.float32


@needs_bfloat16
def test_maps_are_of_the_type_asked_for(weights, image):
    maps = VGG19(weights, "max", "bfloat16")(tf.constant(image[None], tf.float32), ["relu5_1"])
    assert maps["relu5_1"].dtype == tf.bfloat16


@needs_bfloat16
@pytest.mark.parametrize(("seconds", "expected"), [(0.5, "bfloat16"), (0.95, "float32"), (4.0, "float32")])
def test_the_faster_one_is_chosen_if_it_is_much_faster(monkeypatch, seconds, expected):
    monkeypatch.setattr(precision, "_seconds", lambda name: seconds if name == "bfloat16" else 1.0)
    assert precision.fastest() == expected


@pytest.fixture
def without_bfloat16(monkeypatch):
    """As with ONEDNN_MAX_CPU_ISA=AVX2 on a processor that has AVX-512: TensorFlow asks oneDNN for what it refuses."""
    convolve = tf.nn.conv2d

    def refuse(x, *others, **named):
        if x.dtype == tf.bfloat16:
            raise tf.errors.AbortedError(None, None, "could not create a primitive descriptor")
        return convolve(x, *others, **named)

    monkeypatch.setattr(tf.nn, "conv2d", refuse)
    computable.cache_clear()
    yield
    computable.cache_clear()


def test_a_machine_without_bfloat16_computes_in_float32(without_bfloat16, tmp_path, capfd):
    words = [*prepare(tmp_path), "--iterations", "1"]
    refusal = refused([*words, "--precision", "bfloat16"], capfd, tmp_path)
    assert refusal == "transfer: this machine cannot compute in bfloat16; choose --precision float32\n"
    assert main(words) == 0
    assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["precision"] == "float32"


def test_the_trial_times_something():
    assert 0 < precision._seconds("float32") < 10
