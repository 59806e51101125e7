#!/bin/sh
# The controls that the paper lacks: random adversary, every shake tried, realised outcomes, and others. About two hours more.
# Usage: sh experiments/controls.sh [OUT]; what is played already is kept, and killed it goes on when it is called again.
set -eu
out="${1:-runs/study}"
sparring study controls --out "$out"
sparring results "$out/results" --out "$out/results.md"
