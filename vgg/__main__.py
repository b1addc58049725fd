"""`python -m vgg`: the microscope; its options and commands are in `microscope/command_line.py`."""

from vgg.microscope.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
