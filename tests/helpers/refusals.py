"""How a file that is no good must be refused: with one line that names it and says what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

import hand_made
from vgg.errors import WeightsError
from vgg.matfile.read import read

GET_IT = "make download-weights"


def refusal(path: Path, *words: str) -> str:
    """The sentence about `path`; it is one printable line, begins with the file and holds all `words`."""
    with pytest.raises(WeightsError) as caught:
        read(path)
    sentence = str(caught.value)
    assert sentence.isprintable()
    assert sentence.startswith(str(path))
    for word in words:
        assert word in sentence
    return sentence


def edited(tmp_path: Path, edit: Callable[[dict, dict], object], layout: str = "later") -> str:
    """The sentence about a network after `edit(its variables, {name: its entry in layers})`."""
    variables = hand_made.network(layout)
    edit(variables, dict(zip(hand_made.NAMES, variables["layers"][0], strict=True)))
    return refusal(hand_made.save(tmp_path / "a.mat", variables), GET_IT)
