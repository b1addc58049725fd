"""What a recipe is: every choice that a style transfer makes, as data; and our recipes, the default and the paper's.

Defaults live here; the command line reads them. Those of other programs are in `transfer.other_programs`. How a loss is
normalised is a few numbers that `transfer.losses` puts into one formula. So adding a recipe adds a value and no code.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from vgg.errors import InputError

#: The paper's style layers; "conv1_1" there means the maps after the ReLU (its gradients, Eq. 2 and 6, show it).
GATYS_STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")

OptimizerName = Literal["l-bfgs", "l-bfgs-unit", "l-bfgs-smooth", "adam"]
#: SciPy's L-BFGS-B is "l-bfgs"; these are `vgg.optimize.l_bfgs`, the second one with smooth steps.
OWN_L_BFGS: tuple[OptimizerName, ...] = ("l-bfgs-unit", "l-bfgs-smooth")

#: Of a layer's maps: see `losses.StyleTerm`, `transfer.style_statistics` and `transfer.neighbours`.
StyleStatistic = Literal["gram", "moments", "wasserstein", "neighbours"]
Colors = Literal["style", "luminance", "match", "match-cholesky", "coarse"]
Crop = Literal["none", "square"]


@dataclass(frozen=True)
class LossScale:
    """What a sum of squared differences is multiplied by, for a layer of N channels and M positions.

    The factor is `factor` · N^`channels` · M^`positions` · S^`target` · D^`distance`. S is the sum of the target's
    squares. D is what the sum is for an image of reference: for a style loss the content image, for a content
    loss the content image with grain (`transfer.targets.GRAIN`). So factor=½ is the content loss as the paper
    prints it, channels=−1 with positions=−1 is a mean over the feature maps, and target=−1 measures the difference
    relative to the target itself.
    """

    factor: float = 1.0
    channels: float = 0.0
    positions: float = 0.0
    target: float = 0.0
    distance: float = 0.0

    def __str__(self) -> str:
        """For example `0.25 Σ N^-2`."""
        powers = (("N", self.channels), ("M", self.positions), ("S", self.target), ("D", self.distance))
        factor = "" if self.factor == 1 else f"{self.factor:g} "
        return f"{factor}Σ" + "".join(f" {letter}^{power:g}" for letter, power in powers if power)


#: The loss of a layer relative to a distance: 0 is the target, 1 the image of reference.
RELATIVE_TO_REFERENCE = LossScale(distance=-1)
MEAN_OVER_MAPS = LossScale(channels=-1, positions=-1)
MEAN_OVER_GRAM = LossScale(channels=-2)
#: What means and deviations count against a Gram matrix A, with which S is Σ A_ii: see `style_statistics.MomentsTerm`.
MEAN_ENERGY = LossScale(target=1)
#: Eq. 1 and Eq. 4 as printed. Our Gram matrices are already divided by M, so the M² of Eq. 4 is gone.
PRINTED_CONTENT = LossScale(factor=1 / 2)
PRINTED_STYLE = LossScale(factor=1 / 4, channels=-2)


@dataclass(frozen=True)
class Variation:
    """Total variation: `factor` · Σ |step|^`power` · n^`count`, summed over the n steps down and the n across."""

    power: float = 2.0
    count: float = -1.0
    factor: float = 1.0
    last_row_and_column: bool = True  # False: without the steps across in the last row and down in the last column

    def __str__(self) -> str:
        """For example `Σ|d|^2 n^-1`, with d' where the last row and column are left out."""
        factor = "" if self.factor == 1 else f"{self.factor:.3g} "
        step = "d" if self.last_row_and_column else "d'"
        return f"{factor}Σ|{step}|^{self.power:g}" + (f" n^{self.count:g}" if self.count else "")


@dataclass(frozen=True)
class Noise:
    """Random numbers of a start image, in pixel levels: N(0, `level`²), or uniform from -`level` to `level`."""

    kind: Literal["normal", "uniform"] = "normal"
    level: float = 1.0


