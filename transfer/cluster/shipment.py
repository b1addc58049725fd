"""What is sent to Dask's workers: each thing once, by its digest, and as bytes.

A picture or the weights are the result of a task that unpacks their bytes. So each worker that needs them gets them
once, from the client's copy or from another worker, and Dask unpacks them again if the worker that had them dies. (What
`client.scatter` sends is lost with its worker.) The scheduler sees bytes only and needs neither this program nor
TensorFlow.
"""

import pickle
from collections import deque
from hashlib import sha256
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from distributed import Client, Future
from toolz import apply  # Dask needs this package itself

#: Pictures that are kept on the workers for the next orders.
KEPT = 64


class Shipment:
    """Sends values to the workers of a client, and counts the bytes."""

    def __init__(self, client: Client) -> None:
        """Begin with nothing sent."""
        self.client, self.sent = client, 0
        self._there: WeakValueDictionary[str, Future] = WeakValueDictionary()
        self._recent: deque[Future] = deque(maxlen=KEPT)

    def image(self, image: np.ndarray, recurs: bool = False) -> Future:
        """Return an image (H, W, 3) on the workers; one that `recurs` is kept there while others are."""
        digest = sha256(np.ascontiguousarray(image)).hexdigest()
        future = self.value(f"image-{image.shape}-{image.dtype}-{digest}", image)
        if recurs:
            self._recent.append(future)
        return future

    def value(self, key: str, value: object) -> Future:
        """Return the value on the workers, where it stays as long as the future or a task needs it."""
        future = self._there.get(key)
        if future is None:
            future = self.client.submit(pickle.loads, self._packed(value), key=key, pure=False)
            self._there[key] = future
        return future

    def call(self, function: Future, value: object, *others: Future, **how: Any) -> Future:  # noqa: ANN401
        """Return the result of `function(pickled value, *others)`; `how` is as in `Client.submit`."""
        return self.client.submit(apply, function, self._packed(value), *others, pure=False, **how)

    def _packed(self, value: object) -> bytes:
        packed = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        self.sent += len(packed)
        return packed
