"""How the tests read a web page: with Python's own parser, which knows nothing of the code that wrote it."""

import base64
from dataclasses import dataclass, field
from html.parser import HTMLParser

import cv2
import numpy as np

VOID = {"meta", "img", "input", "br", "hr", "link"}


@dataclass
class Element:
    """An element with what is inside it, in order."""

    name: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    inside: list = field(default_factory=list)

    def all(self, name: str, class_: str = "") -> list["Element"]:
        found = []
        for child in self.inside:
            if isinstance(child, Element):
                if child.name == name and class_ in (child.attributes.get("class") or ""):
                    found.append(child)
                found += child.all(name, class_)
        return found

    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text() for child in self.inside)

    def __getitem__(self, name: str) -> str | None:
        return self.attributes[name]


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open = [Element("")]

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), "no attribute may stand twice"
        element = Element(tag, dict(attrs))
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop().name == tag, f"</{tag}> ends another element"

    def handle_data(self, data):
        self.open[-1].inside.append(data)


def read_page(text: str) -> Element:
    """The page as a tree; every element but the void ones must have its end."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert len(reader.open) == 1, "something was not ended"
    return reader.open[0]


def decoded(image: Element) -> np.ndarray:
    """The RGB pixels of an `<img>`, whose address must hold them and whose sides must be said rightly."""
    head, data = image["src"].split(",")
    assert head in ("data:image/png;base64", "data:image/jpeg;base64")
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(data, validate=True), np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (int(image["height"]), int(image["width"]), 3)
    return pixels[..., ::-1]


def plot_in(page: Element) -> str:
    """The SVG of the plot, which the page has as an image."""
    head, data = page.all("img", "plot")[0]["src"].split(",")
    assert head == "data:image/svg+xml;base64"
    return base64.b64decode(data, validate=True).decode()


def pictures_in(page: Element) -> list[Element]:
    """Every image of the page but the plot."""
    return [image for image in page.all("img") if image.attributes.get("class") != "plot"]


def require_self_contained(page: Element) -> None:
    """Nothing in the page may load anything: no address but inside images, and relative ones behind links."""
    for name in ("link", "iframe", "object", "embed", "base", "form", "audio", "video"):
        assert not page.all(name)
    every = [element for name in ("img", "script", "a", "input", "image", "use") for element in page.all(name)]
    for element in every:
        for key in ("src", "href", "xlink:href", "srcset", "action"):
            address = element.attributes.get(key)
            if address is not None:
                is_image = element.name == "img" and address.startswith("data:image/")
                is_link = element.name == "a" and not address.startswith("/") and ":" not in address
                assert is_image or is_link, address[:80]
    style = "".join(element.text() for element in page.all("style"))
    assert "url(" not in style and "@import" not in style
