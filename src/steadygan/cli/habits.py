"""Options of other programs: those that mean the same are taken, for others an error says what to type here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steadygan.errors import UsageError


@dataclass(frozen=True)
class Same:
    """An option of another name; the value goes to each of ``names``."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Short:
    """A flag that stands for words of ours."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Bare:
    """An option whose value is typed without an option here."""


@dataclass(frozen=True)
class Otherwise:
    """What has no option of the same meaning: what to type."""

    advice: str


Meaning = Same | Short | Bare | Otherwise


def meant(command: str, arguments: Sequence[str]) -> list[str]:
    """The arguments with options of other programs in our words.

    Raises:
        UsageError: one line, for an option that has no exact counterpart.
    """
    table = HABITS.get(command, {})
    words: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            return [*words, word, *waiting]
        name, equals, value = word.partition("=")
        meaning = table.get(name if name.startswith("--") else word)
        meaning = meaning or (table.get(name.replace("_", "-")) if name.startswith("--") else None)
        if meaning is None:
            words.append(word)
        elif isinstance(meaning, Otherwise):
            raise UsageError(f"there is no option '{name}' here: {meaning.advice}")
        elif isinstance(meaning, Short):
            words += meaning.words
        elif isinstance(meaning, Bare):
            words += [value] if equals else []
        else:
            given = equals or (waiting and not waiting[0].startswith("-"))
            text = value if equals else waiting.pop(0) if given else ""
            for ours in meaning.names:
                words += [f"{ours}={text}"] if equals else [ours, text] if given else [ours]
    return words


def _table(*rows: tuple[str, Meaning]) -> dict[str, Meaning]:
    return {name: meaning for names, meaning in rows for name in names.split()}


_OUT = Same(("--out",))
_OUTS = "-o --output --outdir --out-dir --output-dir --output-path --output-file --outfile --save-dir --save-path"
_COUNTS = "-n --n --num --num-samples --n-samples --samples --nsamples --number --num-images --n-images"
_SIZES = "--image-size --img-size --imsize --imageSize --resolution --res"
_LENGTHS = "--steps --iterations --iters --iter --niter --n-iter --max-iter --max-steps --total-steps --num-steps"
_EPOCHS = "--num-epochs --n-epochs --max-epochs --nepochs --epoch"
_COMPILED = ("--engine", "compiled")
_ROUND = Same(("--round",))
_ROUNDS = "--ckpt --checkpoint --iteration --step --epoch --best-round"
_ON_CPU = Otherwise("samples are drawn on the CPU")
_BLOCKS = Otherwise("samples are drawn in blocks, and no batch size is needed")
_DEVICES = "--gpu --gpus --gpu-id --cuda --mps --device"

_TRAIN = _table(
    ("--batch-size --batchsize --bs --batchSize", Same(("--batch",))),
    (f"{_SIZES} --size", Same(("--data.size",))),
    (_OUTS, _OUT),
    ("--dataset --data-dir --data-path --dataroot --data-root --input --input-dir", Same(("--data",))),
    ("--lr --learning-rate", Same(("--generator-optimizer.lr", "--critic-optimizer.lr"))),
    ("--lr-g --g-lr --lrG --glr --generator-lr", Same(("--generator-optimizer.lr",))),
    ("--lr-d --d-lr --lrD --dlr --lr-c --critic-lr --discriminator-lr", Same(("--critic-optimizer.lr",))),
    (
        "--beta1 --beta2 --b1 --b2 --betas",
        Otherwise("Adam's are --critic-optimizer.betas B1 B2 and --generator-optimizer.betas B1 B2"),
    ),
    (
        _LENGTHS,
        Otherwise(
            "length is counted in rounds, each of --critic-steps steps of the critic and one of the generator: "
            "--rounds N, --epochs N or --minutes N"
        ),
    ),
    (
        "--kimg --total-kimg",
        Otherwise("a round sees batch x critic-steps real images: --rounds N, --epochs N or --minutes N"),
    ),
    ("--hours --time --max-time --duration", Otherwise("the time is --minutes N")),
    (_EPOCHS, Same(("--epochs",))),
    (
        "--gpu --gpu-id --cuda --gpus --num-gpus --ngpu --n-gpu --devices",
        Otherwise(
            "one GPU is --device cuda or --device cuda:1; several are 'torchrun --nproc-per-node N -m steadygan train'"
        ),
    ),
    ("--cpu --no-cuda", Short(("--device", "cpu"))),
    ("--mps", Short(("--device", "mps"))),
    (
        "--ddp --distributed --nproc --nproc-per-node --world-size --multi-gpu",
        Otherwise("several GPUs are 'torchrun --nproc-per-node N -m steadygan train ...'"),
    ),
    ("--compile", Short(_COMPILED)),
    ("--bf16", Short(("--run.precision", "bf16"))),
    ("--fp32", Short(("--run.precision", "fp32"))),
    ("--tf32", Short(("--run.precision", "tf32"))),
    (
        "--fp16 --amp --half --mixed-precision --use-fp16",
        Otherwise("half precision is bf16 here: --run.precision bf16"),
    ),
    ("--precision", Same(("--run.precision",))),
    ("--threads --num-threads", Same(("--run.threads",))),
    (
        "--workers --num-workers --n-workers --nworkers -j --jobs",
        Otherwise("pictures are decoded once, on all cores; torch's threads are --run.threads N"),
    ),
    ("--micro-batch --grad-accum-batch", Same(("--run.micro-batch",))),
    ("--save-every --checkpoint-every --ckpt-every", Same(("--run.checkpoint-every",))),
    ("--log-every --log-interval --print-every --log-freq", Same(("--run.log-every",))),
    ("--sample-every --sample-interval --sample-freq --picture-every", Same(("--run.picture-every",))),
    (
        "--save-interval --save-freq --snap --snapshot --save-epochs",
        Otherwise("checkpoints come every so many rounds: --run.checkpoint-every N"),
    ),
    (
        "--resume --continue --load --ckpt --checkpoint --restore",
        Otherwise("'steadygan resume RUN' goes on with a run; --from RUN begins a new one with its weights"),
    ),
    ("--pretrained --init-from --finetune --fine-tune", Same(("--from",))),
    (
        "--run-name --exp-name --experiment --expname --exp --tag",
        Otherwise("the run's folder is --out runs/NAME, its recipe's name --name NAME"),
    ),
    ("--latent --latent-dim --latent-size --latents --z-dim --zdim --nz --noise-dim --z-size", Same(("--prior",))),
    (
        "--dim --hidden-dim --width --ch",
        Otherwise("the latents' size is --prior N; the networks' are --generator.width N and --critic.width N"),
    ),
    ("--ngf --gf-dim --g-ch --g-dim", Same(("--generator.width",))),
    ("--ndf --df-dim --d-ch --d-dim", Same(("--critic.width",))),
    ("--n-critic --ncritic --critic-iters --d-steps --n-dis --d-iters", Same(("--critic-steps",))),
    ("--lambda --lambda-gp --gp-weight --gp-lambda --lambda-term", Same(("--penalties.0.weight",))),
    ("--channels --nc --in-channels --img-channels", Same(("--data.channels",))),
    ("--grayscale --greyscale --grey --gray", Short(("--data.channels", "1"))),
    ("--flip --hflip --mirror --horizontal-flip", Short(("--data.flip",))),
    ("--val-split --test-split --held-out", Same(("--data.held-out",))),
    ("--random-seed --manual-seed --manualSeed", Same(("--seed",))),
    ("--wandb --use-wandb", Short(("--track", "wandb"))),
    ("--tensorboard --tb", Otherwise("TensorBoard's file is always written into the run's folder")),
    ("--recipe --config --cfg -c --method --gan --model --arch --gan-type --loss", Bare()),
    (
        "--augment --aug --diffaugment --ada",
        Otherwise("augmentation is perturbation:KIND, see 'steadygan train --help perturbation'"),
    ),
    (
        "--conditional --cond --class-cond --n-classes --num-classes",
        Otherwise("classes come from the data's labels, and recipes such as acgan and projection use them"),
    ),
    (
        "--force --overwrite --exist-ok",
        Otherwise("a run is never overwritten: name another --out, or none for a new folder"),
    ),
    ("--debug", Otherwise("--verbose says each step, with the traceback of an error")),
)

_SAMPLE = _table(
    (_COUNTS, Same(("--count",))),
    (_OUTS, _OUT),
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
    (f"{_SIZES} --size", Otherwise("samples have the size that the run was trained at")),
    ("--ema", Otherwise("samples are of the averaged weights; --raw takes the others")),
    ("--force -f -y", Short(("--overwrite",))),
)

_EXPORT = _table(
    ("--format --type --kind --as", Same(("--to",))),
    (_OUTS, _OUT),
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

_PUSH = _table(
    (_ROUNDS, _ROUND),
    ("--raw", Short(("--weights", "raw"))),
    ("--ema --average", Short(("--weights", "average"))),
    ("--repo --repo-id --repository --run --model", Bare()),
    ("--token --hf-token", Otherwise("the token is that of 'hf auth login', or HF_TOKEN")),
    ("--force -f -y", Short(("--overwrite",))),
)

_EVALUATE = _table(
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
    (f"{_OUTS} --out", Otherwise("the numbers go to evaluation.json in the run's folder")),
)

_RESUME = _table(
    (
        f"{_LENGTHS} --epochs --num-epochs --n-epochs --kimg --minutes --hours",
        Otherwise("a run is extended by rounds: --rounds +N"),
    ),
    ("--ckpt --checkpoint --round", Same(("--from-round",))),
    ("--run --name", Bare()),
    (
        f"{_OUTS} --out",
        Otherwise("a run goes on in its own folder; 'train --from RUN --out DIR' begins another"),
    ),
    ("--gpu --gpus --cuda", Otherwise("a GPU is --device cuda or --device cuda:1")),
    ("--cpu", Short(("--device", "cpu"))),
    ("--wandb --use-wandb", Short(("--track", "wandb"))),
    ("--learning-rate", Same(("--lr",))),
)

_DATA = _table(
    (_SIZES, Same(("--size",))),
    (f"{_OUTS} --out", Same(("--sheet",))),
    ("--clean-cache --delete-cache --empty-cache --purge-cache", Short(("--clear-cache",))),
    ("--data --dataset --source --path --folder --dir --input", Bare()),
    ("--mirror --hflip", Short(("--flip",))),
    ("--grayscale --greyscale --grey --gray", Short(("--channels", "1"))),
    ("--force -f -y", Short(("--overwrite",))),
)

_ROUNDS_ALONE = Otherwise("bench times single rounds")
_OF_TRAIN_ALONE = (Same(("--from",)), Short(_COMPILED), Short(("--track", "wandb")))
_OF_LENGTH = (_EPOCHS, "--epochs --minutes --keep-schedules --from")
_BENCH = {
    **{name: meaning for name, meaning in _TRAIN.items() if meaning not in _OF_TRAIN_ALONE and name != "--overwrite"},
    **_table(
        *((names, _ROUNDS_ALONE) for names in _OF_LENGTH),
        ("--engine", Same(("--engines",))),
        ("--precision", Same(("--precisions",))),
        ("--force -f -y", Short(("--overwrite",))),
    ),
}

_SWEEPS = ("--workers", "--seeds", "--rounds", "--out", "--plan", "--again", "--yes", "--leave", "--minutes", "--data")
_NOT_OF_SWEEP = {"--from", "--engine", "--track", "--epochs"}
"""options of ``train`` alone"""
_SWEEP = {
    **{
        name: meaning
        for name, meaning in _TRAIN.items()
        if name not in _SWEEPS and not _NOT_OF_SWEEP & set(getattr(meaning, "names", getattr(meaning, "words", ())))
    },
    **_table(
        ("--seed --random-seed --manual-seed --manualSeed", Otherwise("--seeds N trains each setting with N seeds"))
    ),
}

HABITS: dict[str, dict[str, Meaning]] = {
    "train": _TRAIN,
    "bench": _BENCH,
    "sweep": _SWEEP,
    "sample": _SAMPLE,
    "evaluate": _EVALUATE,
    "export": _EXPORT,
    "push": _PUSH,
    "resume": _RESUME,
    "data": _DATA,
    "compare": _table((_OUTS, _OUT), ("--force -f -y", Short(("--overwrite",))), ("--run --runs", Bare())),
    "report": _table(
        (f"{_OUTS} --out", Otherwise("report.html is written into the run's folder")), ("--run --name", Bare())
    ),
    "runs": _table(("--dir --folder --path -d", Bare())),
    "study": _table(
        (_OUTS, _OUT),
        ("--jobs -j --num-workers --processes", Same(("--workers",))),
        (
            "--seed --num-seeds --n-seeds --repeats",
            Otherwise("--seeds N carries each setting out with the seeds 0 to N - 1"),
        ),
        ("--study --name --experiment", Bare()),
        ("--dry-run --estimate --cost", Short(("--plan",))),
        ("--retry --rerun", Short(("--again",))),
        ("--resume --continue", Otherwise("the same command goes on with a study that was stopped")),
        ("-y", Short(("--yes",))),
    ),
    "recipes": _table(("--recipe --name", Bare()), (_SIZES, Same(("--size",)))),
}
"""for each command: options that people type by habit, and what they mean here"""
