#!/bin/sh
# Which player comes with the package: the one that lifts most held-out objects of the training families. About 5 minutes more.
# Usage: sh experiments/player.sh [OUT]; what is played already is kept, and killed it goes on when it is called again.
set -eu
out="${1:-runs/study}"
sparring study player --out "$out"
sparring results "$out/results" --out "$out/results.md"
