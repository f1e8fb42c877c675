/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "truth.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <glib.h>

#define LIST "/sys/kernel/debug/xlnk/buffers"
#define LINE 64                 /* design §8.3: alone in the last cache line */

unsigned
truth_buffers (TruthBuffer * buffers)
{
  FILE *file = fopen (LIST, "re");
  unsigned count = 0;
  char line[160];

  if (!file)
    g_error ("no " LIST ": this wants an emulated board, or the driver of tests/system");
  while (fgets (line, sizeof line, file) && count < TRUTH_IDS) {
    TruthBuffer *buffer = &buffers[count];
    int cached, pid;

    if (sscanf (line, "%" SCNu32 " %" SCNx64 " %" SCNu32 " %d %d", &buffer->id, &buffer->phys, &buffer->length,
            &cached, &pid) != 5)
      g_error ("%s: not a line of the list: %s", LIST, line);
    buffer->cached = cached != 0;
    buffer->pid = pid;
    count++;
  }
  fclose (file);
  return count;
}

unsigned
truth_shift (void)
{
  const char *shift = g_getenv ("XLNK_TEST_SHIFT");

  return shift ? (unsigned) atoi (shift) : 16;
}

TruthCookie
truth_cookie (int fd, const TruthBuffer * buffer)
{
  size_t page = (size_t) sysconf (_SC_PAGESIZE);
  size_t length = (buffer->length + page - 1) & ~(page - 1);
  uint64_t words[2];
  char *start;

  if (buffer->length < LINE || buffer->length % LINE != 0)
    return TRUTH_NO_COOKIE;
  start = mmap (NULL, length, PROT_READ, MAP_SHARED, fd, (off_t) buffer->id << truth_shift ());
  g_assert_true (start != MAP_FAILED);
  memcpy (words, start + buffer->length - LINE, sizeof words);
  munmap (start, length);
  if (words[0] && words[1])
    return TRUTH_COOKIE;
  return words[0] || words[1] ? TRUTH_HALF_COOKIE : TRUTH_NO_COOKIE;
}
