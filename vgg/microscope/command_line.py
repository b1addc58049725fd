"""The options of the microscope, `python -m vgg COMMAND`: from the table of its layers to what one activation saw.

Exit codes: 0 done, 2 unusable input (one line on stderr), 130 stopped with Ctrl-C.
"""

import argparse
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

from vgg.errors import InputError, typed
from vgg.layers import SMALLEST_SIDE, layer_named
from vgg.load import WEIGHTS_HELP, weights_path
from vgg.tools import console
from vgg.tools.console import LARGEST, file_name, interrupts_at_once, start_tensorflow, whole_number

ATLAS = ("conv1_2", "conv2_2", "conv3_3", "conv4_2", "conv5_1")  # the layers that it shows by default

Add = Callable[..., argparse.Action]


def names(text: str) -> tuple[str, ...]:
    """Return the words between commas, for `add_argument(type=names)`."""
    return tuple(word.strip() for word in text.split(","))


def count_or_all(text: str) -> int:
    """Return the number, for `all` one that no layer has, for `add_argument(type=count_or_all)`."""
    try:
        return LARGEST if text == "all" else whole_number(1)(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, or all") from None


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; `options.command` names the module of this package that runs it."""
    parser = console.Parser(prog=typed("vgg"), description="Look into VGG-19, with your own picture.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str, text: str, *pictures: str, size: int = 512, weights: str = WEIGHTS_HELP, draws: bool = True
    ) -> Add:
        """Return the function that adds an argument to the new command `name`, which reads `pictures`.

        One that `draws` writes a sheet, and has the options that say where.
        """
        added = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.add_argument("--weights", type=file_name, metavar="FILE", help=weights)
        for picture in pictures:
            optional = "?" if picture == "other" else None
            added.add_argument(picture, type=file_name, nargs=optional, help="a picture")
        if pictures:
            text = "longer side in pixels (default: %(default)s)"
            added.add_argument("--size", type=whole_number(SMALLEST_SIDE), default=size, help=text)
        if draws:
            text = f"default: output/{name}.png; a name that is taken gets a number"
            added.add_argument("-o", "--output", type=file_name, metavar="FILE", help=text)
            added.add_argument("--overwrite", action="store_true", help="write to that name even if it is taken")
        added.set_defaults(command=name, pictures=pictures, draws=draws)
        return added.add_argument

    add_commands_on_layers(command)
    add_commands_on_pictures(command)
    return parser


def add_commands_on_layers(command: Callable[..., Add]) -> None:
    """Add those that read no picture: the table of layers, and the filters themselves."""
    text = "the table of the 37 layers: shapes, receptive fields, costs; nothing is run"
    weights = "a .mat or .npz file of VGG-19 (default: none; the paper's numbers of channels)"
    add = command("layers", text, weights=weights, draws=False)
    add("--size", default="224x224", metavar="HxW", help="height and width of the picture (default: %(default)s)")
    add("--json", action="store_true", help="the same as JSON")

    add = command("filters", "what a layer's filters look for: conv1_1's kernels, or by gradient ascent")
    add("--layer", required=True, help="a convolution, such as conv1_1 or conv4_2")
    add("--channels", metavar="N,N,…", help="numbers with commas (default: all of conv1_1, else the first 9)")
    text = "what becomes large: a channel everywhere, a channel at one position, or all channels (default: %(default)s)"
    add("--objective", choices=("channel", "position", "layer"), default="channel", help=text)
    add("--negative", action="store_true", help="make it small instead: what the channel is against")
    add("--seed", type=whole_number(0), default=0, help="of the noise that ascent starts from (default: %(default)s)")

    text = "a web page of many channels: what each looks for, and where in your pictures it finds it most"
    add = command("atlas", text, draws=False)
    add("--layers", type=names, default=ATLAS, metavar="NAME,…", help=f"convolutions (default: {','.join(ATLAS)})")
    text = "the first N of each layer, or all of them: all (default: %(default)s)"
    add("--channels", type=count_or_all, default=18, metavar="N", help=text)
    text = "a folder of pictures, in which to look for the strongest patches (default: none)"
    add("--pictures", dest="folder", type=file_name, metavar="FOLDER", help=text)
    text = "longer side of those pictures in pixels (default: %(default)s)"
    add("--size", type=whole_number(SMALLEST_SIDE), default=512, help=text)
    add("--seed", type=whole_number(0), default=0, help="of the noise that ascent starts from (default: %(default)s)")
    text = "for the page and its finished layers, with which it goes on (default: %(default)s)"
    add("-o", "--output", type=file_name, metavar="FOLDER", default=Path("output/atlas"), help=text)


def add_commands_on_pictures(command: Callable[..., Add]) -> None:
    """Add the maps of a picture, what caused them, the picture from its maps, and comparisons of pictures."""
    text = "what the layers make of a picture: a sheet of one layer's maps, or a table of all layers"
    add = command("features", text, "image")
    add("--layer", help="such as conv3_1 (before the ReLU) or relu3_1")
    text = "only the N most active maps (default: all); not with --summary"
    add("--top", type=whole_number(1), metavar="N", help=text)
    text = "print a table instead of drawing: mean, zeros and strongest channels per layer"
    add("--summary", action="store_true", help=text)

    add = command("deconv", "what in the picture caused an activation: Zeiler & Fergus's deconvnet", "image")
    add("--layer", required=True, help="any, such as relu4_2")
    add("--channel", type=whole_number(0), metavar="N", help="only this channel's strongest activation; not with --top")
    add("--top", type=whole_number(1), metavar="N", help="those of the N strongest channels (default: 9)")

    text = "what a layer keeps of the picture: rebuild it from that layer's maps, starting from noise"
    add = command("invert", text, "image", size=256)
    add("--layer", required=True, help="any, such as relu3_1")
    add("--iterations", type=whole_number(1), default=50, help="steps of the optimiser (default: %(default)s)")
    add("--seed", type=whole_number(0), default=0, help="of the white noise it starts from (default: %(default)s)")

    add = command("search", "which pictures of a folder the network finds most like yours", "query")
    add("folder", type=file_name, help="where the others are; their features are kept in your cache folder")
    add("--layer", default="relu5_1", help="default: %(default)s")
    text = "channel means, or Gram matrices (default: content)"
    add("--by", choices=("content", "style"), default="content", help=text)
    add("--top", type=whole_number(1), default=9, metavar="N", help="how many to show (default: %(default)s)")

    add = command("gram", "Gram matrices as pictures: which channels are active together", "image", "other")
    add("--layer", default="relu3_1", help="a ReLU (default: %(default)s)")
    add("--seed", type=whole_number(0), default=0, help="of the channels' pictures (default: %(default)s)")

    command("compare", "where two pictures differ: content and style distance at each layer", "a", "b")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return console.run("vgg", lambda: run(options))


def run(options: argparse.Namespace) -> None:
    """Print the table of layers, or read the inputs of another command and write what it draws.

    Each other command is a module with the function `run(options, weights, *images)`, which returns an image, or None
    if it has printed or written its result itself.
    """
    require_sensible(options)
    # Not at the top of the file: `--help` should not wait for NumPy and OpenCV, nor a wrong picture for TensorFlow.
    with interrupts_at_once():
        from vgg.matfile.read import read
        from vgg.microscope import layers
        from vgg.microscope.draw import read_small
        from vgg.tools.files import first_free
        from vgg.tools.image import check_output, write_image
    if options.command == "layers":
        layers.run(options)
        return
    output = options.output or Path(f"output/{options.command}.png")
    pictures = [vars(options)[name] for name in options.pictures if vars(options)[name] is not None]
    if options.draws:
        check_output(output, pictures)
    images = [read_small(picture, options.size) for picture in pictures]
    weights = read(weights_path(options.weights))
    path = weights.path.resolve()
    path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    console.say(f"weights: {path}" + (f", {weights.origin}" if weights.origin else ""))
    if options.command not in ("search", "atlas"):  # which start TensorFlow only for what they do not know yet
        start_tensorflow()
    with interrupts_at_once():
        command = importlib.import_module(f"vgg.microscope.{options.command}")
    sheet = command.run(options, weights, *images)
    if sheet is not None:
        output = output if options.overwrite else first_free(output)
        write_image(output, sheet)
        console.say(f"written: {output}")


def require_sensible(options: argparse.Namespace) -> None:
    """Raise InputError unless there is such a layer, and the options fit together."""
    kind = None if getattr(options, "layer", None) is None else layer_named(options.layer).kind
    if options.command == "features":
        if kind is None and not options.summary:
            raise InputError(
                "no layer was named; add --layer conv3_1 for its maps, or --summary for a table of all layers"
            )
        if options.summary and (options.output or options.top):
            raise InputError("--summary prints a table and draws nothing; leave out --output and --top")
    if options.command == "deconv" and options.channel is not None and options.top is not None:
        raise InputError("--channel and --top were both given, expected one of them; leave one out")
    if options.command == "gram" and kind != "relu":
        raise InputError(f"--layer is {options.layer}, expected a ReLU, where style is measured, such as relu3_1")
    if options.command == "filters":
        require_sensible_filters(options, kind)
    if options.command == "atlas":
        require_convolutions(options.layers)


def require_sensible_filters(options: argparse.Namespace, kind: str) -> None:
    """Raise InputError unless the layer has filters, and they are shown in the way that the options ask for."""
    if kind != "conv":
        raise InputError(f"--layer is {options.layer}, which has no filters, expected a convolution, such as conv4_2")
    if options.layer == "conv1_1" and (options.negative or options.objective != "channel"):
        raise InputError("conv1_1's kernels are shown themselves; --objective and --negative need a deeper layer")
    if options.objective == "layer" and (options.negative or options.channels):
        raise InputError("--objective layer is of all channels; leave out --channels and --negative")


def require_convolutions(layers: Sequence[str]) -> None:
    """Raise InputError unless all are convolutions, each named once."""
    for name in layers:
        if layer_named(name).kind != "conv":
            raise InputError(f"--layers has {name}, which has no filters, expected convolutions, such as {ATLAS[0]}")
        if layers.count(name) > 1:
            raise InputError(f"--layers has {name} more than once, expected each layer once; leave the others out")
