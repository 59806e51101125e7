#!/bin/sh
# The paper's second table: high force, the same players and objects. About 35 minutes more.
# Usage: sh experiments/table_2.sh [OUT]; what is played already is kept, and killed it goes on when it is called again.
set -eu
out="${1:-runs/study}"
sparring study table-2 --out "$out"
sparring results "$out/results" --out "$out/results.md"
