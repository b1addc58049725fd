"""How the command line shows that filters are being learned."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from vgg.console.terminal import say


@contextmanager
def layer_display(stream: TextIO) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows the name of each layer when it is learned, all on one growing line."""
    began = time.monotonic()
    say("learning filters, about 30 s, once:", stream, end=" ")
    try:
        yield lambda layer: say(layer, stream, end=" ")
    except BaseException:
        say("", stream)
        raise
    say(f"done in {time.monotonic() - began:.0f} s", stream)
