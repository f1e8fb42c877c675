/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkcopy.h"

#include <stdint.h>
#include <string.h>

/* The widest access that the CPU does as one: two words at once may be split, or not be allowed, on Device memory. */
typedef uintptr_t __attribute__ ((may_alias)) Word;

/* One page of the stack and its alignment: the side that is not Device memory. */
#define BOUNCE_SIZE 4096

static size_t
misalignment (const volatile void *address)
{
  return (uintptr_t) address % sizeof (Word);
}

/* @src is uncached, @dest is as far from a word boundary as @src is. Volatile, so that the compiler neither widens
 * the accesses nor makes a memcpy of the loop. */
static void
load_aligned (unsigned char *dest, const volatile unsigned char *src, size_t size)
{
  for (; size > 0 && misalignment (src); size--)
    *dest++ = *src++;
  for (; size >= sizeof (Word); size -= sizeof (Word)) {
    *(Word *) dest = *(const volatile Word *) src;
    dest += sizeof (Word);
    src += sizeof (Word);
  }
  for (; size > 0; size--)
    *dest++ = *src++;
}

/* The other way round: @dest is uncached. */
static void
store_aligned (volatile unsigned char *dest, const unsigned char *src, size_t size)
{
  for (; size > 0 && misalignment (dest); size--)
    *dest++ = *src++;
  for (; size >= sizeof (Word); size -= sizeof (Word)) {
    *(volatile Word *) dest = *(const Word *) src;
    dest += sizeof (Word);
    src += sizeof (Word);
  }
  for (; size > 0; size--)
    *dest++ = *src++;
}

/* Through a buffer of our own, which takes the alignment of either side in turn. */
static void
copy_piece (unsigned char *dest, bool dest_cached, const unsigned char *src, bool src_cached, size_t size)
{
  _Alignas (Word) unsigned char loaded[BOUNCE_SIZE + sizeof (Word)];
  _Alignas (Word) unsigned char stored[BOUNCE_SIZE + sizeof (Word)];

  if (!src_cached) {
    unsigned char *aligned = loaded + misalignment (src);

    load_aligned (aligned, src, size);
    src = aligned;
  }
  if (dest_cached) {
    memcpy (dest, src, size);
  } else {
    unsigned char *aligned = stored + misalignment (dest);

    memcpy (aligned, src, size);
    store_aligned (dest, aligned, size);
  }
}

void
xlnk_copy (void *dest, bool dest_cached, const void *src, bool src_cached, size_t size)
{
  unsigned char *to = dest;
  const unsigned char *from = src;

  if (dest_cached && src_cached) {
    memcpy (dest, src, size);
    return;
  }
  while (size > 0) {
    size_t piece = size < BOUNCE_SIZE ? size : BOUNCE_SIZE;

    copy_piece (to, dest_cached, from, src_cached, piece);
    to += piece;
    from += piece;
    size -= piece;
  }
}
