"""The published files: what others recorded of them."""

from weights.download.sources import BETA16, LATER


def test_digests_and_size():
    assert LATER.digest == "abdb57167f82a2a1fbab1e1c16ad9373411883f262a1a37ee5db2e6fb0044695"
    assert (LATER.algorithm, LATER.size) == ("sha256", 534_904_783)
    assert BETA16.digest == "8ee3263992981a1d26e73b3ca028a123"
    assert (BETA16.algorithm, BETA16.size) == ("md5", None)


def test_addresses():
    site = "://www.vlfeat.org/matconvnet/models/"
    for source, folder in ((LATER, ""), (BETA16, "beta16/")):
        path = f"{site}{folder}imagenet-vgg-verydeep-19.mat"
        assert source.urls == (f"https{path}", f"http{path}")
