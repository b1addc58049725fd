"""Programs in Torch and PyTorch, as recipes; `transfer.recipe.systems` says what holds for all of them.

All three use Torch's L-BFGS, which takes its steps as they come, so ours without a line search stands for it. Theirs
remembers 100 pairs, ours 40 or what there is memory for. Theirs counts evaluations as iterations and may overrun the
number, ours counts steps; with one evaluation for a step, the two are within 20 of each other.

PyTorch rounds half of an odd side down. So does Keras, but not Caffe, from which the Lua program takes its network.
"""

from transfer.recipe.choices import (
    GATYS_STYLE_LAYERS,
    MEAN_OVER_GRAM,
    MEAN_OVER_MAPS,
    Noise,
    Normalization,
    Recipe,
    Variation,
)

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
    style_loss=Normalization(channels=-4),  # a mean over G (N^-2) with the weight 1/N²
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
