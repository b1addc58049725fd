"""The total loss and its gradient of one image on many machines, each with a band of the image's rows; exactly.

What `striped` does in one process, the machines do together, block by block:

1. forward: neighbours exchange their halos, and each machine computes its band and its part of the statistics;
2. the parts are added up, and give the losses and the derivative with respect to each statistic;
3. backward: each machine computes its band, and neighbours exchange the gradient at their halos.

What is sent in an evaluation is, for each band, its pixels and their gradient; its statistics and their derivatives,
Σ_l N_l² numbers over the style layers whatever the image's size; and for each border the halos, as many rows of each
block's input as the block has convolutions, there and back. The content's maps stay where they are computed.

`BandWorker` is one machine, `BandedEvaluation` drives them all, in one process. `ClusterEvaluation` does so on the
workers of a Dask cluster, those of `client`, started as for a batch. Each band is then a Dask *actor*, an object that
lives on one worker and keeps its state there. The client, which has the whole image and the optimiser, passes the halos
on from neighbour to neighbour and adds up the statistics. So all that an evaluation sends goes through the client's
network. If its workers spoke to each other (by MPI, NCCL or Gloo), the halos would need no second hop, and the
statistics a tree of sums instead of one for each machine.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from transfer.cli.options import RunOptions
from transfer.losses import PIXELS, ContentTerm, Losses, Statistic, StyleTerm, Target, Term, WeightedContentTerm
from transfer.objective import TermWeights, layers_of
from transfer.regions import layer_guide, layer_weights
from transfer.session import Striped
from transfer.striped import IN_STRIPES
from transfer.striped.block import Block
from transfer.striped.evaluation import NONE, Band, Edges, Sums, blocks_of, losses_and_derivatives
from transfer.striped.geometry import bands, halo_of
from transfer.targets import (
    GramCache,
    Guides,
    References,
    Targets,
    grained,
    style_targets,
    targets_at_pixels,
    with_weights,
)
from vgg.errors import InputError
from vgg.layers import blocks, maps_shape, receptive_field
from vgg.matfile.read import Conv, Weights
from vgg.network import VGG19
from vgg.tools.console import Say

if TYPE_CHECKING:
    from distributed import Client


class BandWorker:
    """One machine: it computes a band of each image that it is given, and keeps what its band is compared with."""

    def __init__(self, network: VGG19, terms: Sequence[Term], rows: int) -> None:
        """Prepare for `terms` on the maps of `network`, in stripes of at most `rows` rows of a block's input."""
        self._network, self._terms, self._rows = network, tuple(terms), rows
        self._chains: dict[tuple[str, ...], list[Block]] = {}  # by the names of their terms; each is compiled once
        self._targets: Targets = {}  # at the rows of the band
        self._statistic_gradients: dict[str, Statistic] = {}
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
        """Go through a block that has content terms only, and keep P as their target; return Σ P² as the statistics.

        Where positions have weights, all are 1 until `weigh`.
        """
        terms, parts = self._band.block.terms, []
        for _, _, maps in self._band.walk(received):
            parts.append({term.name: maps[term.layer].numpy() for term in terms})
        energies: dict[str, Sums] = {}
        for term in terms:
            squares = [np.sum(np.square(part[term.name].astype(np.float32)), dtype=np.float64) for part in parts]
            energies[term.name] = np.sum(squares)
            maps = np.concatenate([part.pop(term.name) for part in parts], axis=1)
            if isinstance(term, WeightedContentTerm):
                maps = with_weights(maps, np.ones(maps.shape[1:3]))
            self._targets[term.name] = Target(maps)
        return energies, self._band.edges

    def weigh(self, weights: Targets) -> None:
        """Take the weights of content terms' positions: the `maps` (1, H', W', 1) at the rows of the band."""
        for name, target in weights.items():
            self._targets[name].maps[..., -1:] = target.maps

    def set_statistic_gradients(self, statistic_gradients: dict[str, Statistic]) -> None:
        """Take the derivative of the total loss with respect to each statistic, before the first `backward`."""
        self._statistic_gradients = statistic_gradients

    def backward(self, received: Edges) -> Edges:
        """Go back through a block: see `Band.backward`."""
        return self._band.backward(self._targets, self._statistic_gradients, received)

    def gradient(self, received: Edges) -> np.ndarray:
        """Return the gradient at the band's pixels, (H, W, 3) float32, and forget the evaluation."""
        band, self._band = self._band, None
        return band.gradient(received)


