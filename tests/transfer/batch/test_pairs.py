"""Which content gets which style: by names in a folder, by lists and globs, by a CSV file."""

import os

import pytest

from transfer.apps.batch.pairs import Pair, csv_pairs, folder_pairs, listed_pairs, pairs_of, require_distinct
from vgg.errors import InputError


@pytest.fixture
def place(tmp_path, monkeypatch):
    for name in ("content_2.png", "content_10.JPG", "style_b.webp", "style_a.png", "other.png", "notes.txt", ".x.png"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_has_contents_with_each_style_and_2_before_10(place):
    pairs = folder_pairs(".", "all")
    contents, styles = ("./content_2.png", "./content_10.JPG"), ("./style_a.png", "./style_b.webp")
    assert pairs == [Pair(content, style) for content in contents for style in styles]
    assert [pair.name for pair in pairs] == ["2-a", "2-b", "10-a", "10-b"]
    assert folder_pairs(".", "zip") == [pairs[0], pairs[3]]


@pytest.mark.parametrize(("missing", "kind"), [("content_", "content_"), ("style_", "style_")])
def test_a_folder_without_one_kind(place, missing, kind):
    for name in os.listdir(place):
        if name.startswith(missing):
            (place / name).unlink()
    with pytest.raises(InputError, match=f"has no picture named {kind}…"):
        folder_pairs(".", "all")


def test_lists_globs_folders_and_files(place):
    (place / "few").mkdir()
    (place / "few" / "z.png").write_text("")
    (place / "list.txt").write_text("content_2.png\n\n  few/z.png \n", encoding="utf-8")
    found = listed_pairs(["list.txt", "content_*", "few", "other.png"], ["style_a.png"], "all")
    contents = ["content_2.png", "few/z.png", "content_10.JPG", "other.png"]
    assert [pair.content for pair in found] == contents, "each once"


@pytest.mark.parametrize("word", ["nothing_*", "empty", "empty.txt"])
def test_what_has_no_pictures(place, word):
    (place / "empty").mkdir()
    (place / "empty.txt").write_text("\n")
    with pytest.raises(InputError, match="names no picture"):
        listed_pairs([word], ["style_a.png"], "all")


def test_a_name_on_the_command_line_that_is_not_there(place):
    (place / "My Pictures").mkdir()
    for words, expected in {
        ("content_3.png",): "content_3.png does not exist; did you mean content_2.png?",
        ("content_2.png", "My", "Pictures"): "My is a part of 'My Pictures'; a name with spaces needs quotes",
    }.items():
        with pytest.raises(InputError) as caught:
            listed_pairs(words, ["style_a.png"], "all")
        assert str(caught.value) == expected


def test_zip_needs_as_many_of_both():
    with pytest.raises(InputError, match="found 2 contents and 1 styles"):
        pairs_of(["a", "b"], ["c"], "zip")


def test_a_csv_file_names_pairs_from_its_own_folder(tmp_path):
    text = '\ufeffstyle,note,content\n"x, the first.jpg",1, a.png \nsub/y.jpg,,/b.png\n'
    (tmp_path / "pairs.csv").write_text(text, encoding="utf-8")
    folder = str(tmp_path)
    expected = [(f"{folder}/a.png", f"{folder}/x, the first.jpg"), ("/b.png", f"{folder}/sub/y.jpg")]
    assert csv_pairs(f"{folder}/pairs.csv") == [Pair(*pair) for pair in expected]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"content,manner\na,b\n", "has the columns 'content', 'manner', expected content and style; add"),
        (b"", "has the columns none"),
        (b"content,style\n", "has no rows"),
        (b"content,style\na.png,x.png\nb.png,\n", "line 3: a cell is empty"),
        (b"content,style\na.png\n", "line 2: a cell is empty"),
        (b"\xff\xfe\x00", "is not a text in UTF-8"),
    ],
)
def test_a_csv_file_that_is_no_good(tmp_path, data, expected):
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(InputError) as caught:
        csv_pairs(str(tmp_path / "a.csv"))
    assert expected in str(caught.value) and str(caught.value).isprintable()


@pytest.mark.parametrize("other", ["second/ä.png", "ä.jpg", "Ä.PNG", "a\N{COMBINING DIAERESIS}.png"])
def test_two_results_of_one_name(other):
    with pytest.raises(InputError, match=r"would both be called .{1,2}-x\.png; rename one"):
        require_distinct([Pair("first/ä.png", "x.png"), Pair(other, "x.png")])
    require_distinct([Pair("first/ä.png", "x.png"), Pair("first/ä.png", "y.png")])
