/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * procfiles.c: /proc/meminfo and /proc/vmstat with the board's CMA in them, and the counters of
 * /sys/kernel/debug/xlnk, one decimal number per file: live_blocks live_bytes allocs frees flushes invalidates
 * flushed_bytes invalidated_bytes; and `buffers` there, a line for each live one. The text is made when the file is
 * opened.
 */
#include "procfiles.h"
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1u
#endif

typedef struct
{
  char *start;
  size_t length, room;
} Text;

static void
append (Text * text, const char *from, size_t length)
{
  if (length > text->room - text->length)
    length = text->room - text->length;
  memcpy (text->start + text->length, from, length);
  text->length += length;
}

/* A line of the real file, or the board's in its place. */
typedef struct
{
  const char *name;             /* with what follows it in the file */
  char line[64];
  bool done;
} Replacement;

static void
append_line (Text * text, const char *line, size_t length, Replacement * replacements, unsigned count)
{
  for (unsigned i = 0; i < count; i++) {
    if (strncmp (line, replacements[i].name, strlen (replacements[i].name)) == 0) {
      append (text, replacements[i].line, strlen (replacements[i].line));
      replacements[i].done = true;
      return;
    }
  }
  append (text, line, length);
}

static size_t
read_all (const char *path, char *to, size_t room)
{
  const int fd = raw_openat (AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  size_t length = 0;
  ssize_t got;

  if (fd < 0)
    return 0;
  while (length < room - 1 && (got = raw_read (fd, to + length, room - 1 - length)) > 0)
    length += (size_t) got;
  to[length] = '\0';
  raw_close (fd);
  return length;
}

static void
rewrite (Text * text, const char *path, char *original, size_t room, Replacement * replacements, unsigned count)
{
  const size_t length = read_all (path, original, room);

  for (size_t at = 0; at < length;) {
    const char *end = memchr (original + at, '\n', length - at);
    const size_t line = end ? (size_t) (end - (original + at)) + 1 : length - at;

    append_line (text, original + at, line, replacements, count);
    at += line;
  }
  for (unsigned i = 0; i < count; i++) {
    if (!replacements[i].done)
      append (text, replacements[i].line, strlen (replacements[i].line));
  }
}

static void
write_meminfo (Context * context, Text * text, char *scratch, size_t room)
{
  Replacement lines[] = { {.name = "CmaTotal:"}, {.name = "CmaFree:"} };

  context_lock (context);
  snprintf (lines[0].line, sizeof lines[0].line, "CmaTotal:       %8llu kB\n",
      (unsigned long long) (context->board.state->cma / 1024));
  snprintf (lines[1].line, sizeof lines[1].line, "CmaFree:        %8llu kB\n",
      (unsigned long long) (board_cma_free_pages (&context->board) * (BOARD_PAGE / 1024)));
  context_unlock (context);
  rewrite (text, "/proc/meminfo", scratch, room, lines, 2);
}

static void
write_vmstat (Context * context, Text * text, char *scratch, size_t room)
{
  Replacement lines[] = { {.name = "nr_free_cma "} };

  context_lock (context);
  snprintf (lines[0].line, sizeof lines[0].line, "nr_free_cma %llu\n",
      (unsigned long long) board_cma_free_pages (&context->board));
  context_unlock (context);
  rewrite (text, "/proc/vmstat", scratch, room, lines, 1);
}

/* In the order of the names in paths.c. */
static void
write_counter (Context * context, Text * text, unsigned counter)
{
  const BoardCounters *c = &context->board.state->counters;
  uint64_t bytes, blocks;
  char line[32];

  context_lock (context);
  blocks = board_live_buffers (&context->board, &bytes);
  {
    const uint64_t values[] = {
      blocks, bytes, c->allocs, c->frees, c->flushes, c->invalidates, c->flushed_bytes, c->invalidated_bytes,
    };

    snprintf (line, sizeof line, "%llu\n", (unsigned long long) values[counter]);
  }
  context_unlock (context);
  append (text, line, strlen (line));
}

/* Id, address, length as asked, cacheable, who allocated it. */
static void
write_buffers (Context * context, Text * text)
{
  const BoardBuffer *buffers = context->board.state->buffers;
  char line[64 + BOARD_COMMAND];

  context_lock (context);
  for (unsigned id = 1; id < BOARD_SLOTS; id++) {
    if (!buffers[id].phys)
      continue;
    snprintf (line, sizeof line, "%u 0x%llx %u %u %d %s\n", id, (unsigned long long) buffers[id].phys,
        buffers[id].length, buffers[id].cacheable, buffers[id].pid, buffers[id].command);
    append (text, line, strlen (line));
  }
  context_unlock (context);
}

static int
as_file (const Text * text, const char *name, int flags)
{
  const int fd = (int) syscall (SYS_memfd_create, name, flags & O_CLOEXEC ? MFD_CLOEXEC : 0u);

  if (fd < 0)
    return -1;
  if (raw_write (fd, text->start, text->length) < 0) {
    raw_close (fd);
    return -1;
  }
  raw_seek (fd, 0, SEEK_SET);
  return fd;
}

int
procfiles_open (Context * context, const Node * node, int flags)
{
  const size_t room = 512 * 1024;
  Text text = {.room = room };
  char *memory;
  int fd;

  if ((flags & O_ACCMODE) != O_RDONLY) {
    errno = EACCES;
    return -1;
  }
  /*
   * Not malloc(), which may be what opens the file. By its public name, unlike other calls: so a sanitizer knows that
   * this is new memory, and not what another thread had at the same address before.
   */
  memory = mmap (NULL, 2 * room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return -1;
  text.start = memory;
  if (node->kind == NODE_MEMINFO)
    write_meminfo (context, &text, memory + room, room);
  else if (node->kind == NODE_VMSTAT)
    write_vmstat (context, &text, memory + room, room);
  else if (node->kind == NODE_BUFFERS)
    write_buffers (context, &text);
  else
    write_counter (context, &text, node->counter);
  fd = as_file (&text, node->path, flags);
  munmap (memory, 2 * room);
  return fd;
}
