"""The choices of the programs people compare with, as recipes: read in their sources, their figures in our formulas.

The comment above each recipe lists what its program does and the recipe does not follow. What the recipes share:

- G is divided by M here already. Where a program divides it by N·M, `gram_channels` is -1. Where a program has Eq. 4's
  1/(4N²M²) on an undivided G, ours is ¼ N^-2 (`PRINTED_STYLE`).
- All but PyTorch's tutorial and `crowsonkb` use the plain network on pixels minus the mean. Their weights suit its
  large activations. On filters with mean activation 1, such as the normalised network's, the style counts for less.
- The programs in Torch and PyTorch use Torch's L-BFGS, which takes its steps as they come, so ours without a line
  search stands for it. Theirs remembers 100 pairs, ours 40 or what there is memory for. Theirs counts evaluations as
  iterations and may overrun the number, ours counts steps; with one evaluation for a step, the two are within 20 of
  each other.
- PyTorch and Keras round half of an odd side down, Caffe, from which the Lua program takes its network, does not.
- TensorFlow's Adam adds ε to √v before the bias of v is corrected (`epsilon_hat`). With ε = 1e-8 no one could see the
  difference. With the TensorFlow tutorial's 0.1, ε counts 32 times as much in the first step and 3 times in the
  hundredth.

What no recipe follows:

- We clip pixels to their range after each step. Only the two tutorials and `crowsonkb` do so too. The other programs
  clip once, at the end, so that pixels may leave the range for a while. Of all that is not followed, this changes the
  picture most.
- We keep the image with the lowest loss. The programs keep the last one.
- We resample by area when a picture shrinks and bicubically when it grows; most programs are bilinear both ways. We
  round fractions of a pixel and of a level, and some programs cut them off.
"""

from transfer.recipes import (
    DEFAULT,
    GATYS2016,
    GATYS2016_LITERAL,
    GATYS_STYLE_LAYERS,
    MEAN_OVER_GRAM,
    MEAN_OVER_MAPS,
    PRINTED_STYLE,
    AdamConstants,
    LossScale,
    Noise,
    Recipe,
    Variation,
)
from vgg.errors import InputError

#: J. Johnson, neural-style (Lua): content 5, style 100 for each layer, TV 1e-3, from 0.001·N(0, 1) around the mean. The
#: network sees pixels from 0 to 256. TV is known by its gradient, that of ½ Σ d² on these pixels; steps across in the
#: last row and down in the last column are missing. A d of theirs is 256/255 of ours.
#:
#: Not followed: TV is missing from the loss that the program prints, and is part of ours (the steps are the same, but
#: another image may be the best). Of 1000 evaluations the last one's image is written, which 999 steps have reached.
#: With `-pooling avg` the program rounds odd sides down; `--pooling avg` here does not. neural-style-pt has the same
#: numbers and pixels, but rounds odd sides down, and its TV is Σ|d| over all rows and columns.
NEURAL_STYLE = Recipe(
    name="neural-style",
    summary="jcjohnson/neural-style: means, G/(N·M), 5 : 100 for each layer",
    content_weight=5,
    style_weight=100,
    content_loss=MEAN_OVER_MAPS,
    style_loss=MEAN_OVER_GRAM,
    style_layers=tuple((name, 1.0) for name in GATYS_STYLE_LAYERS),
    gram_channels=-1,
    tv_weight=1e-3,
    tv_loss=Variation(power=2, count=0, factor=1 / 2 * (256 / 255) ** 2, last_row_and_column=False),
    pooling="max",
    pixel_range=256,
    normalized_network=False,
    noise=Noise("normal", 0.001),
    optimizer="l-bfgs-unit",
    iterations=1000,
    enlarges=True,
)

#: L. Gatys, PytorchNeuralStyleTransfer: content 1, style 1e3/N² for each layer, from the content image, 512 pixels on
#: the shorter side. The README says that the weights are Simonyan & Zisserman's, which is the plain network. The
#: style's 1e3/N² and the 500 were read in programs that derive from it; in the notebook itself they were out of sight.
#:
#: Not followed: iterations are evaluations, in runs of 20 until there are more than 500, so 520. The program then goes
#: on with 200 (220) at 800 pixels: run it again with `--size 800 --iterations 200 --init` the first result.
LEONGATYS = Recipe(
    name="leongatys",
    summary="leongatys/PytorchNeuralStyleTransfer: means, 1e3/N² for each layer",
    content_weight=1,
    style_weight=1e3,
    content_loss=MEAN_OVER_MAPS,
    style_loss=LossScale(channels=-4),  # a mean over G (N^-2) with the weight 1/N²
    style_layers=tuple((name, 1.0) for name in GATYS_STYLE_LAYERS),
    pooling="max",
    odd_sides="down",
    normalized_network=False,
    init="content",
    optimizer="l-bfgs-unit",
    size_of="shorter side",
    enlarges=True,
)

