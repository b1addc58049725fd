"""SciPy's L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995), the paper's choice: it searches for the length of each step.

SciPy runs to its end and reports each step to a callback; it cannot be asked for one step. So it runs in a thread of
its own here, which rests between two steps. What it remembers is in SciPy's workspace, where nobody else can read it.
So a run with this optimiser can be started again from its image, but not be continued as if it had not been stopped.
"""

from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

import numpy as np
import scipy.optimize

from vgg.optimize.optimizer import Arrays, Evaluate, Losses, Optimizer


class SearchState(NamedTuple):
    """The image SciPy's search is at, and the search itself."""

    image: np.ndarray
    losses: Losses
    search: "Search"


@dataclass(frozen=True)
class ScipyLBFGSB(Optimizer):
    """L-BFGS-B with pixels bound to [0, 255]; `history` pairs are remembered, as in the authors' DeepTextures."""

    history: int = 20

    def start(self, evaluate: Evaluate, image: np.ndarray, before: SearchState | None = None) -> SearchState:
        """Return the state at `image` (H, W, 3); of `before` nothing can be used."""
        losses, gradient = evaluate(image)
        # With bounds, the first trial is x − gradient. The loss is scaled so that this moves a pixel by about one
        # level: recipes' units differ by many powers of ten, and SciPy gives up if its first step is too small to
        # change a float32 loss.
        scale = 1 / max(float(np.sqrt(np.mean(np.square(gradient, dtype=np.float64)))), 1e-30)
        return SearchState(image, losses, Search(evaluate, image, scale, self.history))

    def step(self, evaluate: Evaluate, state: SearchState) -> SearchState | None:
        """Return the state one step further, or None if no step along SciPy's direction lowers the loss."""
        answer = state.search.next()
        return None if answer is None else SearchState(*answer, state.search)

    def end(self, state: SearchState) -> None:
        """Stop the search and wait for its thread."""
        state.search.stop()

    def to_arrays(self, state: SearchState) -> Arrays | None:
        """Return None: SciPy's workspace cannot be read."""
        return None

    def from_arrays(self, arrays: Arrays, losses: Losses) -> SearchState:
        """Raise an error, because there are never any arrays."""
        raise NotImplementedError("a search of SciPy's cannot be kept")


class Search:
    """One run of SciPy's minimiser, step by step."""

    def __init__(self, evaluate: Evaluate, start: np.ndarray, scale: float, history: int) -> None:
        """Prepare a search from `start` that minimises `scale` times the loss; nothing runs before `next`."""
        self._evaluate, self._start, self._scale, self._history = evaluate, start, scale, history
        self._requests: SimpleQueue[bool] = SimpleQueue()  # True: one more step; False: the end
        self._answers: SimpleQueue[Any] = SimpleQueue()  # (image, losses), None after the last, or an exception
        self._evaluated: dict[bytes, Any] = {}
        self._stopped = False
        self._thread = Thread(target=self._run, daemon=True)

    def next(self) -> tuple[np.ndarray, Any] | None:
        """Return the image and the losses after one more step, None after the last one."""
        if self._thread.ident is None:
            self._thread.start()
        self._requests.put(True)
        answer = self._answers.get()
        if not isinstance(answer, tuple):
            self._answers.put(None)  # the thread has ended and gives no more answers, however often one asks
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def stop(self) -> None:
        """End the search, at the latest after the evaluation that is under way."""
        self._stopped = True
        self._requests.put(False)
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        answer = None
        # No tolerance ends the search, and there is no last step: whoever asks for the steps counts them.
        endless = {"maxiter": 10**9, "maxfun": 10**9, "maxcor": self._history, "ftol": 0, "gtol": 0}
        try:
            self._wait()
            scipy.optimize.minimize(
                self._scaled_loss,
                self._start.reshape(-1).astype(np.float64),
                jac=True,
                method="L-BFGS-B",
                bounds=scipy.optimize.Bounds(0, 255),
                callback=self._after_step,
                options=endless,
            )
        except StopIteration:
            pass
        except BaseException as error:  # for whoever waits in `next`
            answer = error
        self._answers.put(answer)

    def _wait(self) -> None:
        if not self._requests.get():
            raise StopIteration

    def _scaled_loss(self, pixels: np.ndarray) -> tuple[float, np.ndarray]:
        if self._stopped:
            raise StopIteration
        losses, gradient = self._evaluate(pixels.reshape(self._start.shape))
        self._evaluated[pixels.tobytes()] = losses
        return self._scale * losses.total, self._scale * gradient.reshape(-1).astype(np.float64)

    def _after_step(self, intermediate_result: scipy.optimize.OptimizeResult) -> None:
        losses = self._evaluated[intermediate_result.x.tobytes()]
        self._evaluated.clear()
        self._answers.put((intermediate_result.x.reshape(self._start.shape).copy(), losses))
        self._wait()
