/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "others.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gst/xlnk/xlnk.h>

#include "../../../emulator/xlnkemulator.h"
#include "board.h"
#include "memcheck.h"
#include "stranger.h"

#define LIBRARY "libgstxlnk-1.0.so.0"

static GstMemory *
allocate (gsize size)
{
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get ("/dev/xlnk", NULL);
  GstMemory *mem = gst_xlnk_allocator_alloc (allocator, size, TRUE, NULL, NULL);

  if (!mem)
    g_error ("there is no memory for the others");
  return mem;
}

/*** the living ***/

#define KEPT 2

static struct
{
  Companion kind;
  pid_t pid;
  int told, said;               /* its ends of two pipes */
} companion;

/* Until somebody tells it to look, or is gone. */
static _Noreturn void
be_companion (int told, int said)
{
  GstMemory *kept[KEPT];
  guint64 phys[KEPT];
  gboolean good = TRUE;
  char byte = 0;

  for (guint i = 0; i < KEPT; i++) {
    kept[i] = allocate (30000);
    phys[i] = gst_xlnk_memory_get_phys_addr (kept[i]);
    board_device_fill (phys[i], (guint8) (i + 1), 30000);
  }
  good = write (said, &byte, 1) == 1 && read (told, &byte, 1) == 1;
  for (guint i = 0; i < KEPT; i++) {
    good = board_device_can_read (phys[i]) && board_device_sees (phys[i], (guint8) (i + 1), 30000) && good;
    gst_memory_unref (kept[i]);
  }
  _exit (!good);
}

void
others_start_companion (Companion kind)
{
  int to[2], from[2];
  char byte;

  companion.kind = kind;
  if (kind == COMPANION_NONE)
    return;
  if (pipe (to) != 0 || pipe (from) != 0)
    g_error ("pipe: %s", g_strerror (errno));
  companion.pid = fork ();
  if (companion.pid == 0) {
    close (to[1]);
    close (from[0]);
    memcheck_ignore_leaks ();
    be_companion (to[0], from[1]);
  }
  close (to[0]);
  close (from[1]);
  companion.told = to[1];
  companion.said = from[0];
  if (read (companion.said, &byte, 1) != 1)
    g_error ("the living one has not begun");
}

gboolean
others_end_companion (void)
{
  int status = -1;

  if (companion.kind == COMPANION_NONE)
    return TRUE;
  if (companion.kind == COMPANION_LOSES)
    kill (companion.pid, SIGKILL);
  else if (write (companion.told, "", 1) != 1)
    g_error ("the living one is gone");
  close (companion.told);
  close (companion.said);
  while (waitpid (companion.pid, &status, 0) < 0 && errno == EINTR);
  return companion.kind == COMPANION_LOSES || status == 0;
}

/*** the dead ***/

/* The driver has given it the buffer, and the kernel has written the id into the ledger. */
void
others_die_without_cookie (const char *argument G_GNUC_UNUSED)
{
  typeof (&xlnk_emulator_set_faults) set_faults;

  *(void **) &set_faults = dlsym (RTLD_DEFAULT, "xlnk_emulator_set_faults");
  if (set_faults ("alloc@" LIBRARY ":1:SIGKILL") != 0)
    g_error ("it cannot die there");
  allocate (1);
  g_error ("it has not died");
}

void
others_die (const char *argument)
{
  GstMemory *other;
  GstMapInfo info;

  allocate (5000);
  allocate (10000);
  gst_xlnk_memory_get_phys_addr (allocate (20000));
  other = allocate (4096);
  gst_memory_map (other, &info, GST_MAP_WRITE);
  memset (info.data + info.size, 7, 16);        /* the cookie is in a line of its own behind what the user sees */
  others_die_without_cookie (argument);
}

void
others_die_after_a_reset (const char *argument G_GNUC_UNUSED)
{
  for (guint i = 0; i < 3; i++)
    allocate (5000);
  stranger_reset ();
  for (;;)
    kill (getpid (), SIGKILL);
}

void
others_die_in_default_ledger (const char *argument)
{
  g_unsetenv ("GST_XLNK_LEDGER");
  others_die (argument);
}

void
others_leave_files (const char *argument G_GNUC_UNUSED)
{
  static const char *const names[] = { ".new-1-0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdef-1:1-1" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (g_getenv ("GST_XLNK_LEDGER"), names[i], NULL);

    g_file_set_contents (path, "", 0, NULL);
  }
}
