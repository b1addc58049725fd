"""Controls that are refused in one line, and which files the words of the command line mean."""

import pytest

from controls import options, prepare_controls
from transfer.cli.options import build_parser, files_from
from transfer.files import Files
from transfer_command import refused
from vgg.errors import InputError


@pytest.fixture
def words(tmp_path) -> list[str]:
    return prepare_controls(tmp_path)


REFUSED = {
    "--style-blend 3:1": "--style-blend is '3:1', expected a number for each style picture, 1 in all",
    "--style second.png --style-blend 1": "--style-blend is '1', expected a number for each style picture, 2 in all",
    "--style second.png --style-blend 1e308:1e308": "from 0 to 1e+06 and not all of them 0",
    "--style second.png --style-blend 1:x": "argument --style-blend: invalid blend value: '1:x'",
    "--style second.png --style-blend 0:0": "--style-blend is '0:0', expected a number for each",
    "--style second.png --style-blend 1:-1": "--style-blend is '1:-1', expected a number for each",
    "--style no-such.png": "no-such.png does not exist",
    "--style-scale 0.2": "--style-scale is 0.2, expected a number from 0.25 to 4",
    "--style-scale 5": "--style-scale is 5, expected a number from 0.25 to 4",
    "--strength 1.1": "--strength is 1.1, expected a number from 0 to 1",
    "--strength 0.5 --content-weight 1": "--strength and --content-weight both set the balance; choose one of them",
    "--strength 0.5 --style-weight 1": "--strength and --style-weight both set the balance; choose one of them",
    "--style-statistic mean": "argument --style-statistic: invalid choice: 'mean'",
    "--style-statistic moments --recipe coursera": "--recipe coursera, whose style weight is in units of its own, gram",
    "--style-statistic neighbours --style second.png": "neighbours looks for each place of the content in one style",
    "--style-statistic neighbours --content-mask content-mask.png --region white=keep": "neighbours looks for each",
    "--style-statistic neighbours --workers 1": "of which each of the workers would have a band; leave out",
    "--colors grey": "argument --colors: invalid choice: 'grey'",
    "--content-mask content-mask.png": "--content-mask, which says where the regions are, and --style-mask or --region",
    "--style-mask style-mask.png": "--content-mask, which says where the regions are, and --style-mask or --region",
    "--region white=second.png": "--content-mask, which says where the regions are, and --style-mask or --region",
    "--content-mask content-mask.png --region white": "argument --region: 'white' found, expected REGION=WHAT",
    "--content-mask content-mask.png --region sky=second.png": "'sky' is no colour of a region, expected one of black",
    "--content-mask content-mask.png --region red=keep": "--region red: the regions of",
    "--content-mask content-mask.png --region white=keep --region 255=keep": "--region names a colour twice, expected",
    "--content-mask content-mask.png --region white=keep --region black=keep": "gets a style; use the same colours",
    "--content-mask content-mask.png --style-mask style-mask.png --style-mask style-mask.png": "--style-mask given 2",
    "--content-mask content.png --region white=keep": "colours, expected 16 at most",
    "--region content-mask.png=1.5": "has the strength 1.5, expected a number from 0 to 1",
    "--region content-mask.png=nan": "has the strength nan, expected a number from 0 to 1",
    "--region content-mask.png=0.2 --region content-mask.png=keep": "--region names a picture twice, expected",
    "--region content-mask.png=0.2 --content-mask content-mask.png": "is a picture of one region, and a",
    "--region content-mask.png=0.2 --region white=keep": "is a picture of one region, and a colour or a mask",
    "--init content=0.5,noise=0.6": "expected shares of content, style and noise that add up to 1",
    "--init content=x": "expected shares of content, style and noise that add up to 1",
    "--init moon=1": "expected shares of content, style and noise that add up to 1",
}


@pytest.mark.parametrize("chosen", REFUSED)
def test_what_is_refused_in_one_line(tmp_path, words, capfd, chosen):
    assert REFUSED[chosen] in refused([*words, *options(chosen, tmp_path)], capfd, tmp_path)


def test_more_styles_may_be_named_one_after_the_other():
    parse = build_parser().parse_intermixed_args
    expected = Files("a.jpg", "b.jpg", None, ("c.jpg", "d.jpg"))
    assert files_from(parse(["a.jpg", "b.jpg", "c.jpg", "-o", "x.png", "--style", "d.jpg"])) == expected
    assert files_from(parse(["a.jpg", "-o", "x.png", "b.jpg", "c.jpg", "d.jpg"])) == expected
    with pytest.raises(InputError, match="a style picture is there twice"):
        masks = "--content-mask m.png --style-mask n.png --style-mask o.png"
        files_from(parse(f"a.jpg b.jpg b.jpg {masks}".split()))


def test_several_styles_in_one_word_as_make_gives_them(tmp_path):
    """STYLE="a.png b.png"; but a file whose name has a space is one file, and so is one that is not there."""
    for name in ("a.png", "b.png", "one file.png"):
        (tmp_path / name).write_bytes(b"")
    a, b, one = (str(tmp_path / name) for name in ("a.png", "b.png", "one file.png"))
    parse = build_parser().parse_intermixed_args
    assert files_from(parse(["c.png", f"{a} {b} sample"])) == Files("c.png", a, None, (b, "sample"))
    assert files_from(parse(["c.png", one])) == Files("c.png", one)
    assert files_from(parse(["c.png", f"{a} x.png"])) == Files("c.png", a, None, ("x.png",)), (
        "x.png is named as missing"
    )
    assert files_from(parse(["c.png", "not there.png"])) == Files("c.png", "not there.png")
    for empty in (
        ["", a],
        ["c.png", ""],
        ["c.png", a, "--style", ""],
        ["c.png", a, "--content-mask", "", "--region", "1=k"],
    ):
        with pytest.raises(InputError, match="the name of a picture is empty"):
            files_from(parse(empty))
