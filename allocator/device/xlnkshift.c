/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The probe maps the extent as if the shift were 16. If it is 16, the page of zeros that the driver just handed out
 * shows. If it is 24, an id below 256 lands in slot 0, the scratch page that everybody may write, and a marker left
 * there shows. The other way round, trying 24 first, could map physical address 0 on a driver that means 16.
 */
#include "xlnkshift.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "xlnklog.h"
#include "xlnksyscall.h"

#define OLD_SHIFT 24
#define NEW_SHIFT 16
#define MARKER_SIZE 64          /* well inside the scratch page: the driver does not check a write's end */
#define ATTEMPTS 8              /* somebody else may be writing to the scratch page at the same time */

typedef struct
{
  uint32_t words[MARKER_SIZE / sizeof (uint32_t)];
} Marker;

static void
make_marker (Marker * marker)
{
  for (size_t i = 0; i < G_N_ELEMENTS (marker->words); i++)
    marker->words[i] = g_random_int () | 1;
}

/* A page that is not cacheable is Device memory on the board: aligned words only, which memcmp does not promise. */
static bool
page_matches (const volatile uint32_t * page, const Marker * marker)
{
  for (size_t i = 0; i < G_N_ELEMENTS (marker->words); i++) {
    if (page[i] != marker->words[i])
      return false;
  }
  return true;
}

static bool
page_is_zero (const volatile uint32_t * page, size_t size)
{
  for (size_t i = 0; i < size / sizeof *page; i++) {
    if (page[i] != 0)
      return false;
  }
  return true;
}

static bool
scratch_holds (XlnkDevice * device, const Marker * marker)
{
  Marker now;

  return xlnk_sys_pread (device->fd, &now, sizeof now, 0) && memcmp (&now, marker, sizeof now) == 0;
}

/* 16, 24, or 0 for "neither, this time". @fresh: the block is all zero. */
static int
try_once (XlnkDevice * device, const XlnkExtent * extent, bool fresh)
{
  size_t page_size = (size_t) sysconf (_SC_PAGESIZE);
  const uint32_t *page;
  Marker marker;
  int shift = 0;

  make_marker (&marker);
  if (!xlnk_sys_pwrite (device->fd, &marker, sizeof marker, 0))
    return 0;
  page = xlnk_sys_map (device->fd, page_size, (uint64_t) extent->id << NEW_SHIFT, false);
  if (!page)
    return 0;
  if (page_matches (page, &marker))
    shift = OLD_SHIFT;
  else if ((!fresh || page_is_zero (page, page_size)) && scratch_holds (device, &marker))
    shift = NEW_SHIFT;
  xlnk_sys_unmap ((void *) page, page_size);
  return shift;
}

static int
probe (XlnkDevice * device, const XlnkExtent * extent, bool fresh, GError ** error)
{
  int shift = 0;

  if (extent->id >= 256) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_UNKNOWN_ABI,
        "cannot tell safely how %s maps its buffers: that needs a buffer id below 256 and the driver gave %" PRIu32
        "; free buffers that other processes hold, then try again", device->path, extent->id);
    return 0;
  }
  for (int attempt = 0; attempt < ATTEMPTS && shift == 0; attempt++) {
    errno = 0;
    shift = try_once (device, extent, fresh);
  }
  if (shift == 0 && errno != 0) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "cannot tell how %s maps its buffers: its scratch page cannot be "
        "written, mapped or read: %s", device->path, g_strerror (errno));
    return 0;
  }
  /* What the page showed means something only if the block was ours all the while. */
  if (shift != 0 && !device->klass->is_live (device, extent)) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "buffer %" PRIu32 " of %s, which is to tell how it maps its "
        "buffers, %s: %s; try again", extent->id, device->path, errno == EINVAL ? "is gone" : "is in doubt",
        g_strerror (errno));
    return 0;
  }
  if (shift == 0) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_UNKNOWN_ABI,
        "%s maps its buffers neither at id << %d nor at id << %d (tried %d times with buffer %" PRIu32
        "): this is not a known revision of the xlnk driver", device->path, NEW_SHIFT, OLD_SHIFT, ATTEMPTS,
        extent->id);
    return 0;
  }
  return shift;
}

bool
xlnk_shift_probe (XlnkDevice * device, const XlnkExtent * extent, GError ** error)
{
  device->shift = probe (device, extent, true, error);
  if (device->shift != 0)
    xlnk_log (XLNK_LOG_INFO, "%s maps a buffer at id << %d", device->path, device->shift);
  return device->shift != 0;
}

int
xlnk_shift_guess (XlnkDevice * device, const XlnkExtent * extent, GError ** error)
{
  return probe (device, extent, false, error);
}
