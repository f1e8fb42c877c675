#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ten million random operations for each way of maintaining caches, from a seed that is new every day, and the largest
# state space of the model.
#
#   long.sh TEST_SEQUENCES MODEL_PY MODEL BUILD_DIR
set -e
seed=$(date +%Y%m%d)000000
for primitives in arm arm64 arm64-driver; do
  "$1" --primitives "$primitives" --operations 10000000 --seed "$seed"
done
python3 "$2" "$3" "$4" --long || [ $? = 77 ]