#: PyTorch's tutorial: content 1 at the fourth convolution, style 1e6 at the first five, all before their ReLUs; 512
#: pixels on the shorter side. Its two pictures must have one size, so here the style picture is stretched to the
#: content's.
#:
#: Not followed: its network is torchvision's, trained on pixels divided by their standard deviation, with activations
#: of order 1, for which 1e6 is meant. That network is not in any `.mat`. The normalised network comes closest in scale,
#: so it is used here. The 300 iterations are evaluations, in runs of 20 until there are more than 300, so 320. Pixels
#: are clipped before each evaluation and not by the optimiser, which does not know of it. Without a GPU the program
#: takes 128 pixels.
PYTORCH_TUTORIAL = Recipe(
    name="pytorch-tutorial",
    summary="PyTorch's tutorial: early layers before their ReLU, style 1e6, 300 steps",
    content_weight=1,
    style_weight=1e6,
    content_loss=MEAN_OVER_MAPS,
    style_loss=MEAN_OVER_GRAM,
    content_layers=(("conv2_2", 1.0),),
    style_layers=tuple((name, 1.0) for name in ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1")),
    gram_channels=-1,
    pooling="max",
    odd_sides="down",
    init="content",
    optimizer="l-bfgs-unit",
    iterations=300,
    size_of="shorter side",
    enlarges=True,
    style_size="content size",
)


#: C. Smith, neural-style-tf: content 5 · Σ/(2√N√M) before the ReLU, style 1e4 with w = 1/5. The sum over layers is
#: divided by their number once more, surely a slip; w = 1/25 says so, and keeps the balance of its pictures. The style
#: picture is stretched to the content's size. TV is Σ|d|, as in newer versions.
#:
#: Not followed: SciPy's L-BFGS-B has no bounds there, remembers 10 pairs (ours 20), and may stop before 1000 steps by
#: its own tests, of the loss and of the gradient. Older versions have the mean of d² as TV.
NEURAL_STYLE_TF = Recipe(
    name="neural-style-tf",
    summary="cysmith/neural-style-tf: Eq. 4 as printed, content over √(N·M), average pooling",
    content_weight=5,
    style_weight=1e4,
    content_loss=LossScale(factor=1 / 2, channels=-1 / 2, positions=-1 / 2),
    style_loss=PRINTED_STYLE,
    content_layers=(("conv4_2", 1.0),),
    style_layers=tuple((name, 1 / 25) for name in GATYS_STYLE_LAYERS),
    tv_weight=1e-3,
    tv_loss=Variation(power=1, count=0),
    normalized_network=False,
    init="content",
    iterations=1000,
    style_size="content size",
)

#: A. Athalye, neural-style: content 5, style 500, TV 100 · mean, Adam 10 from 0.256·N(0, 1) around the mean. The style
#: picture is scaled to the content's width and keeps its proportions. A blend of relu4_2 with relu5_2 is an option
#: there; by default all of the weight is on relu4_2.
#:
#: Not followed: its kernels are transposed (height and width swapped); ours are not. Its size is the content picture's
#: own unless `--width` gives another. With checkpoints it writes the best of them.
ANISHATHALYE = Recipe(
    name="anishathalye",
    summary="anishathalye/neural-style: means, G/(N·M), Adam with steps of 10",
    content_weight=5,
    style_weight=500,
    content_loss=MEAN_OVER_MAPS,
    style_loss=MEAN_OVER_GRAM,
    gram_channels=-1,
    tv_weight=100,
    pooling="max",
    normalized_network=False,
    noise=Noise("normal", 0.256),
    optimizer="adam",
    learning_rate=10,
    adam=AdamConstants(epsilon_hat=True),
    iterations=1000,
    style_size="content width",
)

#: Coursera, "Art generation with neural style transfer", the notebook in TensorFlow 1: α = 10, β = 40, STYLE_LAYERS of
#: 0.2 each, Adam 2.0, 200 steps, from 40 % content and 60 % noise, uniform within ±20 around the mean. These were read
#: in pupils' copies, which agree; Adam's other numbers are TensorFlow's defaults and were not looked up. Its "conv4_2"
#: is the output of convolution and ReLU together, so `relu4_2` here.
#:
#: Not followed: both pictures must have 400 × 300 pixels there. Here the longer side has 400, the content picture keeps
#: its proportions, and the style picture is stretched to its size. A second notebook, in TensorFlow 2, differs.
COURSERA = Recipe(
    name="coursera",
    summary="the Coursera notebook: α = 10, β = 40, Adam 2.0 from content blended with noise",
    content_weight=10,
    style_weight=40,
    content_loss=LossScale(factor=1 / 4, channels=-1, positions=-1),
    style_loss=PRINTED_STYLE,
    normalized_network=False,
    init="content",
    noise=Noise("uniform", 20),
    noise_share=0.6,
    optimizer="adam",
    learning_rate=2.0,
    adam=AdamConstants(epsilon_hat=True),
    iterations=200,
    size=400,
    style_size="content size",
)

#: TensorFlow's tutorial: content 1e4 at block5_conv2, style 1e-2/5, TV 30 · Σ|d|, Adam 0.02 with β₁ = 0.99, ε = 0.1.
#: Pixels there run from 0 to 1 outside the network. So a step of 0.02 is 5.1 of our levels, and a difference d is 1/255
#: of ours. ε is added to the size of a gradient; our gradients are 1/255 of theirs, so ε is 0.1/255 here. The layers'
#: outputs include the ReLU. Keras rounds half of an odd side down.
#:
#: Not followed: the notebook also has a run of 1000 steps without TV, before the one with it, which is this recipe. In
#: an older version the second run went on with the state of the first one's Adam.
TENSORFLOW_TUTORIAL = Recipe(
    name="tensorflow-tutorial",
    summary="TensorFlow's tutorial: relu5_2, means, TV 30, Adam 0.02 of the range",
    content_weight=1e4,
    style_weight=1e-2,
    content_loss=MEAN_OVER_MAPS,
    style_loss=MEAN_OVER_GRAM,
    content_layers=(("relu5_2", 1.0),),
    tv_weight=30,
    tv_loss=Variation(power=1, count=0, factor=1 / 255),
    pooling="max",
    odd_sides="down",
    normalized_network=False,
    init="content",
    optimizer="adam",
    learning_rate=0.02 * 255,
    adam=AdamConstants(beta1=0.99, epsilon=0.1 / 255, epsilon_hat=True),
    iterations=1000,
    enlarges=True,
)

#: B. Galerne and others, scaling_painting_style_transfer: content 1 at relu4_2; for each layer 1e3/N² for the Gram
#: matrix, as Gatys's program on the same network has it, and 1e4 for the means and for the deviations, all as means. So
#: a mean counts 1e4/N against 1e3/N⁴, which is 10 N³. From the content image.
#:
#: Not followed: the program takes the content picture's own size, after half of it, a quarter and so on down to less
#: than 1024 pixels on the shorter side: ask for it by `--size` and `--scales`. It takes 600 steps at the first size and
#: 300, or ever fewer, at each larger one, and remembers 10 pairs there. Iterations are evaluations, in runs of 20. The
#: style picture gets the content's shorter side, but is left as it is if it is smaller. A deviation has no least value.
SPST = Recipe(
    name="spst",
    summary="Galerne et al. 2024: Gram matrices, means and deviations, 600 steps",
    content_weight=1,
    style_weight=1e3,
    content_loss=MEAN_OVER_MAPS,
    style_loss=LossScale(channels=-4),
    style_layers=tuple((name, 1.0) for name in GATYS_STYLE_LAYERS),
    style_statistic="moments",
    moments_scale=LossScale(factor=10, channels=3),
    pooling="max",
    odd_sides="down",
    normalized_network=False,
    init="content",
    optimizer="l-bfgs-unit",
    iterations=600,
    size_of="shorter side",
)

#: K. Crowson, style-transfer-pytorch: the Wasserstein distance divided by N, 256 : 64 : 16 : 4 : 1 for the five layers,
#: content 0.015 as a mean, TV 2 as a mean on pixels from 0 to 1, Adam 0.02 with β₂ = 0.99. Sizes grow by √2 from 128.
#:
#: Not followed: its network is torchvision's, see PyTorch's tutorial above. Distance and content loss both grow with
#: the square of the activations, so only TV depends on their scale. Its first convolution repeats the pixels of the
#: edge, ours sees zeros. It takes 1000 steps at the first size. Adam's memory is enlarged with the image, here it
#: begins anew. The result is an average of the iterates, in which the last 100 count most, not the best of them; so
#: ours has more grain. Style pictures are not enlarged. ε is 1e-4, here a thousandth of the style's variance.
CROWSONKB = Recipe(
    name="crowsonkb",
    summary="crowsonkb/style-transfer-pytorch: Wasserstein distance, sizes by √2, Adam 0.02 of the range",
    content_weight=0.015,
    style_weight=1,
    content_loss=MEAN_OVER_MAPS,
    style_loss=LossScale(channels=-1),
    style_layers=tuple((name, 4.0 ** (4 - i) / 341) for i, name in enumerate(GATYS_STYLE_LAYERS)),
    style_statistic="wasserstein",
    tv_weight=2,
    tv_loss=Variation(factor=1 / 255**2),
    pooling="max",
    odd_sides="down",
    init="content",
    optimizer="adam",
    learning_rate=0.02 * 255,
    adam=AdamConstants(beta2=0.99),
    enlarges=True,
    scales=(128, 181, 256, 362),
)

#: Kolkin et al. 2022 (arXiv:2203.13215) and N. Kolkin's NeuralNeighborStyleTransfer: the cosine distance to the nearest
#: of the style's features, relu1_1 to relu4_3, looked for with three quarters of the content and one of the result so
#: far; sizes 64 to 512, 200 steps of Adam with 2e-3 of the range at each. There is no content loss.
#:
#: Not followed: its network is VGG-16, whose layers of these names are shallower parts of another network. Adam changes
#: the coefficients of a Laplacian pyramid there, pixels here: large areas change more slowly, and there is more grain.
#: The style image is also turned by 90°, 180° and 270°. All layers are one vector, each divided by its N, and have one
#: cosine; here each layer has its own. Neighbours are looked for once at a size, here `neighbours.ROUNDS` times and
#: once more, and in its last 200 steps anew for each layer and step. Then the content's colours are put back at low
#: frequencies.
NNST = Recipe(
    name="nnst",
    summary="Kolkin et al. 2022: nearest neighbours, sizes 64 to 512, 200 steps of Adam at each",
    content_weight=0,
    style_weight=1,
    content_loss=MEAN_OVER_MAPS,
    style_loss=LossScale(positions=-1),
    style_layers=tuple(
        (f"relu{block}_{i}", 1 / 10) for block, count in ((1, 2), (2, 2), (3, 3), (4, 3)) for i in range(1, count + 1)
    ),
    style_statistic="neighbours",
    matched_content=0.75,
    pooling="max",
    odd_sides="down",
    normalized_network=False,
    init="content",
    optimizer="adam",
    learning_rate=2e-3 * 255,
    iterations=200,
    scales=(64, 128, 256),
)


OURS = (DEFAULT, GATYS2016, GATYS2016_LITERAL)
OTHERS = (NEURAL_STYLE, NEURAL_STYLE_TF, ANISHATHALYE, LEONGATYS, COURSERA, PYTORCH_TUTORIAL, TENSORFLOW_TUTORIAL)
OTHERS += (SPST, CROWSONKB, NNST)
RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (*OURS, *OTHERS)}


