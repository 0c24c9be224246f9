"""Options of other programs for the commands that use a run: sample, export, push, evaluate, compare and more."""

from __future__ import annotations

from steadygan.cli.habits.meanings import OUT, OUTS, SIZES, Bare, Meaning, Otherwise, Same, Short, table

_BLOCKS = Otherwise("samples are drawn in blocks, and no batch size is needed")
_COUNTS = "-n --n --num --num-samples --n-samples --samples --nsamples --number --num-images --n-images"
_DEVICES = "--gpu --gpus --gpu-id --cuda --mps --device"
_ON_CPU = Otherwise("samples are drawn on the CPU")
_ROUND = Same(("--round",))
_ROUNDS = "--ckpt --checkpoint --iteration --step --epoch --best-round"

_SAMPLE = table(
    (_COUNTS, Same(("--count",))),
    (OUTS, OUT),
    (_ROUNDS, _ROUND),
    ("--label --labels --classes --cls --class-idx", Same(("--class",))),
    ("--video --film --animation --animate --movie", Short(("--gif",))),
    ("--interp --interpolation", Short(("--interpolate",))),
    ("--run --model --network --name", Bare()),
    ("--random-seed --manual-seed --seeds", Same(("--seed",))),
    ("--trunc --truncation-psi --psi --threshold", Same(("--truncation",))),
    ("--style-mixing --mixing --mix", Same(("--mix-styles",))),
    (_DEVICES, _ON_CPU),
    ("--batch --batch-size --bs", _BLOCKS),
    (f"{SIZES} --size", Otherwise("samples have the size that the run was trained at")),
    ("--ema", Otherwise("samples are of the averaged weights; --raw takes the others")),
    ("--force -f -y", Short(("--overwrite",))),
)

_EXPORT = table(
    ("--format --type --kind --as", Same(("--to",))),
    (OUTS, OUT),
    (_ROUNDS, _ROUND),
    ("--raw", Short(("--weights", "raw"))),
    ("--ema --average", Short(("--weights", "average"))),
    (
        "--opset --opset-version",
        Otherwise("the opset is that of torch's exporter, and is named at the end"),
    ),
    ("--batch --batch-size --bs", Otherwise("the number of samples is dynamic, and no batch size is needed")),
    (_DEVICES, Otherwise("a generator is exported on the CPU, and runs on any device")),
    ("--run --model --network --name", Bare()),
    ("--force -f -y", Short(("--overwrite",))),
)

_PUSH = table(
    (_ROUNDS, _ROUND),
    ("--raw", Short(("--weights", "raw"))),
    ("--ema --average", Short(("--weights", "average"))),
    ("--repo --repo-id --repository --run --model", Bare()),
    ("--token --hf-token", Otherwise("the token is that of 'hf auth login', or HF_TOKEN")),
    ("--force -f -y", Short(("--overwrite",))),
)

_EVALUATE = table(
    (_COUNTS, Same(("--count",))),
    (_ROUNDS, _ROUND),
    ("--metric -m", Same(("--metrics",))),
    ("--feature --feature-extractor", Same(("--features",))),
    ("--fid", Otherwise("FID is --metrics frechet --features inception")),
    ("--kid", Otherwise("KID is --metrics kernel --features inception")),
    ("--is --inception-score", Otherwise("it is --metrics inception_score --features inception")),
    ("--run --model --network --name", Bare()),
    ("--random-seed", Same(("--seed",))),
    (_DEVICES, _ON_CPU),
    ("--batch --batch-size --bs", _BLOCKS),
    (f"{OUTS} --out", Otherwise("the numbers go to evaluation.json in the run's folder")),
)

_DATA = table(
    (SIZES, Same(("--size",))),
    (f"{OUTS} --out", Same(("--sheet",))),
    ("--clean-cache --delete-cache --empty-cache --purge-cache", Short(("--clear-cache",))),
    ("--data --dataset --source --path --folder --dir --input", Bare()),
    ("--mirror --hflip", Short(("--flip",))),
    ("--grayscale --greyscale --grey --gray", Short(("--channels", "1"))),
    ("--force -f -y", Short(("--overwrite",))),
)

HABITS: dict[str, dict[str, Meaning]] = {
    "sample": _SAMPLE,
    "evaluate": _EVALUATE,
    "export": _EXPORT,
    "push": _PUSH,
    "data": _DATA,
    "compare": table((OUTS, OUT), ("--force -f -y", Short(("--overwrite",))), ("--run --runs", Bare())),
    "report": table(
        (f"{OUTS} --out", Otherwise("report.html is written into the run's folder")), ("--run --name", Bare())
    ),
    "runs": table(("--dir --folder --path -d", Bare())),
    "ui": table(
        ("--dir --folder --path --logdir --log-dir -d", Bare()),
        ("-p", Same(("--port",))),
        (
            "--host --bind --bind_all --ip --address --share",
            Otherwise("the page is on this machine alone; from another one: ssh -L 8230:127.0.0.1:8230 HOST"),
        ),
    ),
    "recipes": table(("--recipe --name", Bare()), (SIZES, Same(("--size",)))),
}
