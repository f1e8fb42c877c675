#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ten million random operations for each way of maintaining caches, from seeds that are new every day, on simulated and
# on emulated boards, and the largest state space of the model.
#
#   long.sh TEST_SEQUENCES MODEL_PY MODEL BUILD_DIR [XLNK_EMULATE TEST_DEVICE]
set -e
seed=$(date +%Y%m%d)000000
for board in arm arm64 arm64-driver; do
  "$1" --board "$board" --operations 10000000 --seed "$seed"
done
if [ $# -gt 4 ]; then
  for arch in arm arm64; do
    "$5" --strict --arch "$arch" --cma 1M --seed "$seed" -- \
      "$6" --board emulated --operations 10000000 --seed "$seed"
  done
fi
python3 "$2" "$3" "$4" --long || [ $? = 77 ]