class BandedEvaluation:
    """What `StripedEvaluation` computes, on many machines.

    They keep the targets for one pair of images at a time: those that `targets` or `compare_with` returned last.
    """

    def __init__(
        self,
        network: VGG19,
        terms: Sequence[Term],
        workers: Sequence[BandWorker],
        shares: Sequence[float] | None = None,
    ) -> None:
        """Prepare the sum of `terms` on the maps of `network`, which the workers have too.

        The workers own the image from top to bottom, in these `shares`, such as their speed; None: all the same.
        """
        self.network, self.terms, self.workers = network, tuple(terms), workers
        self.shares = tuple(shares or (1.0,) * len(workers))
        self._layers = layers_of(self.terms)
        self._grams_known = GramCache()
        self._compared: Targets | None = None

    def targets(self, references: References) -> Targets:
        """Return what the terms compare with. What has an entry for each position stays on the machines.

        Raises InputError if a band of the content image would be lower than a halo.
        """
        self._compared = None  # from here on the machines forget them
        image = references.content_image
        cut = bands(len(image), self.shares, self._layers)
        contents = [term for term in self.terms if isinstance(term, ContentTerm)]
        styles = [term for term in self.terms if isinstance(term, StyleTerm)]
        of_styles = style_targets(styles, self._grams, references, self._grams_known)
        energies = self._forward(image, contents, cut, "keep")
        distances = self._forward(grained(image), [term for term in contents if term.scale.distance], cut)
        self._send(self._content_weights(references), cut, "weigh")  # distances are without them
        of_pixels = targets_at_pixels([term for term in self.terms if term not in contents], references)
        shared = self.compare_with(of_pixels | of_styles, len(image))
        for name, energy in energies.items():
            distance = tf.constant(distances[name], tf.float32) if name in distances else None
            shared[name] = Target(None, tf.constant(energy, tf.float32), distance)
        return shared

    def compare_with(self, targets: Targets, height: int) -> Targets:
        """Send each machine its rows of targets for an image of `height` rows; return what is left for the losses."""
        self._send(targets, bands(height, self.shares, self._layers))
        self._compared = {name: target._replace(maps=None) for name, target in targets.items()}
        return self._compared

    def __call__(self, image: np.ndarray, targets: Targets, weights: TermWeights) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) float32 at `image` (H, W, 3)."""
        if targets is not self._compared:
            raise ValueError("the machines have other targets by now; ask for the targets again")
        cut = bands(len(image), self.shares, self._layers)
        statistics = self._forward(np.asarray(image, np.float32), self.terms, cut)
        losses, statistic_gradients = losses_and_derivatives(self.terms, statistics, targets, weights)
        self._each("set_statistic_gradients", [statistic_gradients] * len(cut))
        received = [NONE] * len(cut)
        for _ in blocks(self._layers):
            received = exchanged(self._each("backward", received))
        return losses, np.concatenate(self._each("gradient", received))

    def _forward(
        self, image: np.ndarray, terms: Sequence[Term], cut: Sequence[slice], method: str = "forward"
    ) -> dict[str, Sums]:
        """Return the statistics of `terms` at an image, whose bands are `cut`."""
        if not terms:
            return {}
        chain, names = blocks(layers_of(terms)), tuple(term.name for term in terms)
        above = [min(halo_of(chain[0]), band.start) for band in cut]
        below = [min(halo_of(chain[0]), len(image) - band.stop) for band in cut]
        rows = [image[band.start - a : band.stop + b] for band, a, b in zip(cut, above, below, strict=True)]
        self._each("begin", rows, above, below, [names] * len(cut))
        totals: dict[str, Sums] = {}
        received = [NONE] * len(cut)
        for _ in chain:
            parts, edges = zip(*self._each(method, received), strict=True)
            for name in parts[0]:
                totals[name] = tf.nest.map_structure(lambda *sums: sum(sums), *(part[name] for part in parts))
            received = exchanged(edges)
        return totals

    def _grams(
        self, image: np.ndarray, terms: Sequence[StyleTerm], guides: Mapping[str, np.ndarray | None]
    ) -> tuple[dict[str, np.ndarray], Guides]:
        """Return what `style_targets.grams` does; a small image is for as many machines as it has rows for."""
        shapes = {term.name: maps_shape(*image.shape[:2], term.layer, self.network.odd_sides) for term in terms}
        # For a region, a picture without a guide counts everywhere.
        everywhere = {term.name: np.ones((shapes[term.name][0], 1), np.float32) for term in terms if term.region}
        guided = [term for term in terms if guides[term.region] is not None]
        in_layers = {term.name: layer_guide(guides[term.region], term.layer, *shapes[term.name]) for term in guided}
        cut = _most_bands(len(image), self.shares, self._layers)
        of_regions = {name: Target(guide[None, :, :, None]) for name, guide in (everywhere | in_layers).items()}
        self._send({term.name: Target() for term in terms} | of_regions, cut)
        sums = self._forward(image, terms, cut)
        positions = {name: rows * columns for name, (rows, columns) in shapes.items()}
        grams = {term.name: term.gram(sums[term.name], positions[term.name]) for term in terms}
        return grams, in_layers

    def _content_weights(self, references: References) -> Targets:
        """Return the weights of the positions of those content terms that have some."""
        weights: Targets = {}
        for term in (term for term in self.terms if isinstance(term, WeightedContentTerm)):
            shape = maps_shape(*references.content_image.shape[:2], term.layer, self.network.odd_sides)
            of_positions = layer_weights(references.content_weights, term.layer, *shape)
            weights[term.name] = Target(of_positions[None, :, :, None])
        return weights

    def _send(self, targets: Targets, cut: Sequence[slice], method: str = "compare_with") -> None:
        """Send each machine its rows of the targets."""
        layers = {term.name: term.layer for term in self.terms}
        rows = [{name: _rows_of(target, layers[name], band) for name, target in targets.items()} for band in cut]
        self._each(method, rows)

    def _each(self, method: str, *arguments: Sequence[Any]) -> list[Any]:
        """Call a method of each worker that has a band, each with its own arguments, and return what they return."""
        return [getattr(worker, method)(*own) for worker, *own in zip(self.workers, *arguments, strict=False)]


def exchanged(edges: Sequence[Edges]) -> list[Edges]:
    """Return what each band receives from the bands above and below, if each has `edges` for them."""
    for_above, for_below = zip(*edges, strict=True)
    return list(zip((None, *for_below[:-1]), (*for_above[1:], None), strict=True))


def _most_bands(height: int, shares: Sequence[float], layers: tuple[str, ...]) -> list[slice]:
    """Return as many bands as there are shares, or as are high enough."""
    try:
        return bands(height, shares, layers)
    except InputError:
        return _most_bands(height, shares[:-1], layers)


def _rows_of(target: Target, layer: str, band: slice) -> Target:
    """Return a target at the rows of a band of the image."""
    if target.maps is None:
        return target
    stride = 1 if layer == PIXELS else receptive_field(layer).stride
    return target._replace(maps=np.asarray(target.maps[:, band.start // stride : -(-band.stop // stride)]))


# On the workers of a Dask cluster.


class ClusterEvaluation(BandedEvaluation):
    """What `StripedEvaluation` computes, on all workers that a cluster has when this is called.

    A worker that is lost takes its band along: the next evaluation raises an error, and the image is the client's.
    """

    def __init__(self, client: "Client", network: VGG19, terms: Sequence[Term], rows: int) -> None:
        """Make an actor on each worker, with a network of its own; raises InputError if there are none.

        The `client` has `direct_to_workers=True`, or the scheduler passes all bytes on.
        """
        addresses = sorted(client.nthreads())
        if not addresses:
            raise InputError(f"no worker has joined {client.scheduler.address}, expected at least one; start one first")
        weights = client.scatter(_weights(network), broadcast=True)
        kind = network.pooling, network.precision.name, network.odd_sides
        actors = [
            client.submit(_Actor, weights, kind, tuple(terms), rows, workers=[address], actor=True, pure=False)
            for address in addresses
        ]
        super().__init__(network, terms, [actor.result() for actor in actors])

    def _each(self, method: str, *arguments: Sequence[Any]) -> list[Any]:
        """Call all workers at the same time; raise InputError if one does not answer any more."""
        try:
            return [answer.result() for answer in super()._each(method, *arguments)]
        except (OSError, CancelledError, TimeoutError, RuntimeError, KeyError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"a worker is lost, and its part of the image with it ({type(error).__name__}); the same command with "
                "--resume goes on from the last checkpoint"
            ) from error


@contextmanager
def shared(options: RunOptions, say: Say) -> Iterator[Striped]:
    """Yield what evaluates an image on the workers that the options ask for; those of this machine end with it."""
    from transfer.cluster.client import opened_client, say_workers  # here, because Dask is an optional extra

    with opened_client(options, f"image-{secrets.token_hex(4)}") as client:
        say_workers(client, say)
        say("what does not fit into the memory at once is shared among the workers, each with some rows of the image")
        yield IN_STRIPES._replace(evaluation=partial(ClusterEvaluation, client))


class _Actor(BandWorker):
    """A worker that makes its network of weights that were sent."""

    def __init__(self, weights: Weights, kind: tuple[str, str, str], terms: Sequence[Term], rows: int) -> None:
        super().__init__(VGG19(weights, *kind), terms, rows)


def _weights(network: VGG19) -> Weights:
    """Return the weights as the network has them, normalised or not, in float32."""
    convolutions = {
        name: Conv(*(np.asarray(values, np.float32) for values in conv)) for name, conv in network.convolutions.items()
    }
    return Weights(convolutions, network.mean_rgb.numpy())
