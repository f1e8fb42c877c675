/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device-copy.c: copies from and to uncached blocks, which are Device memory on the board: any access there that is
 * not naturally aligned is a SIGBUS (xlnk-abi §5.3), and any byte beyond the copy may be a neighbour's.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <glib.h>

#include "xlnkcopy.h"

/* Two pages to use between two that nobody may touch. */
typedef struct
{
  guint8 *mapping;
  guint8 *start;
  gsize size;
} Guarded;

static Guarded
guarded_new (void)
{
  gsize page = sysconf (_SC_PAGESIZE);
  Guarded area;

  area.size = 2 * page;
  area.mapping = mmap (NULL, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  g_assert_true (area.mapping != MAP_FAILED);
  area.start = area.mapping + page;
  g_assert_cmpint (mprotect (area.start, area.size, PROT_READ | PROT_WRITE), ==, 0);
  return area;
}

static void
guarded_free (Guarded * area)
{
  munmap (area->mapping, 2 * area->size);
}

static void
fill (Guarded * area, guint8 seed)
{
  for (gsize i = 0; i < area->size; i++)
    area->start[i] = (guint8) (seed + i * 7 + (i >> 8));
}

/* Copies, and checks both the bytes that must change and the ones that must not. */
static void
check_copy (Guarded * dest, gsize to, bool dest_cached, Guarded * src, gsize from, bool src_cached, gsize size)
{
  g_autofree guint8 *expected = NULL;

  fill (dest, 100);
  expected = g_malloc (dest->size);
  memcpy (expected, dest->start, dest->size);
  memcpy (expected + to, src->start + from, size);
  xlnk_copy (dest->start + to, dest_cached, src->start + from, src_cached, size);
  g_assert_cmpmem (dest->start, dest->size, expected, dest->size);
}

static void
check_alignments (bool dest_cached, bool src_cached, gsize size)
{
  Guarded dest = guarded_new ();
  Guarded src = guarded_new ();

  fill (&src, 1);
  for (gsize i = 0; i <= 16; i++) {
    for (gsize j = 0; j <= 16; j++) {
      /* From the first bytes after one guard, and up to the last before the other. */
      check_copy (&dest, i, dest_cached, &src, j, src_cached, size);
      check_copy (&dest, dest.size - size - i, dest_cached, &src, src.size - size - j, src_cached, size);
    }
  }
  guarded_free (&src);
  guarded_free (&dest);
}

static void
test_every_alignment (void)
{
  static const gsize sizes[] = { 0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 4095, 4096, 4097, 8000 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    check_alignments (true, false, sizes[i]);
    check_alignments (false, true, sizes[i]);
    check_alignments (false, false, sizes[i]);
    check_alignments (true, true, sizes[i]);
  }
}

/*** the width of each access ***/

#ifdef __x86_64__

/* The uncached areas are closed. An access traps with its address; the handler opens the area for this one
 * instruction, with the processor's alignment check on, so that a wide access off its boundary is a SIGBUS here too. */
#define FLAG_TRAP 0x100
#define FLAG_ALIGNMENT_CHECK 0x40000

static Guarded *volatile watched[2];      /* a handler reads them */
static volatile gsize accesses;
static volatile gboolean misaligned;

static void
protect_watched (int protection)
{
  for (gsize i = 0; i < G_N_ELEMENTS (watched); i++) {
    if (watched[i])
      mprotect (watched[i]->start, watched[i]->size, protection);
  }
}

static gboolean
is_watched (const guint8 * address)
{
  for (gsize i = 0; i < G_N_ELEMENTS (watched); i++) {
    if (watched[i] && address >= watched[i]->start && address < watched[i]->start + watched[i]->size)
      return TRUE;
  }
  return FALSE;
}

static void
on_access (int number G_GNUC_UNUSED, siginfo_t * info, void *data)
{
  ucontext_t *context = data;

  if (!is_watched (info->si_addr))
    _exit (3);
  accesses++;
  protect_watched (PROT_READ | PROT_WRITE);
  context->uc_mcontext.gregs[REG_EFL] |= FLAG_TRAP | FLAG_ALIGNMENT_CHECK;
}

static void
on_misaligned (int number G_GNUC_UNUSED, siginfo_t * info G_GNUC_UNUSED, void *data)
{
  ucontext_t *context = data;

  misaligned = TRUE;
  context->uc_mcontext.gregs[REG_EFL] &= ~FLAG_ALIGNMENT_CHECK;
}

static void
on_step (int number G_GNUC_UNUSED, siginfo_t * info G_GNUC_UNUSED, void *data)
{
  ucontext_t *context = data;

  protect_watched (PROT_NONE);
  context->uc_mcontext.gregs[REG_EFL] &= ~(FLAG_TRAP | FLAG_ALIGNMENT_CHECK);
}

static void
install (int number, void (*handler) (int, siginfo_t *, void *))
{
  struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER };

  g_assert_cmpint (sigaction (number, &action, NULL), ==, 0);
}

