/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client-tool.c: a program that does one thing well or badly, for the tests of the runner.
 */
#include "client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int fd;

static int
leak (char **args)
{
  Buffer buffer;
  int result = 0;

  for (; *args && result == 0; args++)
    result = client_alloc (fd, (uint32_t) atoi (*args), true, &buffer);
  return result == 0 ? 0 : 1;
}

/* Two passes of action 0 on 32-bit: neither loses anything, and the second takes what the first may have left. */
static void
invalidate (const Buffer * buffer)
{
  if (client_driver ().arm64) {
    client_cache (fd, buffer->phys, buffer->size, 1);
    return;
  }
  client_cache (fd, buffer->phys, buffer->size, 0);
  client_cache (fd, buffer->phys, buffer->size, 0);
}

/* CPU writes, device reads, device writes, CPU reads; @skip leaves one step out. The device is the judge. */
static int
pingpong (const char *skip)
{
  Buffer buffer = client_take (fd, 8192, true);
  uint8_t seen[16];
  bool good;

  memset (buffer.data, 5, 8192);
  if (g_strcmp0 (skip, "flush") != 0)
    client_cache (fd, buffer.phys, 8192, 0);
  device_read (buffer.phys + 100, seen, sizeof seen);
  good = seen[0] == 5;
  device_fill (buffer.phys, 6, 8192);
  if (g_strcmp0 (skip, "invalidate") != 0)
    invalidate (&buffer);
  if (g_strcmp0 (skip, "nothing-twice") == 0)
    client_cache (fd, buffer.phys, 8192, 0);
  good = good && buffer.data[100] == 6;
  client_give (fd, &buffer);
  return good ? 0 : 3;
}

static int
die (char **args)
{
  leak (args + 1);
  raise (atoi (args[0]));
  return 1;
}

static void
say_signal (int number)
{
  char text[16];
  const int length = snprintf (text, sizeof text, "got %d\n", number);

  write (1, text, (size_t) length);
  _exit (5);
}

static _Noreturn void
wait_for_signal (void)
{
  const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    signal (numbers[i], say_signal);
  write (1, "ready\n", 6);
  for (;;)
    pause ();
}

/* With the board's lock, until somebody comes with a signal. */
static _Noreturn void
stay_inside (void)
{
  hold_lock ();
  write (1, "ready\n", 6);
  for (;;)
    pause ();
}

/* One place, however often the compiler unrolls a loop around it. */
static bool __attribute__ ((noinline))
allocate (Buffer * buffer)
{
  const int result = client_alloc (fd, 4096, true, buffer);

  printf ("alloc %d %d\n", result, buffer->id);
  return result == 0;
}

/* Prints what each of some requests returns. */
static int
faults (void)
{
  Buffer buffer = { 0 };
  int last = 0;

  for (int i = 0; i < 6; i++) {
    if (allocate (&buffer))
      last = buffer.id;
  }
  for (int i = 0; i < 3; i++) {
    uint8_t *data = client_map (fd, last, 4096);

    printf ("mmap %d\n", data ? 0 : -errno);
    if (data)
      printf ("munmap %d\n", munmap (data, 4096) == 0 ? 0 : -errno);
  }
  printf ("open %d\n", client_open () < 0 ? -errno : 0);
  client_reset (fd);
  return 0;
}

/* Without a board: the node is not there, and nothing else is changed. */
static int
inert (void)
{
  uint8_t byte;

  if (fd >= 0 || errno != ENOENT)
    return 1;
  if (client_has_board () && (device_read (0x18000000, &byte, 1) == 0 || errno != ENODEV))
    return 2;
  return system ("test ! -e /dev/xlnk") == 0 ? 0 : 3;
}

int
main (int argc, char **argv)
{
  const char *verb = argc > 1 ? argv[1] : "";

  fd = client_open ();
  if (g_str_equal (verb, "inert"))
    return inert ();
  if (fd < 0)
    return 9;
  if (g_str_equal (verb, "leak"))
    return leak (argv + 2);
  if (g_str_equal (verb, "pingpong"))
    return pingpong (argv[2]);
  if (g_str_equal (verb, "careless"))
    return pingpong ("flush") == 3 ? 0 : 1;
  if (g_str_equal (verb, "die"))
    return die (argv + 2);
  if (g_str_equal (verb, "wait"))
    wait_for_signal ();
  if (g_str_equal (verb, "stay-inside"))
    stay_inside ();
  if (g_str_equal (verb, "faults"))
    return faults ();
  if (g_str_equal (verb, "count"))
    return (int) client_counters ().live_blocks;
  if (g_str_equal (verb, "recover"))
    return client_request (fd, RECRES, NULL);
  return 8;
}
