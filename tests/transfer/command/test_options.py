"""From the words of the command line to a recipe: its own defaults, every option, and one line for what is wrong."""

from dataclasses import fields, replace

import pytest

from transfer.cli.options import build_parser, files_from, recipe_from
from transfer.files import Files
from transfer.other_programs import RECIPES
from transfer.recipes import DEFAULT, GATYS2016, Recipe
from vgg.errors import InputError

#: Option, the field it sets and to what.
OPTIONS = [
    ("--size 99", "size", 99),
    ("--scales 24,300", "scales", (24, 300)),
    ("--iterations 77", "iterations", 77),
    ("--optimizer adam", "optimizer", "adam"),
    ("--learning-rate 0.5", "learning_rate", 0.5),
    ("--init style", "init", "style"),
    (f"--init {__file__}", "init", "picture"),
    ("--content-weight 1e-3", "content_weight", 1e-3),
    ("--content-weight 0", "content_weight", 0.0),
    ("--style-weight 3", "style_weight", 3.0),
    ("--style-weight 0", "style_weight", 0.0),
    ("--tv-weight 0", "tv_weight", 0.0),
    ("--tv-weight 2", "tv_weight", 2.0),
    ("--content-layers relu2_2", "content_layers", (("relu2_2", 1.0),)),
    ("--style-layers pool1,relu5_4", "style_layers", (("pool1", 0.5), ("relu5_4", 0.5))),
    ("--pooling max", "pooling", "max"),
    ("--style-scale 2.5", "style_scale", 2.5),
    ("--crop square", "crop", "square"),
    ("--colors luminance", "colors", "luminance"),
    ("--normalize", "normalized_network", True),
    ("--no-normalize", "normalized_network", False),
]


def recipe_of(words: str) -> Recipe:
    return recipe_from(build_parser().parse_args(words.split()))


def refusal(words: str) -> str:
    with pytest.raises(InputError) as caught:
        recipe_of(words)
    assert str(caught.value).isprintable(), "one line"
    return str(caught.value)


def test_without_options_the_recipe_is_as_it_stands():
    assert recipe_of("") == DEFAULT
    assert recipe_of("a.jpg b.jpg --recipe gatys2016 --seed 3 --sheet --quiet") == GATYS2016


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_option_arrives_and_changes_nothing_else(recipe):
    """And without an option, the recipe is as it stands: no default of the parser's own."""
    assert recipe_of(f"--recipe {recipe}") == RECIPES[recipe]
    for option, field, value in OPTIONS:
        if option == "--style-weight 0" and not RECIPES[recipe].content_weight:
            continue  # refused, as nothing would be left
        changed = recipe_of(f"--recipe {recipe} {option}")
        assert getattr(changed, field) == value, option
        assert replace(changed, **{field: getattr(RECIPES[recipe], field)}) == RECIPES[recipe], option


@pytest.mark.parametrize(
    ("words", "files"),
    [
        ("a.jpg b.jpg", Files("a.jpg", "b.jpg")),
        ("a.jpg b.jpg --init style", Files("a.jpg", "b.jpg")),
        (f"a.jpg sample --init {__file__}", Files("a.jpg", "sample", __file__)),
    ],
)
def test_files_are_those_that_the_user_named(words, files):
    assert files_from(build_parser().parse_args(words.split())) == files


def test_no_option_is_forgotten_above():
    """An option that is named as a field of the recipe sets it, or is about something else that is tested elsewhere."""
    own = {action.dest for action in build_parser()._actions} & {field.name for field in fields(Recipe)}
    of_other_recipes = {"style_statistic"}  # refused with some, see `transfer.recipes.with_statistic`
    assert own - of_other_recipes == {field for _, field, _ in OPTIONS if field != "normalized_network"}


def test_options_add_up():
    chosen = {field: (option, value) for option, field, value in reversed(OPTIONS)}  # the first of each field
    changed = recipe_of(" ".join(option for option, _ in chosen.values()) + " --recipe gatys2016")
    assert {field: getattr(changed, field) for field in chosen} == {
        field: value for field, (_, value) in chosen.items()
    }
    assert changed.style_loss == GATYS2016.style_loss


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("relu4_2", (("relu4_2", 1.0),)),
        ("conv1_1,relu2_1,pool3,relu5_4", (("conv1_1", 0.25), ("relu2_1", 0.25), ("pool3", 0.25), ("relu5_4", 0.25))),
        ("relu3_2=0.3,relu4_2=0.7", (("relu3_2", 0.3), ("relu4_2", 0.7))),
        ("relu4_2=2e-1", (("relu4_2", 0.2),)),
        ("relu1_1=4,relu2_1", (("relu1_1", 4.0), ("relu2_1", 0.5))),
        ("relu5_1,relu1_1,", (("relu5_1", 0.5), ("relu1_1", 0.5))),
    ],
)
def test_lists_of_layers(text, layers):
    for kind in ("content", "style"):
        assert getattr(recipe_of(f"--{kind}-layers {text}"), f"{kind}_layers") == layers


