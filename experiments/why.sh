#!/bin/sh
# Attempts to find out why a claim failed, on held-out objects of the training families; SEEDS="1 2" plays two of five. About an hour for each seed.
# Usage: sh experiments/why.sh [OUT]; what is played already is kept, and killed it goes on when it is called again.
set -eu
out="${1:-runs/study}"
sparring study why --out "$out" --seeds ${SEEDS:-1 2 3 4 5}
sparring results "$out/results" --out "$out/results.md"
