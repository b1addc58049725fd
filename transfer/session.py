"""Which precision the network computes in: some processors multiply bfloat16 twice as fast as float32.

bfloat16 keeps 8 bits of mantissa, so a loss is known to two or three digits. That does not mislead unit steps
(`vgg.optimize.l_bfgs`) or Adam, but it does mislead a line search. Gram matrices and losses are summed in float32 all
the same, and the last steps at each size are float32 throughout (`transfer.session`).

Coarse to fine: train a small image first; the result, enlarged, is where the next size starts.

A layer sees a fixed number of pixels. In a large image it therefore knows only small strokes, and a large form changes
only in steps that pass through many pixels. In a small image the layer sees large forms, they change in few steps,
and an evaluation takes less time. Gatys et al. make their large images like this in "Controlling Perceptual Factors in
Neural Style Transfer", CVPR 2017.

A margin around the image that is trained with it and cut off at the end, so that the image itself has no frame.

A convolution of VGG-19 at an image's border sees zeros outside. No picture is like that: the zeros are an edge, which
the optimiser answers with stripes and a coloured rim. So content, style and start are continued beyond their edges by
reflection, the wider image is trained, and the frame appears in its margin, which nobody sees.

This departs from the paper, whose images end where the network does. Recipes have it as `Recipe.margin`.

From a job to its image: the phases of a run are put together here, and what several jobs share is kept.

A `Job` says what is wanted. A `Session` has the weights and knows the machine's limits. It makes the network as the
recipe wants it, decides whether an image is computed whole or in stripes, and compiles the loss once for each size.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from math import ceil

import numpy as np
import tensorflow as tf

from transfer.colors import prepared, restored
from transfer.inputs import Pictures, start_image
from transfer.losses import Losses, Term
from transfer.memory import Plan, plan
from transfer.objective import Evaluation, Objective, References, WholeEvaluation, terms_of
from transfer.recipes import Recipe
from transfer.regions import keep_the_rest
from transfer.striped.evaluation import StripedEvaluation
from transfer.train import Keep, Phase, Progress, Result, Watch, train
from vgg.errors import InputError
from vgg.layers import SMALLEST_SIDE, OddSides
from vgg.matfile.read import Conv, Weights
from vgg.network import VGG19, Pooling, Precision, computable, conv2d
from vgg.normalize import normalize
from vgg.optimize.adam import Adam
from vgg.optimize.optimizer import Optimizer
from vgg.optimize.scipy_l_bfgs_b import ScipyLBFGSB
from vgg.tools.image import resize, resize_to
from weights.drawings.normalizing import normalizing_pictures

#: bfloat16 must be this much faster; between the two lies a factor of 2 or none, so the choice is stable.
WORTHWHILE = 1.3


def precisions() -> list[Precision]:
    """Return those that this machine can compute in."""
    return [precision for precision in ("float32", "bfloat16") if computable(precision)]


def fastest() -> Precision:
    """Try both on one convolution, 3×3 from 64 to 64 channels on 256×256 positions; takes a fifth of a second.

    In turn, so that a slow moment of the machine hits both, and the shortest try of each counts: whatever else the
    machine does can only make one longer.
    """
    if not computable("bfloat16"):
        return "float32"
    seconds = {"float32": float("inf"), "bfloat16": float("inf")}
    for _ in range(10):
        for precision in seconds:
            seconds[precision] = min(seconds[precision], _seconds(precision))
    return "bfloat16" if seconds["bfloat16"] * WORTHWHILE < seconds["float32"] else "float32"


def _seconds(precision: Precision) -> float:
    maps = tf.ones((1, 256, 256, 64), precision)
    kernel, bias = tf.ones((3, 3, 64, 64), precision), tf.zeros(64, precision)
    began = time.perf_counter()
    conv2d(maps, kernel, bias)[0, 0, 0, 0].numpy()  # waits for the result, which a GPU computes in the background
    return time.perf_counter() - began


#: The last size passed through is at most this share of the final one; a closer one would not be worth its steps.
LARGEST_SHARE = 0.75


def scales_of(pictures: Pictures, recipe: Recipe) -> list[Pictures]:
    """Return the pictures at each size, from the coarsest to their own; content and style shrink by the same factor."""
    sides = [side for image in (pictures.content_image, *pictures.style_images) for side in image.shape[:2]]
    factors = [size / max(sides[:2]) for size in sorted(set(recipe.scales))]
    smaller = [factor for factor in factors if SMALLEST_SIDE / min(sides) <= factor <= LARGEST_SHARE]
    return [*(_shrunk(pictures, factor) for factor in smaller), pictures]


def _shrunk(pictures: Pictures, factor: float) -> Pictures:
    def smaller(image: np.ndarray) -> np.ndarray:
        """Return an image (H, W, 3), or a guide (H, W), made smaller by the factor."""
        return resize(image, round(factor * max(image.shape[:2])))

    content_image = smaller(pictures.content_image)
    init_image, earlier = (
        None if image is None else resize_to(image, *content_image.shape[:2])
        for image in (pictures.init_image, pictures.earlier)
    )
    return replace(
        pictures,
        content_image=content_image,
        style_images=tuple(smaller(image) for image in pictures.style_images),
        regions=tuple(region.changed(smaller) for region in pictures.regions),
        init_image=init_image,
        earlier=earlier,
    )


def margin_of(wanted: int, pictures: Pictures) -> int:
    """Return how far content and style are continued: `wanted` pixels, or less if a reflection would not reach."""
    images = (pictures.content_image, *pictures.style_images)
    return min(wanted, *(side - 1 for image in images for side in image.shape[:2]))


def continued(image: np.ndarray, margin: int) -> np.ndarray:
    """Return (H, W, 3) → (H + 2·margin, W + 2·margin, 3), reflected at the edges, whose pixels are not repeated.

    A region's guide has no channels: (H, W) → (H + 2·margin, W + 2·margin).
    """
    around = ((margin, margin), (margin, margin), (0, 0))[: image.ndim]
    return np.pad(image, around, mode="reflect") if margin else image


def kept(image: np.ndarray, margin: int) -> np.ndarray:
    """Return the image without its margin: (H + 2·margin, W + 2·margin, 3) → (H, W, 3)."""
    return image[margin:-margin, margin:-margin] if margin else image


def widened(pictures: Pictures, margin: int) -> Pictures:
    """Return content, styles and regions continued by `margin` pixels."""
    return replace(
        pictures,
        content_image=continued(pictures.content_image, margin),
        style_images=tuple(continued(image, margin) for image in pictures.style_images),
        regions=tuple(region.changed(lambda guide: continued(guide, margin)) for region in pictures.regions),
        earlier=None if pictures.earlier is None else continued(pictures.earlier, margin),
    )


#: The share of the steps at each size that a faster, less exact precision may take; at least one step is float32.
LOW_PRECISION_SHARE = 0.9
#: Networks and compiled losses that are kept, the last used ones: enough for six shapes of pictures at two sizes and
#: two precisions. Each compiled loss takes about 8 MB.
KEPT = 24


#: The network, the terms, and how many rows a stripe has at most → what evaluates an image in stripes.
Striped = Callable[[VGG19, tuple[Term, ...], int], Evaluation]


@dataclass(frozen=True)
class Job:
    """One image to make: the choices, the images they are about, and the seed of the noise."""

    recipe: Recipe
    pictures: Pictures
    seed: int = 0


class Session:
    """Makes images with one file of weights on one machine."""

    def __init__(
        self,
        weights: Weights,
        memory_bytes: float,
        precision: Precision = "float32",
        striped: Striped = StripedEvaluation,
    ) -> None:
        """Take the weights, the memory that the whole process may use, and the precision of all but the last steps.

        `striped` evaluates the images that do not fit into the memory at once, in stripes of so many rows. It may share
        them among many machines: see `transfer.apps.cluster.bands`.
        """
        self.weights, self.memory_bytes, self.precision, self.striped = weights, memory_bytes, precision, striped
        # Each session has its own caches; a decorator of the methods would share one and keep all sessions alive.
        self._normalized = lru_cache(KEPT)(self._normalized)
        self._network = lru_cache(KEPT)(self._network)
        self._evaluation = lru_cache(KEPT)(self._evaluation)

    def run(
        self,
        job: Job,
        watch: Watch | None = None,
        keep: Keep | None = None,
        begin: np.ndarray | Progress | None = None,
    ) -> Result:
        """Make the image; see `transfer.train.train`. It begins with the job's own start unless told otherwise."""
        result = train(self.phases(job), self.start(job) if begin is None else begin, watch, keep)
        result.image = self.finished(job, result.image)
        return result

    def finished(self, job: Job, image: np.ndarray) -> np.ndarray:
        """Return what the loop made of a job, of any size on the way, with what it has to keep of the content.

        These are the pixels of regions without a style, and with `colors="luminance"` the colours.
        """
        scales = scales_of(job.pictures, job.recipe)
        pictures = next(scale for scale in scales if scale.content_image.shape == image.shape)
        painted = keep_the_rest(image, pictures.content_image, pictures.regions)
        return restored(painted, pictures.content_image, job.recipe.colors)

    def start(self, job: Job) -> np.ndarray:
        """Return the image that the first phase starts from, float32 (H, W, 3) RGB in [0, 255]."""
        recipe = job.recipe
        smallest = prepared(scales_of(job.pictures, recipe)[0], recipe.colors)
        mean_rgb = for_pixel_range(self.weights, recipe.pixel_range).mean_rgb  # what is 0 for the network
        return start_image(smallest, mean_rgb, job.seed, recipe.noise, recipe.noise_share)

    def phases(self, job: Job) -> list[Phase]:
        """Return the phases of a run: sizes from small to large, and at each size float32 last.

        Raises:
            InputError: the image does not fit into the memory, not even in stripes.
        """
        phases, recipe = [], job.recipe
        for scale in scales_of(job.pictures, recipe):
            height, width = scale.content_image.shape[:2]
            margin = margin_of(recipe.margin, scale)
            optimizer = optimizer_of(recipe, self.plan(recipe, height, width, scale.guided_regions))
            low_steps = min(ceil(LOW_PRECISION_SHARE * recipe.iterations), recipe.iterations - 1)
            plans = [(self.precision, low_steps)] if low_steps and self.precision != "float32" else []
            for precision, until in (*plans, ("float32", recipe.iterations)):
                build_objective = partial(self.objective, recipe, scale, precision)
                phases.append(Phase(height, width, build_objective, optimizer, until, precision, margin))
        return phases

    def objective(self, recipe: Recipe, pictures: Pictures, precision: Precision = "float32") -> Objective:
        """Return the recipe's total loss for the images, as a function of an image with the recipe's margin.

        Raises:
            InputError: the evaluation does not fit into the memory.
        """
        rows = self.plan(recipe, *pictures.content_image.shape[:2], pictures.guided_regions).rows
        network, pictures = self.network(recipe, precision), prepared(pictures, recipe.colors)
        wide = widened(pictures, margin_of(recipe.margin, pictures))
        terms = terms_of(recipe, network, *wide.content_image.shape[:2], wide.regions)
        references = References(wide.content_image, wide.style_images, wide.regions, wide.earlier)
        return Objective(self._evaluation(network, terms, rows), references)

    def losses(self, recipe: Recipe, pictures: Pictures, image: np.ndarray) -> Losses:
        """Return the losses of `image` (H, W, 3) in float32, as floats."""
        losses, _ = self.objective(recipe, pictures)(continued(image, margin_of(recipe.margin, pictures)))
        return losses

    def plan(self, recipe: Recipe, height: int, width: int, regions: int = 0) -> Plan:
        """Return how an image of this size stays within the memory; raises InputError if it cannot."""
        return plan(self.weights, recipe, height, width, self.memory_bytes, regions)

    def _evaluation(self, network: VGG19, terms: tuple[Term, ...], rows: int | None) -> Evaluation:
        return self.striped(network, terms, rows) if rows else WholeEvaluation(network, terms)

    def network(self, recipe: Recipe, precision: Precision = "float32") -> VGG19:
        """Return the network as the recipe wants it."""
        kind = recipe.pooling, recipe.odd_sides, recipe.normalized_network, recipe.pixel_range
        return self._network(*kind, precision)

    def _network(
        self, pooling: Pooling, odd_sides: OddSides, normalized: bool, pixel_range: float, precision: Precision
    ) -> VGG19:
        weights = self._normalized(pooling) if normalized else self.weights
        return VGG19(for_pixel_range(weights, pixel_range), pooling, precision, odd_sides)

    def _normalized(self, pooling: Pooling) -> Weights:
        """Return the weights with which every filter's mean activation is 1."""
        return normalize(self.weights, normalizing_pictures(), pooling)


