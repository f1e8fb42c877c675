# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# packages.sh: armhf packages from the machine's own package sources, without the machine's own apt noticing. Sourced.
#
# Teaching the machine's dpkg a second architecture would break its `apt-get update` whenever one index of a mirror
# lags. So apt gets lists, caches and a status file of our own here; only the sources and their keys are the machine's.

host_arch=$(dpkg --print-architecture)
guest_arch=armhf

# setup_apt DIR
setup_apt ()
{
  apt_dir=$1
  mkdir -p "$apt_dir"/state/lists/partial "$apt_dir"/cache/archives/partial "$apt_dir"/debs
  : >"$apt_dir"/state/status
  cat >"$apt_dir"/apt.conf <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
#clear APT::Architectures;
Dir::State "$apt_dir/state";
Dir::State::status "$apt_dir/state/status";
Dir::Cache "$apt_dir/cache";
Dir::Cache::archives "archives/";
APT::Architecture "$guest_arch";
APT::Architectures { "$guest_arch"; "$host_arch"; };
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
CONF
  export APT_CONFIG=$apt_dir/apt.conf
}

# The names of the files that a package and all it needs are in, from "Inst name (version origin [architecture])".
closure_files ()
{
  apt-get -qq --simulate install "$@" |
    sed -n 's/^Inst \([^ :]*\)[^ ]* (\([^ ]*\) .*\[\([a-z0-9]*\)\]).*/\1_\2_\3.deb/p' | sed 's/:/%3a/'
}

# fetch_closure NAME PACKAGE…: downloads; the list of files goes to NAME.list.
fetch_closure ()
{
  local name=$1
  shift
  closure_files "$@" >"$apt_dir/$name.list"
  apt-get -qq -y --download-only install "$@"
}

# unpack_closure NAME DIR
unpack_closure ()
{
  local file
  mkdir -p "$2"
  while read -r file; do
    dpkg -x "$apt_dir/cache/archives/$file" "$2"
  done <"$apt_dir/$1.list"
}

# unpack_package PACKAGE DIR: this one alone, not what it depends on.
unpack_package ()
{
  local file
  mkdir -p "$2"
  (cd "$apt_dir/debs" && apt-get -qq download "$1")
  file=$(ls -t "$apt_dir/debs/${1%:*}"_*.deb | head -n 1)
  dpkg -x "$file" "$2"
}

# The package that the empty package $1 stands for: linux-image-armmp is linux-image-6.1.0-NN-armmp.
real_package ()
{
  apt-cache depends --important "$1" | sed -n "s/^ *Depends: \($2.*\)/\1/p" | head -n 1
}
