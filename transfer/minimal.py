"""Neural style transfer in one file, from the weights to the picture. Read this file first.

    python -m transfer.minimal CONTENT STYLE OUT.png [WEIGHTS]     # Ctrl-C writes the picture as far as it is

Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016 ("the paper"). VGG-19 was
trained to recognise things; its weights stay as they are. What changes are the pixels of the generated image, until its
feature maps at a deep layer are those of the content image (they say what is where), and its Gram matrices at five
layers those of the style image (they say which features occur together, but not where).
Differences from the paper: losses are means, not sums, as in the authors' later code; the run starts from the content
image, because white noise needs many more steps; filters are normalised with these two pictures, not with ImageNet's;
the style image keeps its proportions; pixels stay within [0, 255].
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import cv2
import numpy as np
import scipy.io
import tensorflow as tf
from scipy.optimize import Bounds, minimize

GENUINE = Path(__file__).parents[1] / "weights/imagenet-vgg-verydeep-19.mat"  # `make download-weights` fetches it
SHIPPED = Path(__file__).parents[1] / "weights/half-width-v3.npz"  # half the filters; used where it is missing
CONTENT_LAYER, STYLE_LAYERS = "relu4_2", ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_WEIGHT, STYLE_WEIGHT = 1e-3, 1.0  # α and β of the paper's Fig. 3
SIZE, STEPS = 384, 200  # pixels on the longer side of both images, at most; steps of L-BFGS
LAYERS = []  # conv1_1, relu1_1, conv1_2, relu1_2, pool1 … pool5 (Simonyan & Zisserman 2015, Table 1, column E)
for block, convolutions in enumerate((2, 2, 4, 4, 4), start=1):
    for i in range(1, convolutions + 1):
        LAYERS += [f"conv{block}_{i}", f"relu{block}_{i}"]
    LAYERS.append(f"pool{block}")
LAYERS = LAYERS[: LAYERS.index(STYLE_LAYERS[-1]) + 1]  # nothing here looks at those after relu5_1


def read_weights(path: Path) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Return {conv name: (kernel (3, 3, in, out), bias (out,))}, and the mean colour of the training images, RGB."""
    names = [name for name in LAYERS if name.startswith("conv")]
    if path.suffix == ".npz":  # the shipped network: kernels are 8-bit numbers, times one factor for each filter
        file = np.load(path)
        return {n: (file[f"{n}_kernel"] * file[f"{n}_scale"], file[f"{n}_bias"]) for n in names}, file["mean_rgb"]
    mat, convolutions = scipy.io.loadmat(str(path)), {}
    layers = {cell[0, 0]["name"][0]: cell[0, 0] for cell in mat["layers"][0]}  # in MATLAB everything is an array
    for name in names:
        kernel, bias = layers[name]["weights"][0]
        convolutions[name] = kernel, bias.reshape(-1)
    normalization = mat["normalization"] if "normalization" in mat else mat["meta"]["normalization"][0, 0]
    return convolutions, normalization["averageImage"][0, 0].reshape(-1, 3).mean(axis=0, dtype=np.float64)


