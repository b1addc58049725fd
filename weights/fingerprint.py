"""How to recognise the genuine ImageNet VGG-19 without a digest: numbers that only its conv1_1 has.

People have printed them from the published beta16 file, and they stay the same however the file is saved again. Of the
64 kernels the first is enough; of the biases we keep all.
"""

import numpy as np

from vgg.matfile.read import Conv

#: kernel[h, w, :, 0] of conv1_1: rows of height, columns of width, then red, green, blue.
FIRST_KERNEL = np.array(
    [
        [
            [0.39416704, 0.46418372, 0.34119523],
            [0.37740308, 0.41810837, 0.33999205],
            [-0.04594866, -0.04806903, -0.04484424],
        ],
        [
            [0.2671299, 0.30511212, 0.23215917],
            [0.09986369, 0.10385381, 0.08978214],
            [-0.34100872, -0.37314063, -0.30331427],
        ],
        [
            [-0.07573577, -0.07646758, -0.07260918],
            [-0.28034249, -0.31070709, -0.246675],
            [-0.41602272, -0.46453714, -0.33683276],
        ],
    ]
)

#: The 64 biases of conv1_1.
BIASES = np.array(
    [
        0.73017758,
        0.06493629,
        0.03428847,
        0.8260386,
        0.2578029,
        0.54867655,
        -0.01243854,
        0.34789944,
        0.55108708,
        0.06297145,
        0.60699058,
        0.26703122,
        0.649414,
        0.17073655,
        0.47723091,
        0.38250586,
        0.46373144,
        0.21496128,
        0.46911287,
        0.23825859,
        0.47519219,
        0.70606434,
        0.27007523,
        0.68552732,
        0.03216552,
        0.60252881,
        0.35034859,
        0.446798,
        0.77326518,
        0.58191687,
        0.39083108,
        1.75193536,
        0.66117406,
        0.30213955,
        0.53059655,
        0.67737472,
        0.33273223,
        0.49127793,
        0.26548928,
        0.18805602,
        0.07412001,
        1.10810876,
        0.28224325,
        0.86755145,
        0.19422948,
        0.810332,
        0.36062282,
        0.50720042,
        0.42472315,
        0.49632648,
        0.15117475,
        0.79454446,
        0.33494323,
        0.47283995,
        0.41552398,
        0.08496041,
        0.37947032,
        0.60067391,
        0.47174454,
        0.81309211,
        0.45521152,
        1.08920074,
        0.47757268,
        0.4072122,
    ]
)

#: The figures were printed with eight digits.
TOLERANCE = 1e-6


def is_genuine(conv1_1: Conv) -> bool:
    """Whether these are the numbers of the published network."""
    return _has_biases(conv1_1) and np.allclose(conv1_1.kernel[..., 0], FIRST_KERNEL, rtol=0, atol=TOLERANCE)


def is_genuine_on_its_side(conv1_1: Conv) -> bool:
    """Whether they are, but with height and width swapped, as some programs do."""
    return _has_biases(conv1_1) and is_genuine(conv1_1._replace(kernel=conv1_1.kernel.transpose(1, 0, 2, 3)))


def _has_biases(conv1_1: Conv) -> bool:
    return conv1_1.bias.shape == BIASES.shape and np.allclose(conv1_1.bias, BIASES, rtol=0, atol=TOLERANCE)
