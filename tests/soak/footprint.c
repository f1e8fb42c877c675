/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "footprint.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KIB 1024

/* Over a whole run, whatever its length, and so next to nothing for each frame. What grows all the same: GLib's tables of
 * quarks and interned strings, and pages that malloc cannot give back because something small lies in them. */
#define MORE_HEAP (128 * KIB)
#define MORE_RESIDENT (2048 * KIB)
#define MORE_MAPPINGS 8

/* Buffers that this test and its siblings have at most at one time, so that ids which come back are below it. */
#define MOST_IDS 256

static gchar *
read_file (const gchar * path)
{
  gchar *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("cannot read %s", path);
  return text;
}

static guint
count_entries (const gchar * path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir && g_dir_read_name (dir))
    n++;
  if (dir)
    g_dir_close (dir);
  return n;
}

static guint
count_lines (const gchar * path)
{
  g_autofree gchar *text = read_file (path);
  guint n = 0;

  for (const gchar * at = text; (at = strchr (at, '\n')); at++)
    n++;
  return n;
}

static gsize
read_resident (void)
{
  g_autofree gchar *text = read_file ("/proc/self/statm");
  gulong pages;

  if (sscanf (text, "%*u %lu", &pages) != 1)
    g_error ("/proc/self/statm: %s", text);
  return pages * sysconf (_SC_PAGESIZE);
}

/* Each line of that file is a live buffer: id, address, length, cacheable, process, command. */
static void
count_buffers (Footprint * now)
{
  g_autofree gchar *text = read_file ("/sys/kernel/debug/xlnk/buffers");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (gchar ** line = lines; *line; line++) {
    guint id;
    int pid;

    if (sscanf (*line, "%u %*s %*u %*d %d", &id, &pid) != 2)
      continue;
    now->highest_id = MAX (now->highest_id, id);
    now->buffers += pid == getpid ();
  }
}

/* Threads that GLib keeps for the next task have stacks and lists of their own. Two stay: this one, and the one with
 * which GLib starts others. */
static void
await_threads (void)
{
  g_thread_pool_stop_unused_threads ();
  for (guint i = 0; i < 500 && count_entries ("/proc/self/task") > 2; i++)
    g_usleep (1000);
}

gboolean
footprint_judges_memory (void)
{
#ifdef FOOTPRINT_SANITIZED
  return FALSE;
#else
  return g_getenv ("XLNK_TEST_VALGRIND") == NULL;
#endif
}

void
footprint_take (Footprint * now)
{
  memset (now, 0, sizeof *now);
  await_threads ();
  malloc_trim (0);
#if defined (__GLIBC__) && __GLIBC_PREREQ (2, 33)
  now->heap = mallinfo2 ().uordblks;
#else
  now->heap = (guint) mallinfo ().uordblks;
#endif
  now->resident = read_resident ();
  now->descriptors = count_entries ("/proc/self/fd");
  now->mappings = count_lines ("/proc/self/maps");
  now->threads = count_entries ("/proc/self/task");
  count_buffers (now);
}

static void
note_more (GString * text, const gchar * what, gsize before, gsize now, gsize allowed)
{
  if (now > before + allowed)
    g_string_append_printf (text, "%s%s: %" G_GSIZE_FORMAT ", then %" G_GSIZE_FORMAT, text->len ? "; " : "", what, before,
        now);
}

gchar *
footprint_compare (const Footprint * before, const Footprint * now)
{
  GString *text = g_string_new (NULL);

  if (footprint_judges_memory ()) {
    note_more (text, "bytes of malloc", before->heap, now->heap, MORE_HEAP);
    note_more (text, "resident bytes", before->resident, now->resident, MORE_RESIDENT);
    note_more (text, "mappings", before->mappings, now->mappings, MORE_MAPPINGS);
  }
  note_more (text, "descriptors", before->descriptors, now->descriptors, 0);
  note_more (text, "buffers", 0, now->buffers, 0);
  note_more (text, "highest buffer id", 0, now->highest_id, MOST_IDS);
  return g_string_free (text, text->len == 0);
}

void
footprint_print (const gchar * when, const Footprint * now)
{
  printf ("%-14s heap %" G_GSIZE_FORMAT " KiB, resident %" G_GSIZE_FORMAT " KiB, %u descriptors, %u mappings, %u threads, "
      "%u buffers, highest id %u\n", when, now->heap / KIB, now->resident / KIB, now->descriptors, now->mappings,
      now->threads, now->buffers, now->highest_id);
  fflush (stdout);
}