@dataclass(frozen=True)
class AdamConstants:
    """Adam's numbers beside its learning rate, by default those of Algorithm 1 (Kingma & Ba 2015)."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    epsilon_hat: bool = False  # as in TensorFlow, ε is added to √v before its bias is corrected (end of section 2)


@dataclass(frozen=True)
class Recipe:
    """One complete set of choices; figures are cited where a recipe is defined.

    A recipe names no files: it is the same for all images.
    """

    name: str
    summary: str
    content_weight: float  # α
    style_weight: float  # β
    content_loss: LossScale
    style_loss: LossScale
    content_layers: tuple[tuple[str, float], ...] = (("relu4_2", 1.0),)
    style_layers: tuple[tuple[str, float], ...] = tuple((name, 1 / 5) for name in GATYS_STYLE_LAYERS)  # w_l of Eq. 5
    gram_channels: float = 0.0  # G = Fᵀ F · N^gram_channels / M, see `losses.StyleTerm`
    style_statistic: StyleStatistic = "gram"
    moments_scale: LossScale = MEAN_ENERGY  # of "moments"
    matched_content: float = 0.7  # of "neighbours": the content's share in what they are looked for
    tv_weight: float = 0.0
    tv_loss: Variation = Variation()
    temporal_weight: float = 0.0  # γ, of a frame of a film: see `transfer.losses.TemporalTerm`
    pooling: Literal["avg", "max"] = "avg"
    odd_sides: Literal["up", "down"] = "up"  # how a pool rounds half of an odd side
    pixel_range: float = 255.0  # what white is for the network
    normalized_network: bool = True
    margin: int = 0  # pixels around the image that are trained with it and cut off, see `transfer.sizes`
    init: Literal["content", "style", "noise", "picture", "blend"] = "noise"
    init_shares: tuple[tuple[str, float], ...] = ()  # of the start "blend": of content and style, 1 in all
    noise: Noise = Noise()
    noise_share: float = 0.0  # of noise blended into a start that is not noise
    optimizer: OptimizerName = "l-bfgs"
    learning_rate: float = 2.0  # Adam's, in pixel levels; L-BFGS finds its own steps
    adam: AdamConstants = AdamConstants()
    iterations: int = 500  # at each size
    size: int = 512  # of content and style, in pixels
    size_of: Literal["longer side", "shorter side"] = "longer side"
    enlarges: bool = False  # images that are smaller
    crop: Crop = "none"  # "square": all images and masks are cut to the square in their middle first
    #: "own": by the same rule as the content image. Otherwise the style image is brought to the content image's
    #: size and stretched, or to its width in its own proportions; then it is also enlarged.
    style_size: Literal["own", "content size", "content width"] = "own"
    style_scale: float = 1.0  # the style image's size against that: its strokes become larger or smaller with it
    colors: Colors = "style"  # see `transfer.colors`
    scales: tuple[int, ...] = ()  # smaller sizes to pass through before, see `transfer.sizes`

    def __post_init__(self) -> None:
        """Raise InputError if a layer stands without its weight, or there is no such optimiser or style statistic."""
        for pair in (*self.content_layers, *self.style_layers):
            if isinstance(pair, str):
                raise InputError(f"the layer {pair!r} has no weight, expected a pair such as ('relu2_1', 0.5)")
        for what, value, kind in (
            ("optimizer", self.optimizer, OptimizerName),
            ("style statistic", self.style_statistic, StyleStatistic),
        ):
            if value not in get_args(kind):
                raise InputError(f"the {what} is {value!r}, expected one of {', '.join(get_args(kind))}")


#: One setting for all networks and images. Losses of different networks differ by powers of ten, and those of one
#: network from pair to pair. So each layer's loss is measured in what that layer can tell apart. The style loss is 1
#: at the content image, where the run starts. The content loss is 1 at the content image with grain, noise of 20
#: levels: a network that sees every grain, as the genuine network does, would otherwise hold on to the content
#: several times as firmly as one that does not. The rule is ours. The content is held by two layers: relu3_2 keeps
#: edges and letters, relu4_2 larger forms. The network is the plain one, with which the genuine one gives the longer
#: strokes.
DEFAULT = Recipe(
    name="default",
    summary="a picture soon: starts from the content image, losses in units of what each layer can tell apart",
    content_weight=0.02,
    style_weight=1.0,
    tv_weight=2e-5,
    content_loss=RELATIVE_TO_REFERENCE,
    content_layers=(("relu3_2", 0.5), ("relu4_2", 0.5)),
    style_loss=RELATIVE_TO_REFERENCE,
    normalized_network=False,
    margin=16,
    init="content",
    optimizer="l-bfgs-smooth",
    iterations=30,
    scales=(256, 512, 1024, 2048, 4096),
)

#: Gatys, Ecker & Bethge, CVPR 2016, Fig. 3: content relu4_2, five style layers with w = 1/5, α/β = 1e-3, white noise.
#: Both losses are means, as in the authors' later public code (NeuralImageSynthesis, BasicStyleTransfer: content
#: 1e6 · mean, style 1e9/5 · mean for each layer, on the normalised network; it starts from the content image).
GATYS2016 = Recipe(
    name="gatys2016",
    summary="Gatys et al., CVPR 2016, Fig. 3 B: white noise, α/β = 1e-3, losses as means",
    content_weight=1e-3,
    style_weight=1.0,
    content_loss=MEAN_OVER_MAPS,
    style_loss=MEAN_OVER_GRAM,
)

#: The same with Eq. 1 and Eq. 4 as they are printed, ½ Σ and 1/(4N²M²), on the network as it was published. On the
#: genuine network this follows the paper's Fig. 4: at the balance of 512 pixels, 1e-3 shows the houses. The sums
#: make the content term 2·N·M times stronger, 4.2 million times at relu4_2 of a 512² image. What balances them is the
#: size of the published network's maps, about a hundred: the style loss grows with its fourth power, the content loss
#: with its second. (On the normalised network the content image comes back, unpainted.)
GATYS2016_LITERAL = replace(
    GATYS2016,
    name="gatys2016-literal",
    summary="the same with Eq. 1 and 4 as printed, on the published network: the balance of the paper's Fig. 4",
    content_loss=PRINTED_CONTENT,
    style_loss=PRINTED_STYLE,
    normalized_network=False,
)


#: What the style loss is multiplied by where a statistic takes the place of the Gram matrix. The Gram matrix's loss is
#: of the fourth degree in the maps and falls fast; the Wasserstein distance is of the second and pulls longer. With
#: these factors, pictures end about as far from their content as before, so that a strength means the same. Fitted to
#: two pairs at 256 pixels with two networks; they would ask for 0.5 to 0.7. Neighbours hold on to the content by
#: themselves: with less than 4 they have the grey contrast of the photo.
STATISTIC_FACTORS: dict[StyleStatistic, float] = {"gram": 1.0, "moments": 1.0, "wasserstein": 0.6, "neighbours": 4.0}
#: Sizes that neighbours are looked for at first, beside the recipe's: there, a cell of 4 pixels is a large form.
COARSE_SCALES = (64, 128)


def with_statistic(recipe: Recipe, statistic: StyleStatistic) -> Recipe:
    """Return the recipe with another style statistic, at about the same strength.

    Raises InputError if the recipe's style loss is in units of its own statistic.
    """
    if statistic == recipe.style_statistic:
        return recipe
    if not recipe.style_loss.distance:
        raise InputError(
            f"--style-statistic {statistic} is given with --recipe {recipe.name}, whose style weight is in units of "
            f"its own, {recipe.style_statistic}; choose a recipe that measures by the pictures, such as {DEFAULT.name}"
        )
    scales = recipe.scales
    if "neighbours" in (statistic, recipe.style_statistic):
        coarse = COARSE_SCALES if statistic == "neighbours" else ()
        scales = (*coarse, *(size for size in recipe.scales if size not in COARSE_SCALES))
    factor = recipe.style_loss.factor * STATISTIC_FACTORS[statistic] / STATISTIC_FACTORS[recipe.style_statistic]
    style_loss = replace(recipe.style_loss, factor=factor)
    return replace(recipe, style_statistic=statistic, style_loss=style_loss, scales=scales)
