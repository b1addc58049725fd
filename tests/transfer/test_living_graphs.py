"""TensorFlow keeps no graph that a session has let go of: a batch of many sizes and days does not grow."""

import gc
from dataclasses import replace
from math import inf

import numpy as np
from tensorflow.python.framework.func_graph import FuncGraph  # there is no public name for it

from transfer import session as session_module
from transfer.files import Files
from transfer.inputs import Images
from transfer.recipes import DEFAULT
from transfer.session import Job, Session

COMPILES_ANEW = True
RECIPE = replace(DEFAULT, scales=(), iterations=1, margin=0, content_layers=(("relu2_1", 1.0),))
RECIPE = replace(RECIPE, style_layers=(("relu1_1", 1.0),))


def pictures_of_width(width: int) -> Images:
    image = np.random.default_rng(width).integers(0, 256, (16, width, 3), dtype=np.uint8)
    return Images(image, (image[::-1],), image, Files("a.png", "b.png"))


def living_graphs() -> int:
    gc.collect()
    return sum(isinstance(thing, FuncGraph) for thing in gc.get_objects())


def test_graphs_die_with_what_a_session_drops_and_with_the_session(weights, monkeypatch):
    before = living_graphs()
    monkeypatch.setattr(session_module, "KEPT", 2)
    session = Session(weights, inf)
    for width in (16, 20, 24, 28, 32):
        session.run(Job(RECIPE, pictures_of_width(width)))
    assert 0 < living_graphs() - before <= 2
    del session
    assert living_graphs() == before
