"""Our losses beside those that the program neural-style printed for its own example pictures.

The installation pages (INSTALL.md) of jcjohnson/neural-style, written in Lua, and of ProGamerGov/neural-style-pt, its
port to PyTorch, show what a run without options prints at iteration 1: the losses of the start image, weighted as in
the total loss. Pictures, weights and all numbers are the same in both. They differ in how they resize the pictures and
in how they halve odd sides, and nothing else is known to us that could make their columns differ.
"""

from collections.abc import Collection, Mapping

from transfer.inputs import Images
from transfer.machine import usable_bytes
from transfer.memory import NotEnoughMemory
from transfer.other_programs import NEURAL_STYLE
from transfer.session import Job, Session
from transfer.striped import IN_STRIPES
from vgg.layers import CONVOLUTIONS, layer_named
from vgg.matfile.read import Weights
from vgg.microscope.draw import text_table
from vgg.tools import console
from weights.verify import published_layers

#: Each term as neural-style and as neural-style-pt printed it.
PRINTED = {
    "style relu1_1": (30021.292114, 29890.9980469),
    "style relu2_1": (700349.560547, 658038.625),
    "style relu3_1": (153033.203125, 145283.671875),
    "style relu4_1": (12404635.156250, 11347409.0),
    "style relu5_1": (656.860304, 563.368896484),
    "content relu4_2": (2091178.593750, 1616196.125),
}
HEADINGS = ("", "ours", "neural-style", "ours is", "neural-style-pt", "ours is", "network up to there")
REMARK = (
    "The printed values belong to tubingen.jpg × seated-nude.jpg (both are among neural-style's examples), the "
    "weights of ImageNet's VGG-19, 512 pixels and max pooling; for other pictures or weights the columns cannot agree."
)


def report(weights: Weights, images: Images) -> None:
    """Print the table for the weights and the pictures, which have the sizes of the recipe `neural-style`."""
    session = Session(weights, usable_bytes(), striped=IN_STRIPES)
    try:
        losses = session.losses(NEURAL_STYLE, images, session.start(Job(NEURAL_STYLE, images))).terms
    except NotEnoughMemory as error:
        raise NotEnoughMemory(error.args[0], "close other programs") from None
    console.say_lines(text_table(rows(losses, published_layers(weights)), "<>>>>><"))
    console.say(REMARK)


def rows(losses: Mapping[str, float], genuine: Collection[str]) -> list[tuple[str, ...]]:
    """Return the rows of the table, headings first; `genuine` has the names of the genuine convolutions."""
    table = [HEADINGS]
    for term, printed in PRINTED.items():
        ours, layer = losses[term], layer_named(term.split()[1])
        compared = [cell for value in printed for cell in (_shown(value), f"{100 * (ours / value - 1):+,.2f} %")]
        below = [conv.name for conv in CONVOLUTIONS if conv.index < layer.index]
        table.append((term, _shown(ours), *compared, "genuine" if set(below) <= set(genuine) else "not genuine"))
    return table


def _shown(loss: float) -> str:
    return f"{loss:,.0f}" if loss >= 1000 else f"{loss:.5g}"
