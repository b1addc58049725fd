"""Peak memory and time per megapixel of one evaluation, each in a new process, whose memory nothing else has used."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np

from transfer.bench.evaluation import ROWS
from transfer.precision import precisions
from transfer.recipe.ours import DEFAULT
from vgg.matfile.read import Weights, read

SIZES = (512, 1024, 2048, 4096)
LARGEST_WHOLE = 2048  # in float32 a whole picture of 4096² needs about 45 GB


def measure(weights_file: str, size: int, precision: str, rows: int) -> dict[str, float]:
    """Compile, then time a second evaluation of size × size pixels, in this process; `rows` 0 means all at once."""
    from transfer.objective.objective import Objective
    from transfer.objective.references import References
    from transfer.objective.striped import StripedEvaluation
    from transfer.objective.terms import terms_of
    from transfer.objective.whole import WholeEvaluation
    from vgg.network import VGG19

    network = VGG19(read(Path(weights_file)), DEFAULT.pooling, precision)
    images = [np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8) for seed in (0, 1)]
    terms = terms_of(DEFAULT, network, size, size)
    evaluation = StripedEvaluation(network, terms, rows) if rows else WholeEvaluation(network, terms)
    objective = Objective(evaluation, References(images[0], (images[1],)))
    start = images[0].astype(np.float32)
    objective(start)
    began = time.perf_counter()
    objective(start)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "megapixels": size * size / 1e6, "gigabytes": peak_bytes() / 1e9}


def peak_bytes() -> float:
    """Return the most memory that this process has had."""
    try:  # what `getrusage` says on Linux begins with the memory of the process that started this one
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return 1024.0 * int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])
    except (OSError, StopIteration):
        unit = 1.0 if sys.platform == "darwin" else 1024.0
        return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def report(weights: Weights, sizes: tuple[int, ...] = SIZES) -> Iterator[str]:
    """Yield the lines of the table: both precisions, whole and in stripes."""
    yield "One evaluation of a square picture: time per megapixel and peak memory of the whole process"
    base = 0.0
    for size in sizes:
        for rows, precision in product((0, ROWS), precisions()):
            name = f"{size:4} {precision:8} {f'stripes of {rows}' if rows else 'whole':13}"
            if size > LARGEST_WHOLE and not rows:
                yield f"{name} does not fit"
                continue
            words = ("one", str(weights.path), str(size), precision, str(rows))
            apart = subprocess.run(
                [sys.executable, "-m", "transfer.bench", *words], stdout=subprocess.PIPE, stderr=sys.stderr, check=True
            )
            found = json.loads(apart.stdout)
            pace = found["seconds"] / found["megapixels"]
            base = base or pace
            yield f"{name} {pace:6.2f} s/MP, {pace / base:4.2f} times the first line's  {found['gigabytes']:5.2f} GB"
