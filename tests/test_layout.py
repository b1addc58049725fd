"""The line through the project: the network and the core know nothing of what stands around them, and no circles."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: What one reads to understand the losses; it imports no application, no command line and no stripes.
CORE = (
    "recipes",
    "losses",
    "targets",
    "objective",
    "train",
    "sizes",
    "session",
    "precision",
    "colors",
    "regions",
    "inputs",
    "memory",
)
#: `python -m transfer.batch` and so on: files of a few lines, which are all that may name an application.
ENTRIES = ("batch", "bench", "blend", "figures", "masks", "video")


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


def test_the_core_imports_nothing_around_it():
    for module in (f"transfer.{name}" for name in CORE):
        around = ("transfer.apps", "transfer.cli", "transfer.striped")
        assert not [name for name in IMPORTS[module] if name.startswith(around)], module


def test_no_circles():
    """Take away modules that import nothing that is left, until none is left; what remains imports each other."""
    left = {module: set(names) for module, names in IMPORTS.items()}
    while leaves := [module for module, names in left.items() if not names & left.keys()]:
        for module in leaves:
            del left[module]
    assert not left, sorted(left)
