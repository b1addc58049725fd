"""What `python -m weights verify` shows of a published conv1_1, for people to compare with published numbers."""

import re
import shlex
import shutil

import numpy as np
import pytest

import genuine_figures
import hand_made
from transfer.apps.figures import command_line as figures
from weights import command_line as command


def conv1_1_alone(kernel=None):
    """The published conv1_1, or its bias and another kernel, below a network of few channels, so that it is quick."""
    genuine, bias = genuine_figures.network()["conv1_1"]
    above = np.random.default_rng(0).normal(size=(3, 3, 64, hand_made.kernels()["conv1_2"][1].size))
    numbers = hand_made.kernels()
    numbers["conv1_2"] = above.astype(np.float32), numbers["conv1_2"][1]
    return numbers | {"conv1_1": (genuine if kernel is None else kernel(genuine), bias)}


# As people printed it from the genuine file: the blue plane of the first filter, and the three colours of its corner.
DOWN, ACROSS, COLOURS = "0.341195, 0.232159, -0.072609", "0.341195, 0.339992, -0.044844", "0.394167, 0.464184, 0.341195"
BACKWARDS = "0.341195, 0.464184, 0.394167"
MEAN_AS_PUBLISHED = "the mean colour is the published one"
FACTS = {
    "as published": (
        None,
        f"conv1_1 kernel[:, 0, 2, 0] is {DOWN}; kernel[0, :, 2, 0] is {ACROSS}: axis 0 is height",
        f"conv1_1 kernel[0, 0, :, 0] is {COLOURS}: red, green, blue; {MEAN_AS_PUBLISHED}",
    ),
    "swapped": (
        lambda kernel: kernel.swapaxes(0, 1),
        f"conv1_1 kernel[:, 0, 2, 0] is {ACROSS}; kernel[0, :, 2, 0] is {DOWN}: axis 0 is width, expected height",
        f"conv1_1 kernel[0, 0, :, 0] is {COLOURS}: red, green, blue; {MEAN_AS_PUBLISHED}",
    ),
    "BGR": (
        lambda kernel: kernel[:, :, ::-1],
        f"conv1_1 kernel[:, 0, 0, 0] is {DOWN}; kernel[0, :, 0, 0] is {ACROSS}: axis 0 is height",
        f"conv1_1 kernel[0, 0, :, 0] is {BACKWARDS}: blue, green, red, expected red first; {MEAN_AS_PUBLISHED}",
    ),
    "both": (
        lambda kernel: kernel.transpose(1, 0, 2, 3)[:, :, ::-1],
        f"conv1_1 kernel[:, 0, 0, 0] is {ACROSS}; kernel[0, :, 0, 0] is {DOWN}: axis 0 is width, expected height",
        f"conv1_1 kernel[0, 0, :, 0] is {BACKWARDS}: blue, green, red, expected red first; {MEAN_AS_PUBLISHED}",
    ),
}


@pytest.mark.parametrize("case", FACTS)
def test_orientation_and_colours(tmp_path, capsys, case):
    kernel, orientation, colours = FACTS[case]
    path = hand_made.save(tmp_path / "a.mat", hand_made.network("beta16", conv1_1_alone(kernel)))
    assert command.main(["verify", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[7:9] == [f"  orientation  {orientation}", f"  colours      {colours}"]


def test_mean_colour_of_another_order(tmp_path, capsys):
    variables = hand_made.network("later", conv1_1_alone(), np.float32([[[103.939, 116.779, 123.68]]]))
    assert command.main(["verify", str(hand_made.save(tmp_path / "a.mat", variables))]) == 0
    assert "; the mean colour is not the published 123.68, 116.779, 103.939\n" in capsys.readouterr().out


def test_the_command_for_the_losses_is_one(tmp_path, capsys):
    path = hand_made.save(tmp_path / "my weights.mat", hand_made.network("later", conv1_1_alone()))
    assert command.main(["verify", str(path)]) == 0
    (typed,) = re.findall(r"^  losses .*`(.*)`$", capsys.readouterr().out, re.MULTILINE)
    python, m, program, *words = shlex.split(typed)
    assert shutil.which(python) and (m, program) == ("-m", "transfer.figures")
    options = figures.build_parser().parse_args(words)
    assert (options.content, options.style, options.weights) == ("tubingen.jpg", "seated-nude.jpg", path)
    assert options.run is figures.run_printed_losses
