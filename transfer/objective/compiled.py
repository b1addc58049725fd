"""TensorFlow functions that are compiled once for stripes of all sizes."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from vgg.console.interrupts import interrupts_deferred


class Compiled:
    """A function of tensors, compiled when it is first called; arrays (1, H, W, N) may have another H and W each time.

    A plain `tf.function` would be compiled again for every new height of a stripe.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        """Take the `function`; its arguments may be dicts and tuples of tensors, and None."""
        self._function = tf.function(function, autograph=False)  # its loops are Python's
        self._concrete: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:  # noqa: ANN401  (whatever the function takes and gives)
        """Call the function with arguments of the same structure as the first time."""
        if self._concrete is None:
            with interrupts_deferred():  # see `WholeEvaluation`
                self._concrete = self._function.get_concrete_function(*tf.nest.map_structure(_specification, arguments))
        return self._concrete(*arguments)


def _specification(argument: tf.Tensor | None) -> tf.TensorSpec | None:
    if argument is None:
        return None
    images = len(argument.shape) == 4
    return tf.TensorSpec((1, None, None, argument.shape[3]) if images else argument.shape, argument.dtype)
