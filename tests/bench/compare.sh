#!/bin/sh
# Overstay's whole report against Go's bare reader of the same trace, turn and turn about.
#
# usage: compare.sh TRACE [GOREADER [ROUNDS]]
#
# GOREADER is a program that iterates over a trace with golang.org/x/exp/trace or Go's
# internal/trace and prints nothing; without it one is built with the `go` on the PATH.
# Each line shows wall seconds of both, and the ratio; the last one the median ratio.
# The report goes to /dev/null; OVERSTAY names another binary, OVERSTAY_ARGS another command.
set -eu

trace=${1:?usage: compare.sh TRACE [GOREADER [ROUNDS]]}
reader=${2:-}
rounds=${3:-5}
root=$(cd "$(dirname "$0")/../.." && pwd)
overstay=${OVERSTAY:-$root/target/release/overstay}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -z "$reader" ]; then
    cat >"$work/main.go" <<'GO'
package main

import (
	"io"
	"os"

	"golang.org/x/exp/trace"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	reader, err := trace.NewReader(file)
	for err == nil {
		_, err = reader.ReadEvent()
	}
	if err != io.EOF {
		panic(err)
	}
}
GO
    (cd "$work" && go mod init reader && go get golang.org/x/exp/trace && go build -o reader .) >&2
    reader=$work/reader
fi

# Wall seconds of a command, its output thrown away.
seconds() {
    start=$(date +%s.%N)
    "$@" >/dev/null
    end=$(date +%s.%N)
    echo "$end $start" | awk '{ printf "%.3f", $1 - $2 }'
}

echo "round  overstay  go  go/overstay"
round=1
while [ "$round" -le "$rounds" ]; do
    # shellcheck disable=SC2086
    ours=$(seconds "$overstay" ${OVERSTAY_ARGS:-report --format json} "$trace")
    theirs=$(seconds "$reader" "$trace")
    echo "$ours $theirs" | awk -v n="$round" '{ printf "%d  %s  %s  %.2f\n", n, $1, $2, $2 / $1 }' |
        tee -a "$work/rounds"
    round=$((round + 1))
done
awk '{ print $4 }' "$work/rounds" | sort -n |
    awk '{ r[NR] = $1 } END { printf "median go/overstay: %.2f\n", NR % 2 ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2 }'
