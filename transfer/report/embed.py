"""Images as `data:` addresses, so that a page has them inside it."""

import base64
from typing import NamedTuple

import numpy as np

from transfer.report.markup import Html, tag
from vgg.tools.image import encode, resize_to, to_uint8

#: Pixels up to which a result goes into its page without loss; a PNG of so many has about 2 MB.
MOST_LOSSLESS = 1024 * 1024
#: Longer side of the largest image in a page; more is seen on no screen, and a page should open at once.
LARGEST = 2048


class Embedded(NamedTuple):
    """An image that is text."""

    uri: str
    height: int  # in pixels
    width: int
    ending: str  # ".png" or ".jpg": the format it has in the page

    def tag(self, alt: str, **attributes: str) -> Html:
        """Return the `<img>`; `alt` says what it shows to those who do not see it."""
        return tag("img", src=self.uri, width=self.width, height=self.height, alt=alt, **attributes)


def embedded(image: np.ndarray, longer_side: int = LARGEST, lossless: bool = False, profile: bytes | None = None) \
        -> Embedded:  # fmt: skip
    """Return an image for a page: as PNG if it shall be lossless, else as JPEG of quality 95.

    Args:
        image: (H, W, 3) RGB, uint8 or float in [0, 255].
        longer_side: an image with more pixels is shrunk to so many; none is enlarged.
        lossless: keep every pixel, but for those that shrinking merges.
        profile: the ICC profile of its colours.
    """
    image = thumbnail(image, longer_side)
    ending = ".png" if lossless else ".jpg"
    kind = "png" if lossless else "jpeg"
    data = base64.b64encode(encode(image, ending, profile=profile)).decode()
    return Embedded(f"data:image/{kind};base64,{data}", *image.shape[:2], ending)


def thumbnail(image: np.ndarray, longer_side: int) -> np.ndarray:
    """Return the image (H, W, 3) as uint8, shrunk to `longer_side` pixels if it has more; each side keeps one."""
    scale = longer_side / max(image.shape[:2])
    if scale >= 1:
        return to_uint8(image)
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    return to_uint8(resize_to(image, height, width))
