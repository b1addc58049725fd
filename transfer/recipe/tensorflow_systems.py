"""Programs in TensorFlow, as recipes; `transfer.recipe.systems` says what holds for all of them.

TensorFlow's Adam adds ε to √v before the bias of v is corrected (`epsilon_hat`). With ε = 1e-8 no one could see the
difference. With the last program's 0.1, ε counts 32 times as much in the first step and 3 times in the hundredth.
"""

from transfer.recipe.choices import (
    GATYS_STYLE_LAYERS,
    MEAN_OVER_GRAM,
    MEAN_OVER_MAPS,
    PRINTED_STYLE,
    AdamConstants,
    Noise,
    Normalization,
    Recipe,
    Variation,
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
    content_loss=Normalization(factor=1 / 2, channels=-1 / 2, positions=-1 / 2),
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
    content_loss=Normalization(factor=1 / 4, channels=-1, positions=-1),
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