class VGG19:
    """The network from the image to relu5_1, as a function that returns normalised feature maps."""

    def __init__(self, convolutions: dict, mean_rgb: np.ndarray, images: Sequence[tf.Tensor]) -> None:
        """Take what `read_weights` returned; normalise the filters on `images`, so that all count alike (section 2)."""
        self.convolutions = {name: [tf.constant(x, tf.float32) for x in conv] for name, conv in convolutions.items()}
        self.mean_rgb = tf.constant(mean_rgb, tf.float32)
        maps_of_images, self.divisors = [self.maps(image) for image in images], {}
        for name in (CONTENT_LAYER, *STYLE_LAYERS):
            means = tf.reduce_mean(tf.concat([maps[name] for maps in maps_of_images], axis=0), axis=0).numpy()  # (N,)
            self.divisors[name] = np.maximum(means, np.median(means) / 20 + 1e-9)  # rare filters are not blown up

    def __call__(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return {layer: F} of an image (H, W, 3), each filter's map divided by the filter's mean."""
        return {name: maps / self.divisors[name] for name, maps in self.maps(image).items()}

    def maps(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return {layer: F}, not divided. F (M, N) has a row for each position and a column for each filter."""
        x, maps = (image - self.mean_rgb)[None], {}  # (1, H, W, 3)
        for name in LAYERS:
            if name.startswith("conv"):
                kernel, bias = self.convolutions[name]
                x = tf.nn.conv2d(x, kernel, strides=1, padding="SAME") + bias
            elif name.startswith("relu"):
                x = tf.nn.relu(x)
            else:  # VGG-19 was trained with the maximum; the paper takes the mean
                x = tf.nn.avg_pool2d(x, ksize=2, strides=2, padding="SAME")
            if name in (CONTENT_LAYER, *STYLE_LAYERS):
                maps[name] = tf.reshape(x, (-1, x.shape[-1]))  # (M, N)
        return maps


def gram_matrix(maps: tf.Tensor) -> tf.Tensor:
    """Return G = Fᵀ F / M, (M, N) → (N, N). G[i, j] is large if filters i and j are active together (Eq. 3)."""
    return tf.matmul(maps, maps, transpose_a=True) / maps.shape[0]


def make_objective(network: VGG19, content_image: tf.Tensor, style_image: tf.Tensor) -> Callable:
    """Return a function: generated image (H, W, 3) → α L_content, β L_style, and the gradient of their sum."""
    content_maps, style_maps = network(content_image), network(style_image)
    grams = {name: gram_matrix(style_maps[name]) for name in STYLE_LAYERS}

    @tf.function  # compiled once, as it is called hundreds of times
    def objective(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            maps = network(image)
            content = CONTENT_WEIGHT * tf.reduce_mean((maps[CONTENT_LAYER] - content_maps[CONTENT_LAYER]) ** 2)  # Eq. 1
            errors = [tf.reduce_mean((gram_matrix(maps[name]) - grams[name]) ** 2) for name in STYLE_LAYERS]  # Eq. 4
            style = STYLE_WEIGHT * tf.add_n(errors) / len(errors)  # Eq. 5 with w = 1/5
        return content, style, tape.gradient((content, style), image)  # of the sum of both, Eq. 7

    return objective


def refuse(problem: str) -> NoReturn:
    """End the program with one line and exit code 2."""
    print(problem, file=sys.stderr)
    sys.exit(2)


def read_image(path: str) -> tf.Tensor:
    """Return a picture as (H, W, 3) float32 RGB in [0, 255], with at most `SIZE` pixels on its longer side."""
    pixels = cv2.imread(path)
    if pixels is None:
        refuse(f"{path} is not a picture that OpenCV reads; check its name, or save it as PNG or JPEG")
    factor = min(1, SIZE / max(pixels.shape[:2]))  # a small picture is not enlarged
    pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return tf.constant(pixels[..., ::-1], tf.float32)  # OpenCV has BGR


def main(content_path: str, style_path: str, out: str, weights: str = "") -> None:
    """Make one picture."""
    if not (Path(out).parent.is_dir() and cv2.haveImageWriter(out)) or out in (content_path, style_path):
        refuse(f"{out} cannot be the result; expected a new name that ends in .png or .jpg, in a folder that exists")
    path = Path(weights) if weights else GENUINE if GENUINE.exists() else SHIPPED
    try:
        convolutions, mean_rgb = read_weights(path)
    except Exception as error:  # of many kinds: of the system, of SciPy, of NumPy, or a layer is missing
        refuse(f"{path} is not VGG-19 ({error!r}); expected a .mat file, or the .npz file that comes with this program")
    images = read_image(content_path), read_image(style_path)
    objective = make_objective(VGG19(convolutions, mean_rgb, images), *images)
    image, step, content, style = images[0].numpy(), 0, 0.0, 0.0

    def loss(pixels: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal content, style
        content, style, gradient = objective(tf.constant(pixels.reshape(image.shape), tf.float32))
        return 1e6 * float(content + style), 1e6 * gradient.numpy().ravel().astype(np.float64)  # or SciPy stops early

    def keep(pixels: np.ndarray) -> None:
        nonlocal image, step
        image, step = pixels.reshape(image.shape).copy(), step + 1
        print(f"\rstep {step}/{STEPS}  content {content:.4g}  style {style:.4g}   ", end="", file=sys.stderr)

    settings = {"method": "L-BFGS-B", "options": {"maxiter": STEPS, "maxcor": 20}}  # it remembers 20 earlier steps
    with suppress(KeyboardInterrupt):  # Ctrl-C ends the steps, and the image so far is written
        minimize(loss, image.ravel(), jac=True, bounds=Bounds(0, 255), callback=keep, **settings)
    if not cv2.imwrite(out, image.round().astype(np.uint8)[..., ::-1]):
        refuse(f"\n{out} cannot be written; look at the disk and the folder's permissions")
    print(f"\nwritten: {out}, made with {path.name}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