# How --strength sets α, so that equal steps of it change the picture about equally: below ½ by equal factors; above,
# where less α changes ever less, by factors that grow.
STRENGTH_RANGE = 30.0  # what α is multiplied by at 0
STRENGTH_POWER, LEAST_ODDS = 1.4, 0.05  # of (1 - strength) / strength, above ½


def recipe_named(name: str) -> Recipe:
    """Return the recipe called `name`; raises InputError listing the valid names."""
    if name not in RECIPES:
        raise InputError(f"there is no recipe {name!r}; the recipes are {', '.join(RECIPES)}")
    return RECIPES[name]


def content_weight_at(strength: float, recipe: Recipe) -> float:
    """Return the α of a strength: the recipe's own at ½, 30 times as much at 0, a 66th at 1."""
    if strength <= 0.5:
        return recipe.content_weight * STRENGTH_RANGE ** (1 - 2 * strength)
    return recipe.content_weight * max((1 - strength) / strength, LEAST_ODDS) ** STRENGTH_POWER


def content_factor_at(strength: float, recipe: Recipe) -> float:
    """Return how many times its α a run of the recipe needs in a part of the picture that shall have that strength."""
    own = RECIPES.get(recipe.name, recipe)  # before the user's choices, which may have another strength
    if not (recipe.content_weight and recipe.style_weight and own.content_weight):
        return 1.0  # without one of the two there is no balance
    return content_weight_at(strength, own) / recipe.content_weight * recipe.style_weight / own.style_weight
