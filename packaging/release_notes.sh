#!/bin/sh
# Prints what CHANGELOG.md says of a release, for the page on which it is published: sh packaging/release_notes.sh v1.2.3 < CHANGELOG.md
# Links lead to the files as they are in that release. Without a chapter of that version it ends with 1.
set -eu

tag=$1
notes=$(awk -v version="${tag#v}" '/^## / { inside = $2 == version; next } inside' |
  sed "s,](\([a-zA-Z.][a-zA-Z_./]*\.md\),](https://github.com/${GITHUB_REPOSITORY:-immich-sidecar/immich-sidecar}/blob/$tag/\1,g")
if [ -z "$notes" ]; then
  printf 'error: CHANGELOG.md has no chapter "## %s".\n' "${tag#v}" >&2
  exit 1
fi
printf '%s\n' "$notes"
