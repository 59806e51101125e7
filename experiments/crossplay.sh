#!/bin/sh
# What survives of what was lifted, and whether the adversary is learning. About 15 minutes more.
# Usage: sh experiments/crossplay.sh [OUT]; what is played already is kept, and killed it goes on when it is called again.
set -eu
out="${1:-runs/study}"
sparring study crossplay --out "$out"
sparring results "$out/results" --out "$out/results.md"
