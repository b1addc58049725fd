"""Images of any size: the total loss and its gradient stripe by stripe, exactly, without all of the maps.

`geometry` says where the stripes lie, `block` computes one stripe of the layers between two pools, and `evaluation`
goes through the whole network, forward and back. The session gets this by hand (`Session(striped=IN_STRIPES)`);
nothing of the core imports it.
"""

from transfer.session import Striped
from transfer.striped.evaluation import StripedEvaluation

#: Rows of a stripe when maps are only looked at.
ROWS = 128

IN_STRIPES = Striped(StripedEvaluation, lambda network, terms: StripedEvaluation(network, terms, ROWS).maps)
