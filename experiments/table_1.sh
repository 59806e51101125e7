#!/bin/sh
# The paper's first table: low force, ten named objects and 100 novel ones. Five training seeds: about 75 minutes on two cores.
# Usage: sh experiments/table_1.sh [OUT]; what is played already is kept, and killed it goes on when it is called again.
set -eu
out="${1:-runs/study}"
sparring study table-1 --out "$out"
sparring results "$out/results" --out "$out/results.md"
