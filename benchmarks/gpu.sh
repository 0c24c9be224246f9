#!/bin/sh
# All that needs an NVIDIA GPU, in turns of under ten minutes each: the tests that need one, the figures of
# `python -m benchmarks.speed` with all engines, and a training of wgan-gp-cifar10 with its pictures, curves and evaluation.
#
#   sh benchmarks/gpu.sh             to the end; called again, it goes on where it stopped
#   TURNS=1 sh benchmarks/gpu.sh     one turn, where a machine is lent for ten minutes at a time
#   DRY=1 sh benchmarks/gpu.sh       prints the pieces and how far they are; needs no GPU
#
# PYTHON  names the Python (default: .venv/bin/python where it is there, else python3)
# DATA    CIFAR-10: its name or a path (default: cifar10)
# TRAIN   minutes of the training, which its decay is scaled to (default: 60)
# WORK    runs, figures and the state (default: runs/gpu); the file `pieces` in it says what is done: delete a line, and
#         that piece is done again
# KEEP    where figures are copied after each turn, without weights (default: benchmarks/results/gpu)
#
# Exit codes: 0 all done, 1 a piece failed (named in `pieces`), 2 no GPU that torch can use, 3 turns used up.
set -eu
cd "$(dirname "$0")/.."

if [ -z "${PYTHON:-}" ]; then
    PYTHON=python3
    [ ! -x .venv/bin/python ] || PYTHON=.venv/bin/python
fi
DATA=${DATA:-cifar10}
TRAIN=${TRAIN:-60}
WORK=${WORK:-runs/gpu}
KEEP=${KEEP:-benchmarks/results/gpu}
TURNS=${TURNS:-1000}
export PYTHONPATH="$PWD/src:$PWD${PYTHONPATH:+:$PYTHONPATH}"

STATE=$WORK/pieces
FIGURES=$WORK/bench-cuda.json
RUN=$WORK/wgan-gp-cifar10
CASES="mlp mlp-small dcgan-32 dcgan-64 resnet-32 resnet-32-wide began-64 msg-64 text"
LONGEST=540 # seconds of a turn; whoever is still busy then has half a minute to save

pieces() {
    echo tests
    for name in $CASES; do echo "bench-$name"; done
    echo slopes
    echo overhead
    echo training
    echo evaluation
}

# What the state file says of a piece last: done, failed, cut (off at the end of a turn), or nothing.
state() {
    [ ! -f "$STATE" ] || sed -n "s/^$1 //p" "$STATE" | tail -n 1
}

over() {
    case $(state "$1") in done | failed) ;; *) return 1 ;; esac
}

# A command that is asked to stop, and saves, when its turn is over (124).
turn() {
    timeout --signal=TERM --kill-after=30 "$LONGEST" "$@"
}

bench() {
    # half of a turn is left for a measurement that is under way
    turn "$PYTHON" -m benchmarks.speed --out "$FIGURES" --minutes 4 "$@" || return $?
    grep -q '"left": \[\]' "$FIGURES" || return 124
}

# One turn of a piece: 0 it is done, 124 it goes on in another turn.
carry_on() {
    case $1 in
    tests)
        turn "$PYTHON" -m pytest -m gpu tests || {
            rc=$?
            [ $rc -eq 5 ] || return $rc # 5: no test is marked gpu
        }
        ;;
    bench-*) bench --engines eager compiled graph compiled-graph --cases "${1#bench-}" ;;
    slopes) bench --engines graph --slopes ;;
    overhead) bench --engines graph --overhead 3 --data "$DATA" ;;
    training)
        if [ -f "$RUN/recipe.yaml" ]; then
            turn "$PYTHON" -m steadygan resume "$RUN"
        else
            turn "$PYTHON" -m steadygan train wgan-gp-cifar10 --data "$DATA" --minutes "$TRAIN" --out "$RUN"
        fi
        ;;
    evaluation) turn "$PYTHON" -m steadygan evaluate "$RUN" ;;
    esac
}

keep() {
    mkdir -p "$KEEP"
    for file in "$STATE" "$FIGURES" "$RUN/report.html" "$RUN/recipe.yaml" "$RUN/environment.json" "$RUN"/*.jsonl \
        "$RUN/evaluation.json" "$RUN/nearest.png"; do
        [ ! -f "$file" ] || cp "$file" "$KEEP/"
    done
    last=$(ls "$RUN"/samples/*.png 2>/dev/null | tail -n 1)
    [ -z "$last" ] || cp "$last" "$KEEP/samples.png"
}

if [ -n "${DRY:-}" ]; then
    for piece in $(pieces); do
        held=$(state "$piece")
        echo "$piece: ${held:-to do}"
    done
    exit 0
fi
if ! "$PYTHON" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
    echo "gpu.sh: torch of $PYTHON sees no CUDA GPU here: nothing was measured" >&2
    exit 2
fi

mkdir -p "$WORK"
for piece in $(pieces); do
    until over "$piece"; do
        if [ "$TURNS" -eq 0 ]; then
            echo "gpu.sh: turns used up before $piece; the same command goes on"
            exit 3
        fi
        TURNS=$((TURNS - 1))
        echo "gpu.sh: $piece"
        code=0
        carry_on "$piece" || code=$?
        case $code in
        0) echo "$piece done" >>"$STATE" ;;
        124 | 137 | 143)
            echo "$piece cut" >>"$STATE"
            # a measurement that never fits a turn must not be tried for ever; a training gets on in each
            [ "$piece" = training ] || [ "$(grep -c "^$piece cut$" "$STATE")" -lt 4 ] || echo "$piece failed" >>"$STATE"
            ;;
        *) echo "$piece failed" >>"$STATE" ;;
        esac
        keep
    done
done
if grep -q ' failed$' "$STATE"; then
    echo "gpu.sh: $(grep ' failed$' "$STATE" | tr '\n' ',' | sed 's/,$//'); figures in $KEEP" >&2
    exit 1
fi
echo "gpu.sh: all done; figures in $KEEP"
