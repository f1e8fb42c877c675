/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * versions.c: the table of driver revisions. Columns are those of xlnk-abi §8.2: S1, S2, S3, S4, S6/S7 and S8.
 */
#include "versions.h"

#include <errno.h>
#include <string.h>

const BoardVersion board_versions[] = {
  {
    .name = "3.13",
    .what = "user pointers for id and address, ids to 255, offset id << 24",
    .pointers = true, .slots = 256, .shift = 24, .slot_first = true,
    .flag_survives = true, .any_address = true, .mcdma = true,
    .unknown_ok = true, .devices = 16, .dmaregister = -EPERM,
  },
  {
    .name = "2016.4",
    .what = "packed block, ids to 255, offset id << 24, standard mode",
    .slots = 256, .shift = 24, .dmabuf = true, .dmabuf_checks_fd = true,
    .config = true, .mcdma = true, .devices = 16, .lp64 = true,
  },
  {
    .name = "4.9a",
    .what = "ids to 4095, offset id << 24, standard mode, MEMOP",
    .slots = 4096, .shift = 24, .dmabuf = true, .memop = true, .memop_keeps_dmabuf = true,
    .config = true, .mcdma = true, .devices = 128, .lp64 = true,
  },
  {
    .name = "4.9",
    .what = "ids to 4095, offset id << 16, standard mode, MEMOP",
    .slots = 4096, .shift = 16, .dmabuf = true, .memop = true,
    .config = true, .mcdma = true, .devices = 128, .lp64 = true,
  },
  {
    .name = "2018.3",
    .what = "as shipped with PYNQ 2.4 and 2.5; interrupts",
    .slots = 4096, .shift = 16, .dmabuf = true, .dmabuf_at_add = true,
    .memop = true, .irq = true, .devices = 128, .lp64 = true,
  },
  {
    .name = "5.10",
    .what = "frees an open file's buffers when it goes",
    .slots = 4096, .shift = 16, .dmabuf = true, .dmabuf_at_add = true,
    .memop = true, .irq = true, .reclaim = true, .devices = 128, .lp64 = true,
  },
};

const unsigned board_version_count = sizeof board_versions / sizeof board_versions[0];

int
board_version_by_name (const char *name)
{
  for (unsigned i = 0; i < board_version_count; i++) {
    if (strcmp (board_versions[i].name, name) == 0)
      return (int) i;
  }
  return -1;
}