def test_spaces_in_a_list_do_not_matter():
    options = build_parser().parse_args(["--style-layers", " relu1_1=0.2 , relu2_1 "])
    assert recipe_from(options).style_layers == (("relu1_1", 0.2), ("relu2_1", 0.5))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--recipe impressionist", "no recipe 'impressionist'; the recipes are default, gatys2016"),
        ("--report-as impressionist", "no recipe 'impressionist'; the recipes are default, gatys2016"),
        ("--content-layers relu4_5", "no layer 'relu4_5'; did you mean relu4_4?"),
        ("--style-layers relu1_1,22", "no layer '22'"),
        ("--content-layers relu1_1,relu1_1=2", "--content-layers names a layer twice, expected every layer once"),
        ("--style-layers relu2_1=-1", "the weight of relu2_1 is -1"),
        ("--content-layers relu2_1=nan", "the weight of relu2_1 is nan"),
        ("--content-weight -1", "--content-weight is -1, expected a number from 0 to 1e+38"),
        ("--style-weight inf", "--style-weight is inf"),
        ("--tv-weight nan", "--tv-weight is nan"),
        ("--learning-rate -2", "--learning-rate is -2"),
        ("--precision bfloat16 --optimizer l-bfgs", "--precision bfloat16 would mislead the line search of"),
        ("--precision bfloat16 --recipe gatys2016", "choose --optimizer l-bfgs-unit, or --precision float32"),
        ("--content-weight 0 --style-weight 0", "nothing to do"),
    ],
)
def test_what_is_refused(words, expected):
    assert expected in refusal(words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a b --init no/such/picture.png", "--init is 'no/such/picture.png', expected content, style, noise, a b"),
        (f"a b --init {300 * 'x'}.png", "expected content, style, noise, a blend, or a picture that exists"),
        ("", "the content and style pictures are missing, expected two, as in `"),
        ("a.jpg", "the style picture is missing, expected two"),
    ],
)
def test_files_that_are_refused(words, expected):
    with pytest.raises(InputError) as caught:
        files_from(build_parser().parse_args(words.split()))
    assert expected in str(caught.value) and str(caught.value).isprintable()


def test_no_layers_at_all_is_nothing_to_do():
    options = build_parser().parse_args(["--content-layers", "", "--style-layers", ""])
    with pytest.raises(InputError, match="nothing to do"):
        recipe_from(options)


#: Options that the parser refuses, and what it must say.
MISSPELLED = {
    "--size big": "argument --size: 'big' found, expected a whole number of 16 or more",
    "--size 1e3": "argument --size: '1e3' found, expected a whole number of 16 or more",
    "--size 15": "argument --size: '15' found, expected a whole number of 16 or more",
    "--iterations 1.5": "argument --iterations: '1.5' found, expected a whole number of 1 or more",
    "--iterations 0": "argument --iterations: '0' found, expected a whole number of 1 or more",
    "--seed x": "argument --seed: 'x' found, expected a whole number of 0 or more",
    "--seed -1": "argument --seed: '-1' found, expected a whole number of 0 or more",
    f"--seed {5000 * '9'}": "9999999999' found, expected a whole number of 0 or more, at most 9223372036854775807",
    "--max-memory 0": "argument --max-memory: invalid gigabytes value: '0'",
    "--max-memory=-2GB": "invalid gigabytes value: '-2GB'",
    "--max-memory nan": "invalid gigabytes value: 'nan'",
    "--max-memory inf": "invalid gigabytes value: 'inf'",
    "--max-memory much": "invalid gigabytes value: 'much'",
    "--style-layers relu1_1=much": "'relu1_1=much' found, expected layers with or without a weight, such as relu1_1,",
    "--style-blend 1:x": "argument --style-blend: invalid blend value: '1:x'",
    "--region white": "argument --region: 'white' found, expected REGION=WHAT, such as white=night.jpg",
    "--output=": "argument -o/--output: '' found, expected the name of a file",
    "--weights=": "argument --weights: '' found, expected the name of a file",
    "--optimizer sgd": "invalid choice: 'sgd'",
    "--pooling sum": "invalid choice: 'sum'",
    "--content-weight much": "argument --content-weight: 'much' found, expected a number such as 0.5",
    "--colour": "unrecognized arguments: --colour",
    "--output": "expected one argument",
}


@pytest.mark.parametrize("words", MISSPELLED)
def test_what_the_parser_refuses_in_one_line(words, capsys):
    with pytest.raises(SystemExit) as stop:
        build_parser().parse_args(words.split())
    out, err = capsys.readouterr()
    assert stop.value.code == 2 and out == ""
    assert err.startswith("transfer: ") and err.endswith("-m transfer --help\n")
    assert err[:-1].isprintable() and MISSPELLED[words] in err


@pytest.mark.parametrize(
    ("text", "in_bytes"), [("8", 8e9), ("1.5", 1.5e9), ("6GB", 6e9), (" 6 gb ", 6e9), ("1e-3", 1e6)]
)
def test_memory_in_gigabytes(text, in_bytes):
    assert build_parser().parse_args([f"--max-memory={text}"]).max_memory == in_bytes


@pytest.mark.parametrize(("text", "sizes"), [("", ()), (" ", ()), ("256", (256,)), ("512, 16,", (512, 16))])
def test_lists_of_sizes(text, sizes):
    assert recipe_from(build_parser().parse_args(["--scales", text])).scales == sizes


@pytest.mark.parametrize("text", ["15", "256,-3", "256;512", "1e2", "²", "256 512", "99999999999999999999x"])
def test_unusable_sizes(text, capsys):
    with pytest.raises(SystemExit):
        build_parser().parse_args([f"--scales={text}"])
    refused = repr(text.split(",")[-1])
    assert f"argument --scales: {refused} found, expected a whole number of 16 or more" in capsys.readouterr().err
