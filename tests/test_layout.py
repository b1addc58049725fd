"""The line through the project: the network and the core know nothing of what stands around them, and no circles."""

import ast
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: What one reads to understand the losses, as README.md lists it, and what may be skipped at first.
CORE = {
    "vgg": ("matfile.read", "layers", "network", "normalize", "statistics", "optimize"),
    "transfer": (
        *("recipes", "other_programs", "losses", "objective", "targets", "train", "session", "sizes"),
        *("precision", "colors", "regions", "inputs", "memory", "style_statistics", "neighbours"),
    ),
}
#: What stands around the core, as README.md lists it, and what serves that.
AROUND = ("transfer.striped", "transfer.cluster", "transfer.cli", "transfer.report", "transfer.apps", "vgg.microscope")
AROUND += ("weights",)
#: The one thing of it that the core needs: drawings over which the paper's normalised network is computed.
EXCEPTION = ("transfer.session", "weights.drawings.normalizing")
#: `python -m transfer.batch` and so on: files of a few lines, which are all that may name an application.
ENTRIES = ("batch", "bench", "blend", "figures", "masks", "page", "video")


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for folder in ("vgg", "transfer", "weights") for path in (ROOT / folder).rglob("*.py")}


def imports_of(path: Path) -> set[str]:
    """Modules of this project that a file imports, also inside functions, but not for type checkers only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names & MODULES.keys()


IMPORTS = {module: imports_of(path) - {module} for module, path in MODULES.items()}


def test_the_network_imports_nothing_of_its_users():
    for module in (name for name in MODULES if name.split(".")[0] == "vgg"):
        assert not [name for name in IMPORTS[module] if not name.startswith("vgg")], module


def test_nothing_imports_an_application_but_applications():
    entries = {f"transfer.{name}" for name in ENTRIES}
    for module in MODULES.keys() - entries:
        if not module.startswith("transfer.apps"):
            assert not [name for name in IMPORTS[module] if name.startswith("transfer.apps")], module


def are_or_are_in(module: str, names: Iterable[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def test_the_core_imports_nothing_around_it_but_the_drawings():
    """Neither by itself nor through what it imports."""
    names = {f"{folder}.{name}" for folder, names in CORE.items() for name in names}
    left = [module for module in MODULES if are_or_are_in(module, names)]
    assert names <= {*left}, "a module of the core is gone"
    reached = set()
    while left:
        module = left.pop()
        reached.add(module)
        imports = {name for name in IMPORTS[module] if (module, name) != EXCEPTION}
        assert not [name for name in imports if are_or_are_in(name, AROUND)], module
        left += imports - reached
    assert EXCEPTION[1] in IMPORTS[EXCEPTION[0]], "README.md speaks of an exception that is none any more"


def test_minimal_imports_nothing_of_the_rest():
    assert not IMPORTS["transfer.minimal"]


def test_no_circles():
    """Take away modules that import nothing that is left, until none is left; what remains imports each other."""
    left = {module: set(names) for module, names in IMPORTS.items()}
    while leaves := [module for module, names in left.items() if not names & left.keys()]:
        for module in leaves:
            del left[module]
    assert not left, sorted(left)
