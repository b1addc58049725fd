"""Whether to compute tile by tile, and in how large tiles, for a given amount of memory."""

from transfer import estimate
from transfer.recipe import Recipe
from transfer.tiles import grid_of, halo_of, round_up
from vgg.errors import InputError
from vgg.matconvnet import Weights

#: Smaller tiles are nearly all halo: with relu5_1, of a crop of 128 + 2·80 pixels a side one fifth is own.
SMALLEST = 128


def tile_side(weights: Weights, recipe: Recipe, height: int, width: int, memory_bytes: float) -> int | None:
    """The side of the largest tiles, in pixels, with which the whole process needs at most `memory_bytes`.

    None if an evaluation of the whole picture, height × width pixels, fits. The larger the tiles, the less is computed
    twice. What a process needs is said by `transfer.estimate`.

    Raises:
        InputError: not even tiles of 128 pixels fit; the message says how much they would need.
    """
    if estimate.peak_bytes(weights, recipe, height, width) <= memory_bytes:
        return None
    names = tuple(layer for layer, _ in (*recipe.content_layers, *recipe.style_layers))
    grid, halo = grid_of(names), halo_of(names)

    def needed(side: int) -> float:
        crop = min(side + 2 * halo, height), min(side + 2 * halo, width)
        return estimate.tiled_bytes(weights, recipe, (height, width), crop)

    smallest, largest = round_up(SMALLEST, grid), round_up(max(height, width, SMALLEST), grid)
    for side in range(largest, smallest - grid, -grid):
        if needed(side) <= memory_bytes:
            return side
    raise InputError(
        f"{width}×{height} pixels need {needed(smallest) / 1e9:.1f} GB of memory even in the smallest tiles, "
        f"but only {memory_bytes / 1e9:.1f} GB may be used; allow more with --max-memory, or choose "
        "--optimizer adam, which remembers less, or a smaller --size"
    )
