/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core-tool.c: starts the core "x" and leaves: its two buffers stay behind, and with an argument a third one that the core
 * has nothing to do with.
 */
#include "core-client.h"

int
main (int argc, char **argv)
{
  const int fd = client_open ();
  Unit unit = unit_open ("x");
  Buffer src = client_take (fd, 32768, true), dst = client_take (fd, 32768, true);

  (void) argv;
  put_address (&unit, SRC, src.phys);
  put_address (&unit, DST, dst.phys);
  put (&unit, WIDTH, 256);
  put (&unit, HEIGHT, 32);
  unit_start (&unit);
  while (core_statistics ("x").bytes_written == 0)
    g_usleep (500);
  if (argc > 1)
    client_take (fd, 4096, true);
  return 0;
}
