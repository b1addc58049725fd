"""A record such as a run writes, with losses that are known by formulas."""

from math import exp


def record(count: int = 6, sizes: tuple[int, ...] = (32, 64)) -> dict:
    """`count` steps at each of the sizes; the losses fall exponentially, each layer by its own."""
    steps = [step(number, size) for number, size in enumerate((size for size in sizes for _ in range(count)), start=1)]
    layers = [["relu1_1", 0.25], ["relu2_1", 0.75]]
    return {
        "recipe": {"name": "default", "content_weight": 0.123456789012, "style_layers": layers, "init_shares": []},
        "seed": 0,
        "content": {"file": "my photo.jpg", "height": 37, "width": 45, "pixels_sha256": "abc123"},
        "style": {"file": "s.jpg", "height": 40, "width": 50, "pixels_sha256": "def456"},
        "weights": {"file": "w.mat", "kind": "trained on drawings", "sha256": "789", "layout": "later"},
        "regions": [{"name": "", "weight": 1.0, "shares": [1.0], "guides_sha256": {}}],
        "sizes": [{"height": size * 3 // 4, "width": size, "rows_of_a_stripe": None} for size in sizes],
        "command": ["python", "-m", "transfer", "my photo.jpg", "s.jpg"],
        "versions": {"python": "3.11.7", "numpy": "2.4.6"},
        "stopped": "finished",
        "losses": {name: steps[-1][name] for name in ("content", "style", "tv", "total", "layers")},
        "steps": steps,
        "result": {"file": "result.png", "height": 37, "width": 45, "depth": 8, "sha256": "1", "pixels_sha256": "2"},
    }


def step(number: int, size: int) -> dict:
    layers = {"content relu4_2": 0.02 * number, "style relu1_1": 0.4 * exp(-number / 3),
              "style relu2_1": 0.3 * exp(-number / 9)}  # fmt: skip
    style = layers["style relu1_1"] + layers["style relu2_1"]
    groups = {"content": layers["content relu4_2"], "style": style, "tv": 0.001}
    counts = {"step": number, "evaluations": number + 1, "seconds": 0.5 * number}
    total = sum(groups.values())
    return {**counts, **groups, "total": total, "layers": layers, "size": size, "precision": "float32"}
