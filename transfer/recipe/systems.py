"""The choices of the programs people compare with, as recipes: read in their sources, their figures in our formula.

What they share: G is divided by M here already; where a program divides it by N·M, `gram_channels` is -1. Where one has
Eq. 4's 1/(4N²M²) on an undivided G, ours is ¼ N^-2 (`PRINTED_STYLE`). All but PyTorch's tutorial use the plain network
on pixels from 0 to 255 minus the mean, so their weights suit its large activations: on filters with mean activation 1,
such as our learned ones, the style counts for less. Where Torch's L-BFGS is used, which takes its steps as they come,
ours without a line search stands for it. Kinds of pooling, but for neural-style-tf's and leongatys's, are from memory.
The two tutorials keep pixels within their range while they run, as we always do; the others only at the end.
"""

from transfer.recipe.choices import (
    GATYS_STYLE_LAYERS,
    MEAN_OVER_GRAM,
    MEAN_OVER_MAPS,
    PRINTED_STYLE,
    Noise,
    Normalization,
    Recipe,
    Variation,
)

#: J. Johnson, neural-style (Lua): content 5, style 100 for each layer, TV 1e-3, 1000 steps from 0.001·N(0, 1). Its TV
#: is known by its gradient, that of ½ Σ d² (form from memory), and is missing from the loss its optimiser sees; here it
#: is part of the loss. neural-style-pt has the same numbers, but Σ|d| as its TV, which is part of its loss.
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
    tv_loss=Variation(power=2, count=0, factor=1 / 2),
    pooling="max",
    normalized_network=False,
    noise=Noise("normal", 0.001),
    optimizer="l-bfgs-unit",
    iterations=1000,
)

#: C. Smith, neural-style-tf: content 5 · Σ/(2√N√M) before the ReLU, style 1e4 with w = 1/5. The sum over layers is
#: divided by their number once more, surely a slip; w = 1/25 says so, and keeps the balance of its pictures.
NEURAL_STYLE_TF = Recipe(
    name="neural-style-tf",
    summary="cysmith/neural-style-tf: Eq. 4 as printed, content over √(N·M), average pooling",
    content_weight=5,
    style_weight=1e4,
    content_loss=Normalization(factor=1 / 2, channels=-1 / 2, positions=-1 / 2),
    style_loss=PRINTED_STYLE,
    content_layers=(("conv4_2", 1.0),),
    style_layers=tuple((name, 1 / 25) for name in GATYS_STYLE_LAYERS),
    tv_weight=1e-3,
    tv_loss=Variation(power=1, count=0),
    normalized_network=False,
    init="content",
    iterations=1000,
)

#: A. Athalye, neural-style: content 5, style 500, TV 100 · mean, Adam 10 from 0.256·N(0, 1). Its kernels are turned on
#: their side (height and width swapped); ours are not. A blend of relu4_2 with relu5_2 is an option there; by default
#: all of the weight is on relu4_2.
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
    iterations=1000,
)

#: L. Gatys, PytorchNeuralStyleTransfer: content 1, style 1e3/N² for each layer, 500 steps from the content image. It
#: goes on with 200 steps at 800 pixels: run it again with `--size 800 --iterations 200 --init` the first result. Sizes
#: are the shorter side there, the longer one here. Whether its weights are the normalised ones is not in our notes:
#: plain here.
LEONGATYS = Recipe(
    name="leongatys",
    summary="leongatys/PytorchNeuralStyleTransfer: means, 1e3/N² for each layer",
    content_weight=1,
    style_weight=1e3,
    content_loss=MEAN_OVER_MAPS,
    style_loss=Normalization(channels=-4),  # a mean over G (N^-2) with the weight 1/N²
    style_layers=tuple((name, 1.0) for name in GATYS_STYLE_LAYERS),
    pooling="max",
    normalized_network=False,
    init="content",
    optimizer="l-bfgs-unit",
)

#: Coursera, "Art generation with neural style transfer": α = 10, β = 40, STYLE_LAYERS of 0.2 each, Adam 2.0, 200 steps
#: at 400 × 300, from 40 % content and 60 % noise, uniform within ±20 (share and range from memory). Its "conv4_2" is
#: the output of convolution and ReLU together, so `relu4_2` here.
COURSERA = Recipe(
    name="coursera",
    summary="the Coursera notebook: α = 10, β = 40, Adam 2.0 from content blended with noise",
    content_weight=10,
    style_weight=40,
    content_loss=Normalization(factor=1 / 4, channels=-1, positions=-1),
    style_loss=PRINTED_STYLE,
    normalized_network=False,
    init="content",
    noise=Noise("uniform", 20),
    noise_share=0.6,
    optimizer="adam",
    learning_rate=2.0,
    iterations=200,
    size=400,
)

#: PyTorch's tutorial: content 1 at the fourth convolution, style 1e6 at the first five, before their ReLUs. Its network
#: is trained on pixels divided by their standard deviation, with activations of order 1, for which 1e6 is meant; that
#: network is not in any `.mat`. The normalised network comes closest in scale, so it is used here.
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
    init="content",
    optimizer="l-bfgs-unit",
    iterations=300,
)

#: TensorFlow's tutorial: content 1e4 at block5_conv2, style 1e-2/5, TV 30 · Σ|d|, Adam 0.02. Pixels there run from 0 to
#: 1 outside the network, so a step of 0.02 is 5.1 of our levels and a difference d is 1/255 of ours; its layers'
#: outputs include the ReLU. Its Adam has β₁ = 0.99 and ε = 0.1 (from memory), ours the paper's 0.9 and 1e-8.
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
    normalized_network=False,
    init="content",
    optimizer="adam",
    learning_rate=0.02 * 255,
    iterations=1000,
)

SYSTEMS = (
    NEURAL_STYLE,
    NEURAL_STYLE_TF,
    ANISHATHALYE,
    LEONGATYS,
    COURSERA,
    PYTORCH_TUTORIAL,
    TENSORFLOW_TUTORIAL,
)
