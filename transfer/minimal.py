"""All of neural style transfer in one file, from the weights to the picture: read this first.

    python -m transfer.minimal CONTENT STYLE OUT.png [WEIGHTS.mat]

Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016, with TensorFlow, SciPy,
NumPy and OpenCV only. Departures from the paper: losses are means, as in the authors' later code; the run starts from
the content image, because white noise needs many more steps; mean activations are those of the two pictures.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import scipy.io
import scipy.optimize
import tensorflow as tf

FILES = "trained-on-drawings-v1.npz", "imagenet-vgg-verydeep-19.mat"
SHIPPED, GENUINE = (Path(__file__).parents[1] / "weights" / name for name in FILES)
CONTENT_LAYER, STYLE_LAYERS = "relu4_2", ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_WEIGHT, STYLE_WEIGHT = 1e-3, 1.0  # α and β
SIZE, STEPS = 384, 200  # pixels on the longer side; steps of L-BFGS

LAYERS = []  # the table: conv1_1, relu1_1, conv1_2, relu1_2, pool1 … (Simonyan & Zisserman 2015, Table 1, E)
for block, convolutions in enumerate((2, 2, 4, 4, 4), start=1):
    for i in range(1, convolutions + 1):
        LAYERS += [f"conv{block}_{i}", f"relu{block}_{i}"]
    LAYERS.append(f"pool{block}")


def read_weights(path: Path) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Return {conv name: (kernel (3, 3, in, out), bias (out,))} and the mean colour (3,) RGB of a MatConvNet file."""
    if path.suffix == ".npz":  # the small network that ships here: 8 bits for each number, and a scale for each filter
        file = np.load(path)
        names = [name for name in LAYERS if name.startswith("conv")]
        return {n: (file[f"{n}_kernel"] * file[f"{n}_scale"], file[f"{n}_bias"]) for n in names}, file["mean_rgb"]
    mat, convolutions = scipy.io.loadmat(path), {}
    for layer in (cell[0, 0] for cell in mat["layers"][0]):
        if layer["name"][0] in LAYERS and layer["type"][0] == "conv":
            kernel, bias = layer["weights"][0]
            convolutions[layer["name"][0]] = kernel, bias.reshape(-1)
    normalization = mat["normalization"] if "normalization" in mat else mat["meta"]["normalization"][0, 0]
    return convolutions, normalization["averageImage"][0, 0].reshape(-1, 3).mean(axis=0, dtype=np.float64)


class VGG19:
    """The network down to relu5_1, as a function from an image to named feature maps."""

    def __init__(self, path: Path) -> None:
        convolutions, mean_rgb = read_weights(path)
        self.convolutions = {name: [tf.constant(x, tf.float32) for x in conv] for name, conv in convolutions.items()}
        self.mean_rgb, self.scales = tf.constant(mean_rgb, tf.float32), {}

    def __call__(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return {layer: F (M, N)} of an image (H, W, 3): M positions, N channels, the transpose of the paper's F."""
        x, maps = (image - self.mean_rgb)[None], {}  # (1, H, W, 3)
        for name in LAYERS[: LAYERS.index(STYLE_LAYERS[-1]) + 1]:
            if name.startswith("conv"):
                kernel, bias = self.convolutions[name]
                x = tf.nn.conv2d(x, kernel, strides=1, padding="SAME") + bias
            elif name.startswith("relu"):
                x = tf.nn.relu(x)
            else:
                x = tf.nn.avg_pool2d(x, ksize=2, strides=2, padding="SAME")  # the paper takes the mean, not the maximum
            maps[name] = tf.reshape(x, (-1, x.shape[-1])) / self.scales.get(name, 1.0)  # (M, N)
        return maps

    def normalize(self, images: list[tf.Tensor]) -> None:
        """Scale every filter's maps so that their mean over all positions of the images is 1 (section 2)."""
        maps = [self(image) for image in images]
        for name in (CONTENT_LAYER, *STYLE_LAYERS):
            means = tf.reduce_mean(tf.concat([each[name] for each in maps], axis=0), axis=0).numpy()  # (N,)
            self.scales[name] = np.maximum(means, np.median(means) / 20)  # filters that hardly ever fire stay small


def gram_matrix(maps: tf.Tensor) -> tf.Tensor:
    """Return G = Fᵀ F / M, (M, N) → (N, N): which filters fire together, wherever in the image (Eq. 3)."""
    return tf.matmul(maps, maps, transpose_a=True) / maps.shape[0]


def losses_and_gradient(network: VGG19, content_image: tf.Tensor, style_image: tf.Tensor) -> Callable:
    """Return the function of the generated image (H, W, 3) that gives α L_content, β L_style and the gradient."""
    content_maps, style_maps = network(content_image), network(style_image)
    grams = {name: gram_matrix(style_maps[name]) for name in STYLE_LAYERS}  # A of Eq. 4

    @tf.function
    def evaluate(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            maps = network(image)
            content = CONTENT_WEIGHT * tf.reduce_mean((maps[CONTENT_LAYER] - content_maps[CONTENT_LAYER]) ** 2)  # Eq. 1
            errors = [tf.reduce_mean((gram_matrix(maps[name]) - grams[name]) ** 2) for name in STYLE_LAYERS]  # Eq. 4
            style = STYLE_WEIGHT * sum(errors) / len(errors)  # Eq. 5 with w = 1/5
        return content, style, tape.gradient((content, style), image)  # the sum of both: Eq. 7

    return evaluate


def read_image(path: str) -> tf.Tensor:
    """Return a picture as (H, W, 3) float32 RGB in [0, 255], `SIZE` pixels on its longer side."""
    pixels = cv2.imread(path)
    if pixels is None:
        sys.exit(f"{path} is not a picture that OpenCV reads")
    scale = SIZE / max(pixels.shape[:2])
    pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return tf.constant(pixels[..., ::-1], tf.float32)  # OpenCV has BGR


def main(content: str, style: str, out: str, weights: str = "") -> None:
    """Make one picture."""
    network = VGG19(Path(weights) if weights else GENUINE if GENUINE.exists() else SHIPPED)
    content_image, style_image = read_image(content), read_image(style)
    network.normalize([content_image, style_image])
    evaluate = losses_and_gradient(network, content_image, style_image)

    def loss(pixels: np.ndarray) -> tuple[float, np.ndarray]:
        content, style, gradient = evaluate(tf.constant(pixels.reshape(content_image.shape), tf.float32))
        print(f"\rcontent {content:.4g}  style {style:.4g}   ", end="", file=sys.stderr)
        return 1e6 * float(content + style), 1e6 * gradient.numpy().ravel().astype(np.float64)  # else SciPy stops early

    start, bounds = content_image.numpy().ravel(), scipy.optimize.Bounds(0, 255)
    options = {"maxiter": STEPS, "maxcor": 20}
    pixels = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    cv2.imwrite(out, pixels.reshape(content_image.shape).round().astype(np.uint8)[..., ::-1])


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) in (4, 5) else sys.exit(__doc__)
