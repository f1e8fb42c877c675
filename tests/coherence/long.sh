#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ten million random operations for each way of maintaining caches, from seeds that are new every day, on simulated and
# on emulated boards, on this machine and as armhf and arm64 programs; and the largest state space of the model. About
# half an hour.
#
#   long.sh TEST_SEQUENCES MODEL_PY MODEL BUILD_DIR [XLNK_EMULATE TEST_DEVICE [CROSS SOURCE CROSS_DIR]]
set -e
operations=10000000
seed=$(date +%Y%m%d)000000
for board in arm arm64 arm64-driver; do
  "$1" --board "$board" --operations "$operations" --seed "$seed"
done
if [ $# -ge 6 ]; then
  for arch in arm arm64; do
    "$5" --strict --arch "$arch" --cma 1M --seed "$seed" -- \
      "$6" --board "$arch" --operations "$operations" --seed "$seed"
  done
fi
python3 "$2" "$3" "$4" --long || [ $? = 77 ]
if [ $# -ge 9 ]; then
  for arch in armhf arm64; do
    "$7" "$arch" "$8" "$9/$arch" "$5" "$operations" || [ $? = 77 ]
  done
fi
