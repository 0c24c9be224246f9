"""Wrong command lines by the seed: misspelt, of wrong types, too long, empty, unprintable, contradictory.

Each of them is to be answered by one short line on standard error and exit code 2, and to write nothing: carried out in
an empty folder none of them has anything to train, sample or list.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence

from steadygan.cli import COMMANDS
from steadygan.cli.fields import paths
from steadygan.cli.habits import HABITS, Otherwise
from steadygan.data.options import DataOptions
from steadygan.recipes import by_name
from steadygan.types import SampleSpec

SAMPLE = SampleSpec((3, 32, 32), 10)
RUN_COMMANDS = ("sample", "evaluate", "resume", "report")
OPTIONS = {
    "train": ("--data", "--out", "--minutes", "--epochs", "--device", "--engine", "--from", "--track", "--set"),
    "bench": ("--data", "--engines", "--precisions", "--device", "--repeats", "--out", "--set"),
    "sample": ("--count", "--seed", "--out", "--class", "--round"),
    "evaluate": ("--metrics", "--features", "--count", "--seed", "--weights", "--round"),
    "resume": ("--rounds", "--micro-batch", "--device", "--from-round", "--track"),
    "compare": ("--out",),
    "data": ("--sheet", "--size", "--channels", "--held-out"),
    "recipes": ("--size",),
    "runs": (),
    "report": (),
}
"""options that take a value"""
NUMBERS = {
    "train": ("--batch", "--rounds", "--seed", "--generator-steps", "--run.keep-last", "--data.size", "--minutes"),
    "bench": ("--repeats", "--batch", "--critic.width"),
    "sample": ("--count", "--seed", "--round"),
    "evaluate": ("--count", "--seed", "--round"),
    "resume": ("--rounds", "--micro-batch", "--from-round"),
    "data": ("--size", "--channels", "--window"),
    "recipes": ("--size",),
}
"""options that take a number"""
NO_NUMBERS = (
    "many",
    "²",
    "³5",
    "1.5.2",
    "0x10",
    "1e",
    "nan",
    "NaN",
    "½",
    "Ⅳ",
    "1/2",
    "ten",
    "1 2",
    "1,0",
    "+-3",
    "1e999",
)
BELOW = ("-1", "-4", "-1000000", "-1e9")
HUGE = ("1" + "0" * 30, "9" * 400, "9" * 5000, "1e400")
FLOATS = ("--critic-optimizer.lr", "--generator-optimizer.lr", "--data.held-out", "--minutes")
NO_FLOATS = ("nan", "-nan", "inf", "-inf", "1e999", "²", "fast", "0", "-0.5", "1e-400", "0,1", "--")
ODD = (
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x00",
    "\x7f",
    "\u202e",
    "\u2028",
    "\udce4\udcff",
    "\r",
    "\x9b31m",
    "a\nb",
    "\ud800",
)
BROKEN_YAML = (
    "{",
    "[1, 2",
    "{a: {b: ",
    "&a [*a]",
    "!!python/object/apply:os.system [ls]",
    "'",
    "a: b: c",
    "\t-",
    "%",
    "@",
)

Rng = random.Random


def wrong_command_lines(seed: int, count: int) -> list[list[str]]:
    """``count`` wrong command lines, the words after ``steadygan``; the same ones for the same seed."""
    rng = random.Random(seed)
    kinds = list(KINDS)
    rng.shuffle(kinds)
    return [kinds[index % len(kinds)](rng) for index in range(count)]


def _command(rng: Rng, among: Sequence[str] = tuple(COMMANDS)) -> str:
    return rng.choice(among)


def _misspelt(rng: Rng, word: str) -> str:
    """The word with two letters changed."""
    letters = list(word)
    for _ in range(2):
        place = rng.randrange(len(letters))
        letters[place : place + 1] = rng.choice(["", rng.choice("qxzjkw") * 2])
    changed = "".join(letters)
    return changed if changed != word and len(changed) > 2 else f"{word}qz"


def _long(rng: Rng) -> str:
    """A word of thousands of characters."""
    length = rng.randrange(1000, 10_000)
    alphabet = rng.choice((string.ascii_lowercase, "x", "ab/", "äöü", "é中文", "\x1b[31m", "a.b-"))
    return "".join(rng.choice(alphabet) for _ in range(length))


def _unknown_command(rng: Rng) -> list[str]:
    word = rng.choice([_misspelt(rng, _command(rng)), "Train", "--tarin", "fit", "export", "-x", "--", "trainn", "?"])
    return [word, *rng.choice([[], ["--data", "digits"], ["wgan-gp"]])]


def _misspelt_option(rng: Rng) -> list[str]:
    command = _command(rng, [name for name, options in OPTIONS.items() if options])
    option = f"--{_misspelt(rng, rng.choice(OPTIONS[command])[2:])}-zq"
    return [
        command,
        *rng.choice([[option], [option, "5"], [f"{option}=5"]]),
        *(["x", "y"] if command == "compare" else []),
    ]


def _misspelt_field(rng: Rng) -> list[str]:
    recipe = by_name()["wgan-gp"](SAMPLE)
    path = rng.choice(paths(recipe))
    return [rng.choice(("train", "bench")), "wgan-gp", f"--{path}{rng.choice(('q', '-zz', '.qqq', '..x', '.²'))}", "3"]


def _no_number(rng: Rng) -> list[str]:
    command = _command(rng, tuple(NUMBERS))
    return [command, *_data(command), rng.choice(NUMBERS[command]), rng.choice(NO_NUMBERS)]


def _data(command: str) -> list[str]:
    return ["digits"] if command == "data" else []


def _below(rng: Rng) -> list[str]:
    command = _command(rng, tuple(NUMBERS))
    return [command, *_data(command), rng.choice(NUMBERS[command]), rng.choice(BELOW)]


def _huge(rng: Rng) -> list[str]:
    command = _command(rng, tuple(NUMBERS))
    return [command, *_data(command), rng.choice(NUMBERS[command]), rng.choice(HUGE)]


def _no_float(rng: Rng) -> list[str]:
    return ["train", "wgan-gp", rng.choice(FLOATS), rng.choice(NO_FLOATS)]


def _long_word(rng: Rng) -> list[str]:
    word, command = _long(rng), _command(rng)
    return rng.choice(
        [
            [word],
            [command, f"--{word}", "5"],
            [command, f"--{word}=5"],
            [rng.choice(RUN_COMMANDS), word],
            ["train", word],
            ["train", "--data", word],
            ["train", "--batch", word],
            ["train", f"critic:{word}"],
            ["train", f"--critic.{word}", "3"],
            ["train", "--set", word],
            ["train", "--set", f"critic={word}"],
            ["train", "--device", word],
            ["train", "--track", word],
            ["train", "--help", word],
            ["train", "--from", word],
            ["bench", "--engines", word],
            ["data", word],
            ["runs", word],
            ["recipes", word],
            ["compare", word, word],
            ["sample", "--count", word],
            ["evaluate", "--features", word],
        ]
    )


def _empty(rng: Rng) -> list[str]:
    return rng.choice(
        [
            [""],
            ["train", ""],
            ["train", "--data", ""],
            ["train", "--out", ""],
            ["train", "--device", " "],
            ["train", "--batch", ""],
            ["train", "--from", ""],
            ["train", "--set", ""],
            ["train", "--track", ""],
            ["train", "--name", ""],
            ["data", ""],
            ["data", "digits", "--sheet", ""],
            ["sample", ""],
            ["sample", "--out", ""],
            ["sample", "--seed", ""],
            ["evaluate", "--metrics", ""],
            ["resume", " "],
            ["report", ""],
            ["runs", ""],
            ["recipes", ""],
            ["compare", "", ""],
            ["bench", "--out", ""],
        ]
    )


def _odd(rng: Rng) -> list[str]:
    word = f"{rng.choice(('', 'x'))}{rng.choice(ODD)}{rng.choice(('', 'y', rng.choice(ODD)))}"
    return rng.choice(
        [
            [word],
            ["train", word],
            ["train", "--data", word],
            ["train", "--batch", word],
            ["train", f"--{word}", "1"],
            ["train", f"critic:{word}"],
            ["train", "--device", word],
            ["train", "--name", word + "\x1b"],
            ["train", "--set", f"batch={word}x"],
            ["train", "--help", word],
            ["data", word],
            ["sample", word],
            ["report", word],
            ["runs", word],
            ["recipes", word],
            ["evaluate", "--weights", word],
            ["bench", "--precisions", word],
        ]
    )


def _too_many(rng: Rng) -> list[str]:
    command = _command(rng, ("report", "runs", "recipes", "resume", "sample", "data", "train", "bench"))
    words = ["wgan-gp"] if command in ("train", "bench", "recipes") else ["digits"]
    return [command, *words * 2, *rng.choice([[], ["third"], ["--", "third"]])]


def _no_value(rng: Rng) -> list[str]:
    command = _command(rng, [name for name, options in OPTIONS.items() if options])
    return [command, *(["x", "y"] if command == "compare" else _data(command)), rng.choice(OPTIONS[command])]


def _twice(rng: Rng) -> list[str]:
    """An option given twice: the later one counts, and is wrong."""
    command = _command(rng, tuple(NUMBERS))
    option = rng.choice(NUMBERS[command])
    return [command, *_data(command), option, "16", option, rng.choice(NO_NUMBERS)]


def _topic(rng: Rng) -> list[str]:
    word = rng.choice(["critc", "generatr", "penaltys", "everythin", "?", "5", "a" * 200, "²", "critc.width", "lrr"])
    return ["train", *rng.choice([[], ["dcgan"]]), "--help", word]


def _nested(rng: Rng) -> list[str]:
    option = rng.choice(
        [
            "--penalties.²",
            "--penalties.²=3",
            "--penalties.①.weight",
            "--penalties.٣.weight",
            "--penalties.99",
            "--penalties.-1.weight",
            "--penalties." + "9" * 5000,
            "--penalties.1e3.weight",
            "--penalties.0.weight.x",
            "--penalties.0.at.here",
            "--penalties.0.0.0",
            "--critic.width.deep",
            "--batch.0",
            "--critic..width",
            "--.width",
            "--critic.",
            "--critic._",
            "--critic.__class__",
            "--critic.width.__init__",
            "--run.run.run",
            "--data.source.name",
            "--critic-optimizer.betas.7",
            "--critic-optimizer.betas.²",
            "--" + ".".join("a" * 400),
        ]
    )
    return [rng.choice(("train", "bench")), "wgan-gp", option, *([] if "=" in option else [rng.choice(("3", "x"))])]


def _yaml(rng: Rng) -> list[str]:
    text = rng.choice(BROKEN_YAML)
    form = rng.choice(
        [
            f"penalties={text}",
            f"critic={text}",
            f"critic.width={text}",
            "critic.width",
            "=5",
            " =5",
            "penalties=[{kind: R7}]",
            "penalties=[{kind: R1, gama: 5}]",
            "penalties={kind: [R1]}",
            "penalties=5",
            "critic=[1, 2]",
            "critic={kind: {a: b}}",
            "batch={a: 1}",
            "batch=[1]",
            "nothing.at.all=1",
            "critic.width=" + "[" * 5000,
            "run=" + "{a: " * 300,
            "penalties=[" + "{kind: R9}, " * 300 + "]",
            "critic={1: 2}",
            "critic={kind: 5}",
            "data={source: [1]}",
            "objective=null",
            "critic.width=!!int x",
            "seed=2001-01-01",
            "batch=1:30:00.5",
        ]
    )
    return ["train", "wgan-gp", "--set", form]


def _nowhere(rng: Rng) -> list[str]:
    name = "".join(rng.choice(string.ascii_lowercase) for _ in range(6))
    return rng.choice(
        [
            ["train", "--data", f"{name}/"],
            ["train", f"{name}/pictures"],
            ["train", f"{name}.npz"],
            ["train", f"{name}.yaml"],
            ["train", "--data", f"/{name}/{name}"],
            ["train", "--from", name],
            ["train", "--data", "~nobody/pictures"],
            ["data", f"{name}.npz"],
            ["data", f"./{name}"],
            ["sample", name],
            ["evaluate", name, name],
            ["resume", f"/{name}"],
            ["report", name],
            ["compare", name, f"{name}2"],
            ["runs", name],
            ["bench", f"{name}.yaml"],
            ["sample", "--round", "best"],
            ["resume"],
            ["report"],
        ]
    )


def _outputs(rng: Rng) -> list[str]:
    """Output paths that nothing can be written to."""
    path = rng.choice(["/dev/null", "/dev/null/x", "/proc/nothing/here", "/dev/full", "x" * 300, "."])
    if path == ".":
        return rng.choice([["bench", "--out", path], ["data", "digits", "--sheet", path]])
    return rng.choice(
        [
            ["train", "wgan-gp", "--out", path],
            ["bench", "--out", path],
            ["data", "digits", "--sheet", path],
            ["compare", "a", "b", "--out", path],
        ]
    )


def _contradiction(rng: Rng) -> list[str]:
    return rng.choice(
        [
            ["train", "--minutes", "5", "--rounds", "10"],
            ["train", "--epochs", "5", "--rounds", "10"],
            ["train", "--epochs", "5", "--minutes", "10"],
            ["train", "digits", "--data", "8gaussians"],
            ["train", "8gaussians", "swissroll"],
            ["train", "wgan-gp", "8gaussians", "--epochs", "2"],
            ["train", "wgan-gp", "--critic.norm", "batch"],
            ["train", "wgan-gp", "--data.length", "8"],
            ["train", "dcgan", "--run.precision", "tf32", "--device", "cpu"],
            ["sample", "--gif", "--interpolate"],
            ["sample", "--gif", "--between"],
            ["sample", "--by-class", "--gif"],
            ["data"],
            ["data", "--clear-cache", "--no-sheet"],
            ["data", "digits", "--sheet", "a.png", "--no-sheet"],
            ["recipes", "--yaml"],
            ["compare"],
            ["compare", "one"],
            ["train", "--keep-schedules"],
        ]
    )


def _kind(rng: Rng) -> list[str]:
    part = rng.choice(
        ["critic", "generator", "objective", "prior", "penalties.0", "penalties.9", "critic-steps", "nothing"]
    )
    return [
        "train",
        "wgan-gp",
        f"{part}:{_misspelt(rng, rng.choice(['resnet-critic', 'adam', 'uniform', 'none-such']))}q",
    ]


def _name(rng: Rng) -> list[str]:
    word = _misspelt(rng, rng.choice(["eager", "cuda", "wandb", "frechet", "average", "classifier", "fp32"])) + "q"
    return rng.choice(
        [
            ["train", "--device", word],
            ["train", "--engine", word],
            ["train", "--track", word],
            ["bench", "--engines", "eager", word],
            ["bench", "--precisions", word],
            ["bench", "--device", word],
            ["train", "--run.precision", word],
            ["train", "--critic.norm", word],
            ["train", "--data.fit", word],
            ["train", "--data.flip", word],
            ["train", word],
            ["recipes", word],
        ]
    )


def _habit(rng: Rng) -> list[str]:
    """Options of other programs that have no counterpart."""
    command = _command(rng, [name for name, table in HABITS.items() if any(_refused(table.values()))])
    names = [name for name, meaning in HABITS[command].items() if isinstance(meaning, Otherwise)]
    return [command, *_data(command), rng.choice(names), *rng.choice([[], ["3"]])]


def _refused(meanings: object) -> list[bool]:
    return [isinstance(meaning, Otherwise) for meaning in meanings]  # type: ignore[attr-defined]


def _data_field(rng: Rng) -> list[str]:
    path = rng.choice([path for path in paths(DataOptions()) if path != "source"])
    return ["data", "digits", f"--{path}{rng.choice(('q', '.x', '.0', '-z'))}", "1"]


KINDS: tuple[Callable[[Rng], list[str]], ...] = (
    _unknown_command,
    _misspelt_option,
    _misspelt_field,
    _no_number,
    _below,
    _huge,
    _no_float,
    _long_word,
    _empty,
    _odd,
    _too_many,
    _no_value,
    _twice,
    _topic,
    _nested,
    _yaml,
    _nowhere,
    _outputs,
    _contradiction,
    _kind,
    _name,
    _habit,
    _data_field,
)