typedef void (*Copy) (void *dest, bool dest_cached, const void *src, bool src_cached, size_t size);

/* How many naturally aligned bytes and words it takes. Fewer accesses were wider ones. */
static gsize
count_words (gsize start, gsize size)
{
  gsize head = MIN (size, -start % sizeof (gpointer));

  return head + (size - head) / sizeof (gpointer) + (size - head) % sizeof (gpointer);
}

static gboolean
is_aligned_copy (Copy copy, gsize to, gsize from, gsize size)
{
  Guarded dest = guarded_new ();
  Guarded src = guarded_new ();
  gboolean same;

  fill (&src, 1);
  watched[0] = &dest;
  watched[1] = &src;
  misaligned = FALSE;
  accesses = 0;
  protect_watched (PROT_NONE);
  copy (dest.start + to, false, src.start + from, false, size);
  protect_watched (PROT_READ | PROT_WRITE);
  watched[0] = watched[1] = NULL;
  same = memcmp (dest.start + to, src.start + from, size) == 0;
  guarded_free (&src);
  guarded_free (&dest);
  g_assert_true (same);
  return !misaligned && accesses >= count_words (to, size) + count_words (from, size);
}

static void
careless_copy (void *dest, bool dest_cached G_GNUC_UNUSED, const void *src, bool src_cached G_GNUC_UNUSED, size_t size)
{
  typedef guint64 __attribute__ ((aligned (1), may_alias)) Anywhere;
  volatile Anywhere *to = dest;
  const volatile Anywhere *from = src;

  for (gsize i = 0; i < size / sizeof *to; i++)
    to[i] = from[i];
}

static void
library_copy (void *dest, bool dest_cached G_GNUC_UNUSED, const void *src, bool src_cached G_GNUC_UNUSED, size_t size)
{
  static void *(*volatile copy) (void *, const void *, size_t) = memcpy;

  copy (dest, src, size);
}

static gboolean
can_trap (void)
{
  return g_getenv ("XLNK_TEST_NO_TRAPS") == NULL && g_getenv ("XLNK_TEST_VALGRIND") == NULL;
}

static void
test_every_access_is_aligned (void)
{
  static const gsize sizes[] = { 1, 3, 8, 13, 64, 101 };

  if (!can_trap ()) {
    g_test_skip ("not on this machine's debugger");
    return;
  }
  install (SIGSEGV, on_access);
  install (SIGBUS, on_misaligned);
  install (SIGTRAP, on_step);
  /* The controls: the trap does catch copies that do not care. */
  g_assert_false (is_aligned_copy (careless_copy, 1, 1, 64));
  g_assert_true (is_aligned_copy (careless_copy, 8, 8, 64));
  g_assert_false (is_aligned_copy (library_copy, 0, 0, 64));
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    for (gsize to = 0; to < 8; to++) {
      for (gsize from = 0; from < 8; from++)
        g_assert_true (is_aligned_copy (xlnk_copy, to, from, sizes[i]));
    }
  }
}

#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/device-copy/every-alignment", test_every_alignment);
#ifdef __x86_64__
  g_test_add_func ("/device-copy/every-access-is-aligned", test_every_access_is_aligned);
#endif
  return g_test_run ();
}
