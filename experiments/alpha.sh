#!/bin/sh
# How strongly the adversary is heard: alpha 0, 0.25, 0.5, 1. About 40 minutes more.
# Usage: sh experiments/alpha.sh [OUT]; what is played already is kept, and killed it goes on when it is called again.
set -eu
out="${1:-runs/study}"
sparring study alpha --out "$out"
sparring results "$out/results" --out "$out/results.md"
