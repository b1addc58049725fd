"""Neural style transfer in one file, from the weights to the picture. Read this file first.

    python -m transfer.minimal CONTENT STYLE OUT.png [WEIGHTS]

Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016 ("the paper"). VGG-19 was
trained to recognise things; its weights stay as they are. What changes are the pixels of the generated image, until its
feature maps at a deep layer are those of the content image (they say what is where), and its Gram matrices at five
layers those of the style image (they say which features occur together, but not where).
Differences from the paper: losses are means, not sums, as in the authors' later code; the run starts from the content
image, because white noise needs many more steps; filters are normalised with these two pictures, not with ImageNet's.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import scipy.io
import scipy.optimize
import tensorflow as tf

GENUINE = Path(__file__).parents[1] / "weights/imagenet-vgg-verydeep-19.mat"  # `make download-weights` fetches it
SHIPPED = Path(__file__).parents[1] / "weights/half-width-v3.npz"  # half the filters; used where it is missing
CONTENT_LAYER, STYLE_LAYERS = "relu4_2", ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_WEIGHT, STYLE_WEIGHT = 1e-3, 1.0  # α and β of the paper's Fig. 3
SIZE, STEPS = 384, 200  # pixels on the longer side of both images; steps of L-BFGS
LAYERS = []  # conv1_1, relu1_1, conv1_2, relu1_2, pool1 … pool5 (Simonyan & Zisserman 2015, Table 1, column E)
for block, convolutions in enumerate((2, 2, 4, 4, 4), start=1):
    LAYERS += [f"{kind}{block}_{i}" for i in range(1, convolutions + 1) for kind in ("conv", "relu")] + [f"pool{block}"]


def read_weights(path: Path) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Return {conv name: (kernel (3, 3, in, out), bias (out,))}, and the mean colour of the training images, RGB."""
    if path.suffix == ".npz":  # the shipped network: kernels are 8-bit numbers, times one factor for each filter
        file = np.load(path)
        names = (name for name in LAYERS if name.startswith("conv"))
        return {n: (file[f"{n}_kernel"] * file[f"{n}_scale"], file[f"{n}_bias"]) for n in names}, file["mean_rgb"]
    mat, convolutions = scipy.io.loadmat(path), {}
    for cell in mat["layers"][0]:
        layer = cell[0, 0]  # in MATLAB everything is an array, structs and texts too
        if layer["name"][0] in LAYERS and layer["type"][0] == "conv":
            kernel, bias = layer["weights"][0]
            convolutions[layer["name"][0]] = kernel, bias.reshape(-1)
    normalization = mat["normalization"] if "normalization" in mat else mat["meta"]["normalization"][0, 0]
    return convolutions, normalization["averageImage"][0, 0].reshape(-1, 3).mean(axis=0, dtype=np.float64)


class VGG19:
    """The network from the image to relu5_1, as a function that returns feature maps."""

    def __init__(self, path: Path, images: list[tf.Tensor]) -> None:
        """Read the weights; normalise the filters on `images`, so that all of them count alike (section 2)."""
        convolutions, mean_rgb = read_weights(path)
        self.convolutions = {name: [tf.constant(x, tf.float32) for x in conv] for name, conv in convolutions.items()}
        self.mean_rgb = tf.constant(mean_rgb, tf.float32)
        self.divisors = dict.fromkeys((CONTENT_LAYER, *STYLE_LAYERS), 1.0)
        maps = [self(image) for image in images]
        for name in self.divisors:
            means = tf.reduce_mean(tf.concat([each[name] for each in maps], axis=0), axis=0).numpy()  # (N,)
            self.divisors[name] = np.maximum(means, np.median(means) / 20 + 1e-9)  # rare filters are not blown up

    def __call__(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return {layer: F} of an image (H, W, 3). F (M, N) has a row for each position, a column for each filter."""
        x, maps = (image - self.mean_rgb)[None], {}  # (1, H, W, 3)
        for name in LAYERS[: LAYERS.index(STYLE_LAYERS[-1]) + 1]:
            if name.startswith("conv"):
                kernel, bias = self.convolutions[name]
                x = tf.nn.conv2d(x, kernel, strides=1, padding="SAME") + bias
            elif name.startswith("relu"):
                x = tf.nn.relu(x)
            else:  # VGG-19 was trained with the maximum; the paper takes the mean
                x = tf.nn.avg_pool2d(x, ksize=2, strides=2, padding="SAME")
            if name in self.divisors:  # only what is returned is divided, not what the next convolution sees
                maps[name] = tf.reshape(x, (-1, x.shape[-1])) / self.divisors[name]  # (M, N)
        return maps


def gram_matrix(maps: tf.Tensor) -> tf.Tensor:
    """Return G = Fᵀ F / M, (M, N) → (N, N). G[i, j] is large if filters i and j are active together (Eq. 3)."""
    return tf.matmul(maps, maps, transpose_a=True) / maps.shape[0]


def losses_and_gradient(network: VGG19, content_image: tf.Tensor, style_image: tf.Tensor) -> Callable:
    """Return a function of the generated image (H, W, 3): α L_content, β L_style, and the gradient of their sum."""
    content_maps, style_maps = network(content_image), network(style_image)
    grams = {name: gram_matrix(style_maps[name]) for name in STYLE_LAYERS}

    @tf.function  # compiled once, as it is called hundreds of times
    def evaluate(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            maps = network(image)
            content = CONTENT_WEIGHT * tf.reduce_mean((maps[CONTENT_LAYER] - content_maps[CONTENT_LAYER]) ** 2)  # Eq. 1
            errors = [tf.reduce_mean((gram_matrix(maps[name]) - grams[name]) ** 2) for name in STYLE_LAYERS]  # Eq. 4
            style = STYLE_WEIGHT * tf.add_n(errors) / len(errors)  # Eq. 5 with w = 1/5
        return content, style, tape.gradient((content, style), image)  # of the sum of both, Eq. 7

    return evaluate


def read_image(path: str) -> tf.Tensor:
    """Return a picture as (H, W, 3) float32 RGB in [0, 255], `SIZE` pixels on its longer side."""
    pixels = cv2.imread(path)
    if pixels is None:
        sys.exit(f"{path} is not a picture that OpenCV reads")
    factor = SIZE / max(pixels.shape[:2])
    pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return tf.constant(pixels[..., ::-1], tf.float32)  # OpenCV has BGR


def main(content_path: str, style_path: str, out: str, weights: str = "") -> None:
    """Make one picture."""
    content_image, style_image = read_image(content_path), read_image(style_path)
    path = Path(weights) if weights else GENUINE if GENUINE.exists() else SHIPPED
    evaluate = losses_and_gradient(VGG19(path, [content_image, style_image]), content_image, style_image)

    def loss(pixels: np.ndarray) -> tuple[float, np.ndarray]:
        content, style, gradient = evaluate(tf.constant(pixels.reshape(content_image.shape), tf.float32))
        print(f"\r{path.name}: content {content:.4g}  style {style:.4g}   ", end="", file=sys.stderr)
        return 1e6 * float(content + style), 1e6 * gradient.numpy().ravel().astype(np.float64)  # or SciPy stops early

    start, bounds = content_image.numpy().ravel(), scipy.optimize.Bounds(0, 255)
    options = {"maxiter": STEPS, "maxcor": 20}  # it remembers 20 earlier steps
    pixels = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    cv2.imwrite(out, pixels.reshape(content_image.shape).round().astype(np.uint8)[..., ::-1])


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) in (4, 5) else sys.exit(__doc__)