def for_pixel_range(weights: Weights, white: float) -> Weights:
    """Return weights that make of pixels in [0, 255] what the given ones make of the same pixels in [0, `white`].

    conv1_1 of s·x − mean is s·conv1_1 of x − mean / s, but for the bias.
    """
    if white == 255:
        return weights
    scale = np.float32(white / 255)
    kernel, bias = weights.convolutions["conv1_1"]
    convolutions = weights.convolutions | {"conv1_1": Conv(scale * kernel, bias)}
    return replace(weights, convolutions=convolutions, mean_rgb=weights.mean_rgb / scale)


def optimizer_of(recipe: Recipe, plan: Plan) -> Optimizer:
    """Return the recipe's optimiser with the settings that it has there and the history that there is memory for."""
    optimizers: dict[str, Callable[[], Optimizer]] = {
        "l-bfgs": ScipyLBFGSB,
        "l-bfgs-unit": lambda: plan.l_bfgs,
        "l-bfgs-smooth": lambda: replace(plan.l_bfgs, smooth=True),
        "adam": lambda: Adam(recipe.learning_rate, **vars(recipe.adam)),
    }
    return optimizers[recipe.optimizer]()


def precision_of(wanted: str, recipe: Recipe) -> Precision:
    """Return what `wanted`, perhaps "auto", means on this machine; SciPy's line search needs exact losses.

    Raises:
        InputError: this machine cannot compute in it.
    """
    if wanted != "auto":
        if not computable(wanted):
            raise InputError(f"this machine cannot compute in {wanted}; choose --precision float32")
        return wanted
    return "float32" if recipe.optimizer == "l-bfgs" else fastest()
