"""What holds for every refusal of a command: exit code 2, one line that begins with its name, nothing changed."""

from collections.abc import Callable, Sequence
from pathlib import Path


def refused_by(main: Callable[[Sequence[str]], int], program: str, arguments: list[str], capfd, folder: Path) -> str:
    """Run the command, which must refuse; its one line."""
    before = _files(folder)
    capfd.readouterr()
    try:
        code = main(arguments)
    except SystemExit as stop:  # argparse's way
        code = stop.code
    err = capfd.readouterr().err
    assert code == 2
    assert err.startswith(f"{program}: ") and err.count("\n") == 1 and err.endswith("\n")
    assert _files(folder) == before, "nothing may be changed or left behind"
    return err


def _files(folder: Path) -> dict[Path, bytes | None]:
    """All that is below `folder`: files with what is in them, folders without."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}
