#!/bin/sh
# Does the adversary help more the weaker the sensor? Read right after closing, 5 cm up, 20 cm up. About 80 minutes more.
# Usage: sh experiments/sensor.sh [OUT]; what is played already is kept, and killed it goes on when it is called again.
set -eu
out="${1:-runs/study}"
sparring study sensor --out "$out"
sparring results "$out/results" --out "$out/results.md"
