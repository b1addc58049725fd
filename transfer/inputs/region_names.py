"""What a region is called: after its colour in a label picture, `white`, a grey level such as `128`, or `#3a7f00`."""

from vgg.errors import InputError

Color = tuple[int, int, int]  # RGB
NAMES: dict[str, Color] = {
    "black": (0, 0, 0), "white": (255, 255, 255), "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255),
    "yellow": (255, 255, 0), "cyan": (0, 255, 255), "magenta": (255, 0, 255),
}  # fmt: skip


def color_of(name: str) -> Color:
    """Return the colour that `name` stands for; raises InputError if it stands for none."""
    text = name.strip().lower()
    if text in NAMES:
        return NAMES[text]
    try:
        if text.startswith("#") and len(text) == 7:
            value = int(text[1:], 16)
            return value >> 16, value >> 8 & 255, value & 255
        if text.isdecimal() and int(text) <= 255:
            return (int(text),) * 3
    except ValueError:
        pass
    raise InputError(f"{name!r} is no colour of a region, expected one of {', '.join(NAMES)}, 0 to 255, or #rrggbb")


def name_of(color: Color) -> str:
    """Return the shortest name of a colour."""
    for name, value in NAMES.items():
        if value == color:
            return name
    return str(color[0]) if len(set(color)) == 1 else "#{:02x}{:02x}{:02x}".format(*color)
