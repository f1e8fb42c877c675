/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkcookie.h"

#include <errno.h>
#include <string.h>

#include "xlnkcopy.h"
#include "xlnksyscall.h"

size_t
xlnk_cookie_length (size_t size)
{
  return ((size + XLNK_COOKIE_LINE - 1) & ~(size_t) (XLNK_COOKIE_LINE - 1)) + XLNK_COOKIE_LINE;
}

void
xlnk_cookie_make (uint8_t * cookie)
{
  if (!xlnk_sys_random (cookie, XLNK_COOKIE_SIZE)) {
    for (size_t i = 0; i < XLNK_COOKIE_SIZE; i++)
      cookie[i] = (uint8_t) g_random_int ();
  }
  /* And so that what a torn one begins with tells it from nothing. */
  cookie[0] |= 1;
}

static char *
place (const XlnkExtent * extent)
{
  return (char *) extent->cpu + extent->length - XLNK_COOKIE_LINE;
}

void
xlnk_cookie_write (const XlnkExtent * extent, const uint8_t * cookie)
{
  xlnk_copy (place (extent), extent->cached, cookie, true, XLNK_COOKIE_SIZE);
}

/* The copy goes from the first byte to the last one, by words. */
static bool
is_beginning (const uint8_t * found, const uint8_t * cookie)
{
  size_t n = 0;

  while (n < XLNK_COOKIE_SIZE && found[n] == cookie[n])
    n++;
  while (n < XLNK_COOKIE_SIZE && found[n] == 0)
    n++;
  return n == XLNK_COOKIE_SIZE;
}

XlnkLook
xlnk_cookie_look (XlnkDevice * device, const XlnkExtent * extent, const uint8_t * cookie)
{
  static const uint8_t none[XLNK_COOKIE_SIZE];
  uint8_t found[XLNK_COOKIE_SIZE];

  if (!device->klass->is_live (device, extent))
    return errno == EINVAL ? XLNK_LOOK_GONE : XLNK_LOOK_UNKNOWN;
  /* By aligned words, whatever is said of the caching: a ledger may lie. */
  xlnk_copy (found, true, place (extent), false, XLNK_COOKIE_SIZE);
  if (memcmp (cookie, none, XLNK_COOKIE_SIZE) != 0 && memcmp (found, cookie, XLNK_COOKIE_SIZE) == 0)
    return XLNK_LOOK_MATCH;
  return is_beginning (found, cookie) ? XLNK_LOOK_NO_COOKIE : XLNK_LOOK_OTHER;
}
