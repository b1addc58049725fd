"""From a job to its image: the phases of a run are put together here, and what several jobs share is kept.

A `Job` says what is wanted. A `Session` has the weights and knows the machine's limits. It makes the network as the
recipe wants it, decides whether an image is computed whole or in stripes, and compiles the loss once for each size.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from transfer.colors import prepared, restored
from transfer.inputs import Images, start_image
from transfer.losses import Losses, Term
from transfer.memory import Plan, plan
from transfer.neighbours import ROUNDS
from transfer.objective import Evaluation, Objective, WholeEvaluation, terms_of
from transfer.recipes import Recipe
from transfer.regions import keep_the_rest
from transfer.sizes import margin_of, scales_of, widened, with_margin
from transfer.targets import MapsOf, References
from transfer.train import Keep, Phase, Progress, Result, Watch, train
from vgg.errors import InputError
from vgg.matfile.read import Conv, Weights
from vgg.network import VGG19, Precision
from vgg.normalize import normalize
from vgg.optimize.adam import Adam
from vgg.optimize.optimizer import Optimizer
from vgg.optimize.scipy_l_bfgs_b import ScipyLBFGSB
from weights.drawings.normalizing import normalizing_images

#: The share of the steps at each size that bfloat16 may take (`transfer.precision`); at least one step is float32.
LOW_PRECISION_SHARE = 0.9
#: Networks and compiled losses that a session keeps, the last used ones: enough for two shapes of images, upright and
#: lying, at two sizes and two precisions. With 24, a batch of many shapes needed 17 % more memory at its end than after
#: ten pictures.
KEPT = 12


class Striped(NamedTuple):
    """How images are evaluated that do not fit into the memory at once: `transfer.striped.IN_STRIPES`, or a variant."""

    evaluation: Callable[[VGG19, tuple[Term, ...], int], Evaluation]  # with how many rows a stripe has at most
    maps_of: Callable[[VGG19, tuple[Term, ...]], MapsOf]  # of large content and style images


@dataclass(frozen=True)
class Job:
    """One image to make: the choices, the images they are about, and the seed of the noise."""

    recipe: Recipe
    images: Images
    seed: int = 0
    then: "Job | None" = None  # a job at a larger size, which starts from the image that this job has made


class Session:
    """Makes images with one file of weights on one machine."""

    def __init__(
        self, weights: Weights, memory_bytes: float, precision: Precision = "float32", striped: Striped | None = None
    ) -> None:
        """Take the weights, the memory that the whole process may use, and the precision of all but the last steps.

        `striped` evaluates the images that do not fit into the memory at once. Without it they are refused.
        """
        self.weights, self.memory_bytes, self.precision, self.striped = weights, memory_bytes, precision, striped
        self._made: dict[Hashable, Any] = {}  # networks and evaluations, the oldest first

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
        scales = [scale for part in (job, job.then) if part for scale in scales_of(part.images, part.recipe)]
        # The longer side grows from scale to scale, so only one has the shape of the image.
        images = next(scale for scale in scales if scale.content_image.shape == image.shape)
        painted = keep_the_rest(image, images.content_image, images.regions)
        return restored(painted, images.content_image, job.recipe.colors)

    def start(self, job: Job) -> np.ndarray:
        """Return the image that the first phase starts from, float32 (H, W, 3) RGB in [0, 255]."""
        recipe = job.recipe
        smallest = prepared(scales_of(job.images, recipe)[0], recipe.colors)
        mean_rgb = for_pixel_range(self.weights, recipe.pixel_range).mean_rgb  # what is 0 for the network
        return start_image(smallest, mean_rgb, job.seed, recipe.noise, recipe.noise_share)

    def phases(self, job: Job) -> list[Phase]:
        """Return the phases of a run: sizes from small to large, and at each size float32 last.

        Raises:
            InputError: the image does not fit into the memory, not even in stripes.
        """
        phases, recipe = [], job.recipe
        for scale in scales_of(job.images, recipe):
            height, width = scale.content_image.shape[:2]
            margin = margin_of(recipe.margin, scale)
            optimizer = optimizer_of(recipe, self.plan(recipe, height, width, scale.guided_regions))
            low_steps = min(ceil(LOW_PRECISION_SHARE * recipe.iterations), recipe.iterations - 1)
            # With neighbours, a phase is a round: they are looked for when it begins.
            rounds = ROUNDS if recipe.style_statistic == "neighbours" else self.precision != "float32"
            stops = sorted({low_steps * part // rounds for part in range(1, rounds + 1)} - {0})
            plans = [(self.precision, stop) for stop in stops]
            for precision, until in (*plans, ("float32", recipe.iterations)):
                build_objective = partial(self.objective, recipe, scale, precision)
                phases.append(Phase(height, width, build_objective, optimizer, until, precision, margin))
        return phases + (self.phases(job.then) if job.then else [])

    def objective(self, recipe: Recipe, images: Images, precision: Precision = "float32") -> Objective:
        """Return the recipe's total loss for the images, as a function of an image with the recipe's margin.

        Raises:
            InputError: the evaluation does not fit into the memory.
        """
        rows = self.plan(recipe, *images.content_image.shape[:2], images.guided_regions).rows
        network, images = self.network(recipe, precision), prepared(images, recipe.colors)
        wide = widened(images, margin_of(recipe.margin, images))
        weights = wide.content_weights
        terms = terms_of(recipe, network, *wide.content_image.shape[:2], wide.regions, weights is not None)
        references = References(wide.content_image, wide.style_images, wide.regions, wide.earlier, weights)
        return Objective(self._evaluation(network, tuple(terms), rows), references, terms)

    def losses(self, recipe: Recipe, images: Images, image: np.ndarray) -> Losses:
        """Return the losses of `image` (H, W, 3) in float32, as floats."""
        losses, _ = self.objective(recipe, images)(with_margin(image, margin_of(recipe.margin, images)))
        return losses

    def plan(self, recipe: Recipe, height: int, width: int, regions: int = 0) -> Plan:
        """Return how an image of this size stays within the memory; raises InputError if it cannot."""
        return plan(self.weights, recipe, height, width, self.memory_bytes, regions)

    def network(self, recipe: Recipe, precision: Precision = "float32") -> VGG19:
        """Return the network as the recipe wants it."""
        pooling, odd_sides, pixel_range = recipe.pooling, recipe.odd_sides, recipe.pixel_range

        def make() -> VGG19:
            weights = self.weights
            if recipe.normalized_network:  # every filter's mean activation is 1
                weights = self._kept(
                    ("normalized", pooling), lambda: normalize(self.weights, normalizing_images(), pooling)
                )
            return VGG19(for_pixel_range(weights, pixel_range), pooling, precision, odd_sides)

        return self._kept((pooling, odd_sides, recipe.normalized_network, pixel_range, precision), make)

    def _evaluation(self, network: VGG19, terms: tuple[Term, ...], rows: int | None) -> Evaluation:
        if rows and self.striped is None:
            raise InputError("the image does not fit into the memory at once, and this session has no stripes")

        def make() -> Evaluation:
            if rows:
                return self.striped.evaluation(network, terms, rows)
            return WholeEvaluation(network, terms, self.striped.maps_of(network, terms) if self.striped else None)

        return self._kept((network, terms, rows), make)

    def _kept(self, key: Hashable, make: Callable[[], Any]) -> Any:  # noqa: ANN401  (whatever `make` makes)
        """Return what was made for this key, or make it; of too many, what was not used longest is dropped."""
        made = self._made.pop(key) if key in self._made else make()
        if len(self._made) >= KEPT:
            del self._made[next(iter(self._made))]
        self._made[key] = made  # at the end, as the last one used
        return made


def for_pixel_range(weights: Weights, pixel_range: float) -> Weights:
    """Return weights that make of pixels in [0, 255] what the given ones make of the same pixels in [0, `pixel_range`].

    With x in [0, 255] and s = pixel_range / 255, the given ones would compute conv1_1 as K ∗ (s·x − mean) + bias. This
    is (s·K) ∗ (x − mean / s) + bias. So the kernel K is multiplied by s, the mean is divided by it, and the bias stays.
    """
    if pixel_range == 255:
        return weights
    scale = np.float32(pixel_range / 255)
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
