"""Every wrong file that people have had under the name gets its own sentence, one line that says what to do."""

import gzip
import pickle
import zipfile

import pytest

import hand_made
from refusals import GET_IT, edited, refusal
from vgg.matfile.read import read

KINDS = {
    "empty": (b"", "is empty"),
    "a login page": (b"\n\n<!DOCTYPE html>\n<html><title>Sign in</title>", "a web page (HTML)"),
    "a page with a byte order mark": (b"\xef\xbb\xbf<html>", "a web page (HTML)"),
    "a placeholder": (b"put the weights here\n", "text file beginning 'put the weights here'"),
    "a git-lfs pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:abdb\nsize 534904783\n",
        "text file beginning 'version https://git-lfs.github.com/spec/v1'",
    ),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(600), "HDF5", "-v7"),
    "MATLAB 7.3": (b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF", "MATLAB 7.3", "-v7"),
    "gzip": (gzip.compress(b"MATLAB 5.0"), "gzip", "unpack"),
    "PyTorch of old": (pickle.dumps({"features.0.weight": 1}, protocol=2), "pickle"),
    "noise": (b"\x93\x00\x11\x7f" * 300, "no MATLAB file", "93 00 11 7f"),
    "half a header": (b"MATLAB 5.0 MAT-file".ljust(100), "header"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_matlab_file(tmp_path, kind):
    contents, *words = KINDS[kind]
    path = tmp_path / "imagenet-vgg-verydeep-19.mat"
    path.write_bytes(contents)
    refusal(path, *words, GET_IT)


def test_no_file_at_all(tmp_path):
    refusal(tmp_path / "a.mat", "does not exist", GET_IT)
    refusal(tmp_path, "is a folder", "name the file inside")
    with zipfile.ZipFile(tmp_path / "b.mat", "w") as archive:
        archive.writestr("a.mat", b"")
    refusal(tmp_path / "b.mat", "zip", "unpack")


@pytest.mark.parametrize("compressed", [False, True])
def test_truncated_wherever_it_ends(tmp_path, compressed):
    path = hand_made.save(tmp_path / "a.mat", hand_made.network("later"), compressed)
    whole = path.read_bytes()
    read(path)
    for length in [len(whole) - 1, len(whole) - 100, *range(140, len(whole), len(whole) // 40)]:
        path.write_bytes(whole[:length])
        refusal(path, "truncated or damaged", " are there ", f"{length:,} bytes", "delete it and get it again")


def test_zeros_for_its_second_half(tmp_path):
    # As an interrupted copy may leave it.
    path = hand_made.save(tmp_path / "a.mat", hand_made.network("later"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    refusal(path, "truncated or damaged")


def names_only(*names):
    """Turn the network into another one, of which only the names matter."""

    def edit(variables, layers):
        variables["layers"] = hand_made.cell([{"name": name, "type": name.rstrip("_0123456789")} for name in names])

    return edit


def without(*lost):
    return names_only(*[name for name in hand_made.NAMES if name not in lost])


def renamed(name, other):
    return names_only(*[other if found == name else found for found in hand_made.NAMES])


VGG_F = ["conv1", "relu1", "norm1", "pool1", "conv2", "relu2", "norm2", "pool2", "conv3", "relu3", "conv4", "relu4"]
SWAPPED = hand_made.NAMES.copy()
SWAPPED[25], SWAPPED[23] = SWAPPED[23], SWAPPED[25]

OTHERS = {
    "VGG-16": (without("conv3_4", "relu3_4", "conv4_4", "relu4_4", "conv5_4", "relu5_4"), "this is VGG-16"),
    "VGG-F": (names_only(*VGG_F), "VGG-F"),
    "a layer missing": (without("relu4_2"), "missing or renamed: relu4_2 of"),
    "cut after conv5_1": (names_only(*hand_made.NAMES[:29]), "missing or renamed: relu5_1, conv5_2"),
    "a layer renamed": (renamed("conv4_2", "conv4_two"), "missing or renamed: conv4_2 of"),
    "two layers swapped": (names_only(*SWAPPED), "not in their order"),
    "no layers": (lambda variables, layers: variables.pop("layers"), "no variable `layers`"),
    "no meta": (lambda variables, layers: variables.pop("meta"), "neither `normalization`"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_another_network(tmp_path, kind):
    edit, words = OTHERS[kind]
    assert words in edited(tmp_path, edit)


def test_sentences_differ(tmp_path):
    sentences = [edited(tmp_path, edit) for edit, _ in OTHERS.values()]
    for i, (contents, *_) in enumerate(KINDS.values()):
        (tmp_path / str(i)).write_bytes(contents)
        sentences.append(refusal(tmp_path / str(i)).replace(f"/{i} ", "/a "))
    assert len(set(sentences)) == len(sentences) - 1  # both web pages get the same
