#!/usr/bin/env bash
# Puts the core tests of the installed GStreamer's source package into a directory: sources.sh DIRECTORY
#
# apt-get finds and downloads the package, with lists and caches of its own under DIRECTORY, from the sources that this
# machine has configured for binaries. So no address of a server is written here, and nothing of the machine's changes.
# Exits with 77 and a reason when the sources cannot be had.
set -euo pipefail

directory=$1
tests="gstmemory gstbuffer gstbufferpool gstmeta"
package=gstreamer1.0

skip() {
  echo "no GStreamer sources: $*" >&2
  exit 77
}

complete() {
  for test in $tests; do
    [ -s "$directory/gst/$test.c" ] || return 1
  done
}

# One-line files: "deb" becomes "deb-src"; deb822 files: so does the type.
copy_sources() {
  rm -rf "$directory/sources.d"
  mkdir -p "$directory/sources.d"
  local file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -r "$file" ] || continue
    sed -n 's/^[[:space:]]*deb\(-src\)\?[[:space:]]/deb-src /p' "$file" \
      > "$directory/sources.d/$(basename "$file" .list).list"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -r "$file" ] || continue
    sed 's/^Types:.*/Types: deb-src/' "$file" > "$directory/sources.d/$(basename "$file")"
  done
}

private_apt() {
  apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$directory/sources.d" \
    -o Dir::State::lists="$directory/lists" -o Dir::Cache="$directory/cache" \
    -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 \
    -o Acquire::Languages=none "$@"
}

# The version that is installed, else the newest that is offered.
download() {
  local version
  version=$(dpkg-query -W -f '${source:Version}' libgstreamer1.0-0 2> /dev/null || true)
  cd "$directory"
  [ -n "$version" ] && private_apt source --download-only "$package=$version" >> apt.log 2>&1 && return
  private_apt source --download-only "$package" >> apt.log 2>&1
}

# A download that fails for want of lists says less than the update that did not get them.
reason() {
  grep -m 1 -E 'Could not|Temporary failure|Failed to fetch' "$directory/apt.log" || tail -n 1 "$directory/apt.log"
}

unpack() {
  local tarball
  tarball=$(find "$directory" -maxdepth 1 -name "${package}_*.orig.tar.*" ! -name '*.asc' | sort | tail -n 1)
  [ -n "$tarball" ] || skip "the package has no upstream tarball"
  rm -rf "$directory/gst.new"
  mkdir "$directory/gst.new"
  for test in $tests; do
    tar -xf "$tarball" -C "$directory/gst.new" --strip-components=4 --wildcards "*/tests/check/gst/$test.c" \
      || skip "$tarball has no $test.c"
  done
  rm -rf "$directory/gst"
  mv "$directory/gst.new" "$directory/gst"
}

mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
exec 9> "$directory/lock"
flock 9
complete && exit 0
command -v apt-get > /dev/null || skip "this is no Debian or Ubuntu machine: there is no apt-get"
mkdir -p "$directory/lists/partial" "$directory/cache/archives/partial"
copy_sources
: > "$directory/apt.log"
# A source of something else may fail; what counts is the download.
private_apt update >> "$directory/apt.log" 2>&1 || true
download || skip "$(reason) (all of it in $directory/apt.log)"
unpack
complete || skip "the unpacked tests are empty"
