#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ten million random operations for each way of maintaining caches, from a seed that is new every day.
#
#   long.sh TEST_SEQUENCES [OPERATIONS]
set -e
seed=$(date +%Y%m%d)000000
for primitives in arm arm64 arm64-driver; do
  "$1" --primitives "$primitives" --operations "${2:-10000000}" --seed "$seed"
done
