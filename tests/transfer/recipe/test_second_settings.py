"""Every recipe's settings beside its losses (`second_systems`): start, noise, optimiser, steps and size, by hand.

Written from what is known of the paper and of each program, not from `transfer`. Where nothing is known, such as the
size of most programs, it is this project's own choice: 512 pixels, 500 steps with L-BFGS.
"""

from dataclasses import fields
from typing import NamedTuple

import pytest

from transfer.other_programs import RECIPES
from transfer.recipes import DEFAULT, Recipe


class Settings(NamedTuple):
    """Named as the recipe's fields are; None where it does not matter."""

    init: str
    noise: tuple[str, float] | None  # kind, and standard deviation or half the range in levels
    noise_share: float
    optimizer: str
    learning_rate: float | None  # Adam's, in levels
    iterations: int
    size: int
    size_of: str = "longer side"
    enlarges: bool = False
    style_size: str = "own"
    adam: tuple[float, float, float, bool] | None = None  # β₁, β₂, ε for pixels up to 255, and whether it is ε-hat


SHORTER, TF_ADAM = "shorter side", (0.9, 0.999, 1e-8, True)

#: Of L-BFGS, SciPy's searches along the line; Torch's, which three of these programs use as it comes, does not.
SETTINGS = {
    "default": Settings("content", None, 0, "l-bfgs-smooth", None, DEFAULT.iterations, 512),  # as many as look good
    "gatys2016": Settings("noise", ("normal", 1), 0, "l-bfgs", None, 500, 512),
    "gatys2016-literal": Settings("noise", ("normal", 1), 0, "l-bfgs", None, 500, 512),
    "neural-style": Settings("noise", ("normal", 0.001), 0, "l-bfgs-unit", None, 1000, 512, enlarges=True),
    "neural-style-tf": Settings("content", None, 0, "l-bfgs", None, 1000, 512, style_size="content size"),
    "anishathalye": Settings(
        "noise", ("normal", 0.256), 0, "adam", 10, 1000, 512, style_size="content width", adam=TF_ADAM
    ),
    "leongatys": Settings("content", None, 0, "l-bfgs-unit", None, 500, 512, SHORTER, enlarges=True),
    "coursera": Settings("content", ("uniform", 20), 0.6, "adam", 2, 200, 400, style_size="content size", adam=TF_ADAM),
    "pytorch-tutorial": Settings("content", None, 0, "l-bfgs-unit", None, 300, 512, SHORTER, True, "content size"),
    # 0.02 and ε = 0.1 are for a range from 0 to 1. There a step is 255 times smaller and a gradient 255 times larger.
    "tensorflow-tutorial": Settings(
        "content", None, 0, "adam", 5.1, 1000, 512, enlarges=True, adam=(0.99, 0.999, 0.1 / 255, True)
    ),
    "spst": Settings("content", None, 0, "l-bfgs-unit", None, 600, 512, SHORTER),
    "crowsonkb": Settings("content", None, 0, "adam", 5.1, 500, 512, enlarges=True, adam=(0.9, 0.99, 1e-8, False)),
    "nnst": Settings("content", None, 0, "adam", 0.51, 200, 512, adam=(0.9, 0.999, 1e-8, False)),
}


def test_every_recipe_is_written_down_here():
    assert list(SETTINGS) == list(RECIPES)


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_are_the_systems_own(name):
    for field in ("init", "noise_share", "iterations", "size", "size_of", "enlarges", "style_size", "optimizer"):
        assert getattr(RECIPES[name], field) == getattr(SETTINGS[name], field), field


@pytest.mark.parametrize("name", [name for name, settings in SETTINGS.items() if settings.learning_rate])
def test_learning_rates_are_the_systems_own(name):
    assert SETTINGS[name].optimizer == "adam" and SETTINGS[name].adam
    assert RECIPES[name].learning_rate == pytest.approx(SETTINGS[name].learning_rate)


@pytest.mark.parametrize("name", SETTINGS)
def test_constants_of_adam_are_the_systems_own(name):
    """A recipe without Adam has Algorithm 1's, for who chooses `--optimizer adam`."""
    beta1, beta2, epsilon, epsilon_hat = SETTINGS[name].adam or (0.9, 0.999, 1e-8, False)
    adam = RECIPES[name].adam
    assert (adam.beta1, adam.beta2, adam.epsilon) == pytest.approx((beta1, beta2, epsilon))
    assert adam.epsilon_hat is epsilon_hat


@pytest.mark.parametrize("name", SETTINGS)
def test_noise_is_the_systems_own(name):
    noise, settings = RECIPES[name].noise, SETTINGS[name]
    if settings.noise is None:
        assert settings.init != "noise" and not settings.noise_share, "or it would matter"
    else:
        assert (noise.kind, noise.level) == settings.noise


def test_no_field_of_a_recipe_is_without_a_second_opinion():
    """What is not here decides the losses, which `test_recipes_independent` has, or is this project's own: `scales`."""
    losses = {"content_weight", "style_weight", "content_loss", "style_loss", "content_layers", "style_layers"}
    losses |= {"gram_channels", "tv_weight", "tv_loss", "pooling", "odd_sides", "pixel_range", "normalized_network"}
    losses |= {"margin", "style_statistic", "moments_scale", "matched_content"}
    controls = {
        "init_shares",
        "style_scale",
        "colors",
        "crop",
        "temporal_weight",
    }  # no recipe of another program has them
    assert {field.name for field in fields(Recipe)} == losses | controls | set(Settings._fields) | {
        "name",
        "summary",
        "scales",
    }
