#!/bin/bash
# Records the cases anew: record.sh [CASE…], all of them if none is named.
# NEWEST names the toolchain of the main recordings. A recording on a busy
# machine can have stragglers of the machine's making, so each is tried up to
# ATTEMPTS times until nobody who should leave at once took longer than LIMIT_US,
# and the best one is kept. ACCOUNTS, if set, is a folder for what each program
# says itself about who left when.
set -euo pipefail
cd "$(dirname "$0")"
newest=${NEWEST:-go1.27.4}
old_formats="go1.21.13 go1.22.12"
attempts=${ATTEMPTS:-12}
limit_us=${LIMIT_US:-2000}
reject_us=5000
max_bytes=400000
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

record() { # PROGRAM TOOLCHAIN OUTPUT
  local best=-1 worst i
  GOTOOLCHAIN=$2 GOFLAGS= go build -trimpath -o "$work/program" "./$1" || return 1
  for ((i = 0; i < attempts; i++)); do
    (cd "$work" && ./program try.trace 2>try.txt) || { cat "$work/try.txt" >&2; return 1; }
    worst=$(sed -n 's/^worst .*: \([0-9]*\) us$/\1/p' "$work/try.txt")
    if ((best < 0 || worst < best)); then
      best=$worst
      mv "$work/try.trace" "$work/best.trace"
      mv "$work/try.txt" "$work/best.txt"
    fi
    ((best <= limit_us)) && break
  done
  if ((best > reject_us)); then
    echo "$3: someone took $best us in the best of $attempts attempts; the machine is too busy" >&2
    return 1
  fi
  if (($(stat -c %s "$work/best.trace") > max_bytes)); then
    echo "$3: larger than $max_bytes bytes" >&2
    return 1
  fi
  mv "$work/best.trace" "$3"
  if [ -n "${ACCOUNTS:-}" ]; then
    mkdir -p "$ACCOUNTS/$(dirname "$3")"
    cp "$work/best.txt" "$ACCOUNTS/${3%.trace}.txt"
  fi
  echo "$3: $2, $(stat -c %s "$3") bytes, prompt leavers within $best us"
}

cases=("$@")
((${#cases[@]})) || mapfile -t cases < <(find . -name main.go | cut -d/ -f2 | sort -u)
failed=0
for case in "${cases[@]}"; do
  case=${case%/}
  for main in "$case"/*/main.go; do
    name=$(basename "$(dirname "$main")")
    out=$name
    [ "$name" = main ] && out=$case
    record "$case/$name" "$newest" "$case/$out.trace" || failed=1
    olds=
    case $case in
      late-exit | deaf | polling-sleep | broken-chain) olds=$old_formats ;;
      after-in-loop) olds=go1.22.12 ;; # the last in which every timer lived out its time
    esac
    for old in $olds; do
      record "$case/$name" "$old" "$case/$out.${old%.*}.trace" || failed=1
    done
  done
done
exit $failed
