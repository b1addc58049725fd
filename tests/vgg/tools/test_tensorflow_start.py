"""After `start_tensorflow`, TensorFlow's own remarks stay off the terminal."""

import logging

import tensorflow as tf


def test_it_does_not_warn_of_new_graphs():
    """A run makes one for each picture size and recipe, and TensorFlow takes that for a mistake."""
    said = []
    handler = logging.Handler()
    handler.emit = said.append
    tf.get_logger().addHandler(handler)
    try:
        doubled = tf.function(lambda number: 2 * number)
        assert [int(doubled(number)) for number in range(12)] == list(range(0, 24, 2)), "a graph for each number"
    finally:
        tf.get_logger().removeHandler(handler)
    assert not said
