#!/bin/sh
# Fills the starting corpus of the `parse` target with the fixtures that are small.
cd "$(dirname "$0")" || exit 1
mkdir -p corpus/parse corpus/mutate
find ../fixtures -name '*.trace' -size -32k | while read -r file; do
    cp "$file" "corpus/parse/$(echo "${file#../fixtures/}" | tr / -)"
done
echo "$(ls corpus/parse | wc -l) seeds"
