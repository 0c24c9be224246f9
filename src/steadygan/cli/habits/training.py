"""Options of other programs for the commands that train: train, resume, bench, sweep and study."""

from __future__ import annotations

from steadygan.cli.habits.meanings import OUT, OUTS, SIZES, Bare, Meaning, Otherwise, Same, Short, table

_COMPILED = ("--engine", "compiled")
_EPOCHS = "--num-epochs --n-epochs --max-epochs --nepochs --epoch"
_LENGTHS = "--steps --iterations --iters --iter --niter --n-iter --max-iter --max-steps --total-steps --num-steps"

_TRAIN = table(
    ("--batch-size --batchsize --bs --batchSize", Same(("--batch",))),
    (f"{SIZES} --size", Same(("--data.size",))),
    (OUTS, OUT),
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
    ("--lambda --lambda-gp --gp --gp-weight --gp-lambda --lambda-term", Same(("--penalties.0.weight",))),
    ("--r1-gamma --r1-weight", Same(("--penalties.0.gamma",))),
    (
        "--clip --clip-value --clip-limit --weight-clip --weight-clipping --weight-cliping-limit --clipping",
        Same(("--constraint.limit",)),
    ),
    (
        "--ema --ema-decay --ema-beta --ema-rate --ema-kimg",
        Otherwise("the average is --average.half-life N, in images; decay D at batch B is B ln(1/2) / ln(D) of them"),
    ),
    (
        "--metrics --metric --fid --eval --eval-every --eval-freq --fid-every",
        Otherwise("--run.evaluate says what judges samples in training; 'steadygan evaluate RUN' has all metrics"),
    ),
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

_RESUME = table(
    (
        f"{_LENGTHS} --epochs --num-epochs --n-epochs --kimg --minutes --hours",
        Otherwise("a run is extended by rounds: --rounds +N"),
    ),
    ("--ckpt --checkpoint --round", Same(("--from-round",))),
    ("--run --name", Bare()),
    (
        f"{OUTS} --out",
        Otherwise("a run goes on in its own folder; 'train --from RUN --out DIR' begins another"),
    ),
    ("--gpu --gpus --cuda", Otherwise("a GPU is --device cuda or --device cuda:1")),
    ("--cpu", Short(("--device", "cpu"))),
    ("--wandb --use-wandb", Short(("--track", "wandb"))),
    ("--learning-rate", Same(("--lr",))),
)

_ROUNDS_ALONE = Otherwise("bench times single rounds")
_OF_TRAIN_ALONE = (Same(("--from",)), Short(_COMPILED), Short(("--track", "wandb")))
_OF_LENGTH = (_EPOCHS, "--epochs --minutes --keep-schedules --from")
_BENCH = {
    **{name: meaning for name, meaning in _TRAIN.items() if meaning not in _OF_TRAIN_ALONE and name != "--overwrite"},
    **table(
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
    **table(
        ("--seed --random-seed --manual-seed --manualSeed", Otherwise("--seeds N trains each setting with N seeds"))
    ),
}

HABITS: dict[str, dict[str, Meaning]] = {
    "train": _TRAIN,
    "resume": _RESUME,
    "bench": _BENCH,
    "sweep": _SWEEP,
    "study": table(
        (OUTS, OUT),
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
}
