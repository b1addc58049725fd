"""One of the machines that share an image, without what connects them: its bands, and what they are compared with."""

from collections.abc import Sequence

import numpy as np

from transfer.objective.band import Band, Edges, Sums, blocks_of
from transfer.objective.block import Block
from transfer.objective.terms import Targets
from transfer.term import Statistic, Target, Term
from vgg.network import VGG19


class BandWorker:
    """One machine: it computes a band of each image that it is given, and keeps what its band is compared with."""

    def __init__(self, network: VGG19, terms: Sequence[Term], rows: int) -> None:
        """Prepare for `terms` on the maps of `network`, in stripes of at most `rows` rows of a block's input."""
        self._network, self._terms, self._rows = network, tuple(terms), rows
        self._chains: dict[tuple[str, ...], list[Block]] = {}  # by the names of their terms; each is compiled once
        self._targets: Targets = {}  # at the rows of the band
        self._of_statistics: dict[str, Statistic] = {}
        self._band: Band | None = None

    def compare_with(self, targets: Targets) -> None:
        """Take targets at the rows of the band, in place of earlier ones of the same terms."""
        self._targets |= targets

    def begin(self, image: np.ndarray, above: int, below: int, names: tuple[str, ...]) -> None:
        """Take the band's rows of an image, as `Band` does, for an evaluation of the terms with these names."""
        if names not in self._chains:
            self._chains[names] = blocks_of(self._network, [term for term in self._terms if term.name in names])
        self._band = Band(self._chains[names], self._rows, image, above, below)

    def forward(self, received: Edges) -> tuple[dict[str, Sums], Edges]:
        """Go through a block: see `Band.forward`."""
        return self._band.forward(self._targets, received)

    def keep(self, received: Edges) -> tuple[dict[str, Sums], Edges]:
        """Go through a block that has content terms only, and keep P as their target; return Σ P² as the statistics."""
        terms, parts = self._band.block.terms, []
        for _, _, maps in self._band.walk(received):
            parts.append({term.name: maps[term.layer].numpy() for term in terms})
        energies: dict[str, Sums] = {}
        for name in (term.name for term in terms):
            squares = [np.sum(np.square(part[name].astype(np.float32)), dtype=np.float64) for part in parts]
            energies[name] = np.sum(squares)
            self._targets[name] = Target(np.concatenate([part.pop(name) for part in parts], axis=1))
        return energies, self._band.edges

    def turn(self, of_statistics: dict[str, Statistic]) -> None:
        """Take the derivative of the total loss with respect to each statistic, before the first `backward`."""
        self._of_statistics = of_statistics

    def backward(self, received: Edges) -> Edges:
        """Go back through a block: see `Band.backward`."""
        return self._band.backward(self._targets, self._of_statistics, received)

    def gradient(self, received: Edges) -> np.ndarray:
        """Return the gradient at the band's pixels, (H, W, 3) float32, and forget the evaluation."""
        band, self._band = self._band, None
        return band.gradient(received)
