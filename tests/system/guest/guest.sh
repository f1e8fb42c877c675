# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# guest.sh: what the lists of tests are made of.

counters=/sys/kernel/debug/xlnk
export LD_LIBRARY_PATH=/xlnk/lib
export GST_PLUGIN_PATH_1_0=/xlnk/plugins
export GST_PLUGIN_SYSTEM_PATH_1_0=/usr/lib/arm-linux-gnueabihf/gstreamer-1.0
export GST_REGISTRY_FORK=no
export GST_REGISTRY_1_0=/tmp/registry.bin
export HOME=/tmp
export G_DEBUG=fatal-criticals
# One TAP line for each case of a gst-check suite, none of them in a child of its own time.
export CK_DEFAULT_TIMEOUT=120
export CK_TAP_LOG_FILE_NAME=-

# load [PARAMETER=VALUE…]: the driver, told where the kernel's log says that CMA is.
load ()
{
  cma=$(dmesg | sed -n 's/.*cma: Reserved \([0-9]*\) MiB at \(0x[0-9a-f]*\).*/\1 \2/p')
  grep -q '^xlnk ' /proc/modules && rmmod xlnk
  insmod /xlnk/xlnk.ko cma_start="${cma#* }" cma_size=$((${cma% *} << 20)) "$@"
}

counter ()
{
  cat "$counters/$1"
}

# run NAME COMMAND…: one test; its TAP lines, if any, are its checks, and its status is one more.
run ()
{
  name=$1 before=$(counter live_blocks)
  shift
  echo "@begin $name"
  "$@"
  echo "@end $? $(($(counter live_blocks) - before))"
}

# lossy N NAME COMMAND…: the same for a test that leaves just N buffers behind. They are given back then.
lossy ()
{
  lost=$1
  shift
  echo "@loses $lost"
  run "$@"
  /xlnk/bin/xlnk-reset
}

# check WHAT COMMAND…: a check inside a test that is a shell function.
check ()
{
  what=$1
  shift
  if "$@" >/tmp/check.log 2>&1; then
    echo "ok - $what"
  else
    cat /tmp/check.log
    echo "not ok - $what"
  fi
}
