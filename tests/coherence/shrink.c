/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shrink.c: from a long sequence that fails to a short one, and from that to a program.
 */
#include "sequence.h"

#include <string.h>

typedef struct
{
  const char *name;
  bool bytes_only;
  Op *ops;
  size_t length;
  Op *candidate;
} Shrink;

static bool
fails (const Shrink * shrink, const Op * ops, size_t length)
{
  Board *board = board_new (shrink->name);
  Outcome outcome;

  board->bytes_only = shrink->bytes_only;
  outcome = sequence_run (board, ops, length);
  board->free (board);
  return outcome.failure[0] != '\0';
}

/* Without the @count operations from @start on. */
static bool
try_without (Shrink * shrink, size_t start, size_t count)
{
  memcpy (shrink->candidate, shrink->ops, start * sizeof (Op));
  memcpy (shrink->candidate + start, shrink->ops + start + count, (shrink->length - start - count) * sizeof (Op));
  if (!fails (shrink, shrink->candidate, shrink->length - count))
    return false;
  shrink->length -= count;
  memcpy (shrink->ops, shrink->candidate, shrink->length * sizeof (Op));
  return true;
}

static bool
remove_chunks (Shrink * shrink, size_t count)
{
  bool removed = false;
  size_t start = 0;

  while (start + count <= shrink->length) {
    if (try_without (shrink, start, count))
      removed = true;
    else
      start += count;
  }
  return removed;
}

static void
try_simpler (Shrink * shrink, size_t index, Op simpler)
{
  const Op old = shrink->ops[index];

  if (memcmp (&old, &simpler, sizeof old) == 0)
    return;
  shrink->ops[index] = simpler;
  if (!fails (shrink, shrink->ops, shrink->length))
    shrink->ops[index] = old;
}

#define TRY(field, value) \
  do { \
    Op simpler = shrink->ops[index]; \
    simpler.field = value; \
    try_simpler (shrink, index, simpler); \
  } while (0)

static void
simplify (Shrink * shrink, size_t index)
{
  TRY (seed, 0);
  TRY (seed, 1);
  TRY (fail, false);
  TRY (thread, 0);
  TRY (memory, 0);
  TRY (other, 0);
  TRY (start, 0);
  TRY (start, shrink->ops[index].start & ~31);
  TRY (size, 1);
  TRY (size, 32);
  TRY (size, 64);
  TRY (map, 0);
}

size_t
sequence_shrink (const char *name, bool bytes_only, Op * ops, size_t length)
{
  Shrink shrink = { name, bytes_only, ops, length, g_new (Op, length) };
  bool removed = true;

  while (removed) {
    removed = false;
    for (size_t count = MAX (shrink.length / 2, 1); count > 0; count /= 2)
      removed = remove_chunks (&shrink, count) || removed;
    for (size_t i = 0; i < shrink.length; i++)
      simplify (&shrink, i);
  }
  g_free (shrink.candidate);
  return shrink.length;
}

/*** a program ***/

static const char *const kind_names[OPS] = {
  "MAP", "UNMAP", "UNMAP_SURPLUS", "LOAD", "STORE", "DEVICE_READ", "DEVICE_WRITE", "EXPOSE", "RUN_READ", "RUN_WRITE",
  "FLUSH", "INVALIDATE", "SHARE", "COPY", "RECYCLE", "FREE", "DISTURB",
};

static const char *
describe_access (const Op * op)
{
  static const char *const names[] = { "", "CPU read", "CPU write", "CPU read and write", "", "device read",
    "device write", "device read and write"
  };

  return op->kind == OP_MAP ? names[op->access & 7] : "";
}

static void
print_op (const Op * op, FILE * file)
{
  fprintf (file, "  {.kind = OP_%s, .thread = %u, .map = %u, .memory = %u, .other = %u, .access = %u, .fail = %d,\n"
      "      .start = %u, .size = %u, .seed = %" G_GUINT32_FORMAT "},", kind_names[op->kind], op->thread,
      op->map % MAPS, op->memory % MEMORIES, op->other % MEMORIES, op->access, op->fail, op->start, op->size,
      op->seed);
  if (op->kind == OP_MAP)
    fprintf (file, "       /* %s */", describe_access (op));
  fputc ('\n', file);
}

void
sequence_print (const Op * ops, size_t length, const char *name, const char *failure, FILE * file)
{
  fprintf (file, "/* %s */\n#include \"sequence.h\"\n\nstatic const Op ops[] = {\n", failure);
  for (size_t i = 0; i < length; i++)
    print_op (&ops[i], file);
  fprintf (file, "};\n\nint\nmain (void)\n{\n  return sequence_replay (\"%s\", ops, G_N_ELEMENTS (ops));\n}\n", name);
}

int
sequence_replay (const char *name, const Op * ops, size_t length)
{
  Board *board = board_new (name);
  const Outcome outcome = sequence_run (board, ops, length);

  board->free (board);
  printf ("%s\n", outcome.failure[0] ? outcome.failure : "no failure");
  return outcome.failure[0] ? 1 : 0;
}
