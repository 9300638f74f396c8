#!/bin/sh
# How the report's cost grows with the trace, and what a second core brings.
#
# usage: scale.sh TRACE...
#
# Runs `report --format json` ROUNDS times (5) on each trace, all of them in turn, and prints the
# medians of wall seconds, processor seconds and peak memory, each also by event, and how far apart
# these are from trace to trace. Then, on the last trace, one core against all of them.
# Needs GNU time, and taskset for the cores. OVERSTAY names another binary.
set -eu

[ $# -gt 0 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
rounds=${ROUNDS:-5}
root=$(cd "$(dirname "$0")/../.." && pwd)
overstay=${OVERSTAY:-$root/target/release/overstay}
time=/usr/bin/time
[ -x "$time" ] || { echo "needs GNU time" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Wall seconds, user and system seconds, and the peak in KiB of one report.
run() {
    "$time" -f '%e %U %S %M' "$@" 2>&1 >/dev/null | tail -n 1
}

median() {
    sort -n | awk '{ r[NR] = $1 } END { print NR % 2 ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2 }'
}

round=1
while [ "$round" -le "$rounds" ]; do
    at=0
    for trace in "$@"; do
        at=$((at + 1))
        run "$overstay" report "$trace" --format json >>"$work/runs.$at"
    done
    round=$((round + 1))
done

echo "trace  events  wall s  cpu s  peak MB  wall ns/event  cpu ns/event  peak bytes/event"
at=0
for trace in "$@"; do
    at=$((at + 1))
    events=$("$overstay" report "$trace" --format json | sed -n 's/.*"events":\([0-9]*\).*/\1/p;/"events"/q')
    wall=$(awk '{ print $1 }' "$work/runs.$at" | median)
    cpu=$(awk '{ print $2 + $3 }' "$work/runs.$at" | median)
    peak=$(awk '{ print $4 }' "$work/runs.$at" | median)
    echo "$(basename "$trace") $events $wall $cpu $peak" | awk '{
        printf "%s  %d  %.2f  %.2f  %.1f  %.1f  %.1f  %.2f\n",
            $1, $2, $3, $4, $5 * 1024 / 1e6, $3 / $2 * 1e9, $4 / $2 * 1e9, $5 * 1024 / $2 }'
done | tee "$work/rows"
awk '{ for (c = 6; c <= 8; c++) { if (NR == 1 || $c < low[c]) low[c] = $c; if ($c > high[c]) high[c] = $c } }
    END { printf "largest by event / smallest: wall %.2f, cpu %.2f, peak %.2f\n",
        high[6] / low[6], high[7] / low[7], high[8] / low[8] }' "$work/rows"

command -v taskset >/dev/null || { echo "no taskset: cores not compared"; exit 0; }
for trace in "$@"; do :; done
round=1
while [ "$round" -le "$rounds" ]; do
    one=$(run taskset -c 0 "$overstay" report "$trace" --format json | awk '{ print $1 }')
    all=$(run "$overstay" report "$trace" --format json | awk '{ print $1 }')
    echo "$one $all" | awk '{ printf "one core %.2f s, all %.2f s: %.2f times as fast\n", $1, $2, $1 / $2 }' |
        tee -a "$work/cores"
    round=$((round + 1))
done
awk '{ print $8 }' "$work/cores" | median | awk '{ printf "median: %.2f\n", $1 }'
