#!/bin/sh
# Records the programs that measure themselves, once for each version of Go.
#
# usage: record.sh FOLDER [VERSION…]
#
# Writes FOLDER/VERSION/PROGRAM.trace and .truth.jsonl beside it, for the `go` on the PATH or for
# toolchains such as go1.27.4 that it fetches. Then:
#
#     OVERSTAY_MEASURED=FOLDER cargo test measured
set -eu

folder=${1:?usage: record.sh FOLDER [VERSION…]}
shift
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
cd "$(dirname "$0")/programs"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for version in "${@:-local}"; do
    mkdir -p "$folder/$version"
    for program in */main.go; do
        program=${program%/main.go}
        GOTOOLCHAIN=$version go build -trimpath -o "$work/program" "./$program"
        "$work/program" "$folder/$version/$program.trace" "$folder/$version/$program.truth.jsonl"
    done
    echo "$version: recorded"
done
