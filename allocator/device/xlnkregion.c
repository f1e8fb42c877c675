/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkregion.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "xlnkerror.h"
#include "xlnklog.h"
#include "xlnksyscall.h"
#include "xlnkuio.h"

/* Copies of the descriptors would keep the core's locks if the parent is killed, for as long as the child lives. */
static void
leave_to_parent (void *data)
{
  XlnkRegion *self = data;

  xlnk_sys_close (self->fd);
  xlnk_sys_close (self->lock_fd);
  self->fd = self->lock_fd = -1;
}

static XlnkRegion *
region_new (char *name)
{
  XlnkRegion *self = g_new0 (XlnkRegion, 1);

  self->name = name;
  self->fd = self->lock_fd = -1;
  self->generation = xlnk_fork_generation ();
  xlnk_fork_watch (leave_to_parent, self);
  return self;
}

/* The core is free from now on, whoever may have copies of the descriptors. A forked child must not do it, nor unmap what
 * it does not have. */
static void
leave_core (XlnkRegion * self)
{
  if (self->mapping)
    xlnk_sys_unmap (self->mapping, self->mapping_size);
  if (self->fd >= 0)
    xlnk_sys_unlock (self->fd);
  if (self->lock_fd >= 0)
    xlnk_sys_unlock (self->lock_fd);
}

void
xlnk_region_close (XlnkRegion * self)
{
  xlnk_fork_unwatch (self);
  if (xlnk_region_is_ours (self)) {
    leave_core (self);
    xlnk_sys_close (self->fd);
    xlnk_sys_close (self->lock_fd);
  }
  g_free (self->name);
  g_free (self);
}

#define UIO_ADVICE "Run as root, or let a group open it with a udev rule: SUBSYSTEM==\"uio\", GROUP=\"xlnk\", MODE=\"0660\""
#define MEM_ADVICE "Run as root: its mode does not matter, the kernel wants CAP_SYS_RAWIO. Or give the core a UIO device"

static int
open_node (const char *path, int flags, const char *advice, GError ** error)
{
  int fd = xlnk_sys_open_with (path, flags);
  int reason = errno;

  if (fd >= 0)
    return fd;
  if (reason == EACCES || reason == EPERM)
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_PERMISSION, "%s: %s. %s", path, g_strerror (reason), advice);
  else if (reason == ENOENT || reason == ENODEV || reason == ENXIO)
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_NO_DEVICE, "%s: %s", path, g_strerror (reason));
  else
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "%s: %s", path, g_strerror (reason));
  return -1;
}

static bool
lock_node (const char *name, int fd, GError ** error)
{
  if (xlnk_sys_lock (fd))
    return true;
  if (errno == EAGAIN)
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_BUSY, "%s is in use by another process or another element", name);
  else
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "cannot lock %s: %s", name, g_strerror (errno));
  return false;
}

/* Maps the pages around @size bytes of registers that begin @skip bytes into the page at @offset of the file. */
static bool
map_registers (XlnkRegion * self, uint64_t offset, uint64_t skip, uint64_t size, GError ** error)
{
  uint64_t page = (uint64_t) sysconf (_SC_PAGESIZE);
  uint64_t length = (skip + size + page - 1) / page * page;

  if (size < 4 || skip >= page || size > G_MAXUINT32 || length > G_MAXSSIZE) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "%s has no usable register window: %" PRIu64 " bytes, %" PRIu64
        " into a page", self->name, size, skip);
    return false;
  }
  self->mapping = xlnk_sys_map (self->fd, (size_t) length, offset, true);
  if (!self->mapping) {
    g_set_error (error, XLNK_ERROR, errno == EPERM ? XLNK_ERROR_PERMISSION : XLNK_ERROR_FAILED, "cannot map the "
        "registers of %s: %s%s", self->name, g_strerror (errno), errno == EPERM ? " (a kernel with "
        "CONFIG_STRICT_DEVMEM or CONFIG_IO_STRICT_DEVMEM may refuse addresses that a driver has; use UIO)" : "");
    return false;
  }
  self->mapping_size = (size_t) length;
  if (!xlnk_sys_keep_from_children (self->mapping, self->mapping_size))
    xlnk_log (XLNK_LOG_WARNING, "a forked child will see the registers of %s", self->name);
  self->start = (volatile uint8_t *) self->mapping + skip;
  self->size = (size_t) size;
  return true;
}

/* Masking the interrupt is also the question whether there is one: without, UIO says EIO; ENOSYS comes from a driver
 * that needs no arming. */
static void
probe_interrupt (XlnkRegion * self)
{
  self->can_arm = xlnk_sys_write_word (self->fd, 0);
  self->has_interrupt = self->can_arm || errno == ENOSYS;
  if (!self->has_interrupt)
    xlnk_log (XLNK_LOG_INFO, "%s has no interrupt: its status is polled", self->name);
}

/* From the registers' first byte. Kernels that put the window's place into a page into `offset' round its size to whole pages,
 * with that place in it (uio_pdrv_genirq); UIO maps no page more than that. */
static uint64_t
window_size (const XlnkUio * uio)
{
  uint64_t page = (uint64_t) sysconf (_SC_PAGESIZE);

  return uio->offset < uio->size && uio->size % page == 0 ? uio->size - uio->offset : uio->size;
}

XlnkRegion *
xlnk_region_open_uio (const char *root, const char *name, GError ** error)
{
  g_autofree char *path = NULL;
  XlnkRegion *self;
  XlnkUio uio;

  if (!xlnk_uio_find (root, name, &uio, error))
    return NULL;
  path = g_strdup_printf ("%s/dev/uio%u", root, uio.number);
  self = region_new (g_strdup_printf ("%s (/dev/uio%u)", uio.name, uio.number));
  self->address = uio.address + uio.offset;
  self->fd = open_node (path, O_NONBLOCK, UIO_ADVICE, error);
  /* UIO maps map n at file offset n pages; the first is ours. */
  if (self->fd < 0 || !lock_node (self->name, self->fd, error)
      || !map_registers (self, 0, uio.offset, window_size (&uio), error)) {
    xlnk_region_close (self);
    return NULL;
  }
  probe_interrupt (self);
  return self;
}

/* The UIO device, if there is one, whose registers these addresses are. */
static bool
find_uio_at (GArray * list, uint64_t base, uint64_t size, XlnkUio * found)
{
  for (unsigned i = 0; i < list->len; i++) {
    *found = g_array_index (list, XlnkUio, i);
    if (found->address < base + size && base < found->address + found->size)
      return true;
  }
  return false;
}

static bool
lock_uio_at (XlnkRegion * self, const char *root, uint64_t base, uint64_t size, GError ** error)
{
  g_autoptr (GArray) list = xlnk_uio_list (root, error);
  g_autofree char *path = NULL;
  g_autofree char *name = NULL;
  XlnkUio uio;

  if (!list)
    return false;
  if (!find_uio_at (list, base, size, &uio))
    return true;
  xlnk_log (XLNK_LOG_INFO, "uio=%s would reach %s too, with its interrupt", uio.name, self->name);
  path = g_strdup_printf ("%s/dev/uio%u", root, uio.number);
  name = g_strdup_printf ("%s, which is %s (/dev/uio%u),", self->name, uio.name, uio.number);
  self->lock_fd = open_node (path, O_NONBLOCK, UIO_ADVICE, error);
  return self->lock_fd >= 0 && lock_node (name, self->lock_fd, error);
}

static bool
lock_addresses (XlnkRegion * self, uint64_t base, uint64_t size, GError ** error)
{
  if (xlnk_sys_lock_range (self->fd, base, size))
    return true;
  if (errno == EAGAIN)
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_BUSY, "registers within %" PRIu64 " bytes of %s are in use by another "
        "process or another element", size, self->name);
  else
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "cannot lock %s: %s", self->name, g_strerror (errno));
  return false;
}

XlnkRegion *
xlnk_region_open_mem (const char *root, uint64_t base, uint64_t size, GError ** error)
{
  uint64_t page = (uint64_t) sysconf (_SC_PAGESIZE);
  g_autofree char *path = g_strdup_printf ("%s/dev/mem", root);
  XlnkRegion *self;

  if (base % 4 != 0 || size % 4 != 0 || base > G_MAXINT64 || size > G_MAXUINT32 || base + size > G_MAXINT64) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "%" PRIu64 " bytes at 0x%" PRIx64 " are no register window: "
        "both must be multiples of 4, and the size at most 32 bits", size, base);
    return NULL;
  }
  self = region_new (g_strdup_printf ("0x%08" PRIx64 " (/dev/mem)", base));
  self->address = base;
  /* O_SYNC: registers must not be cached, whatever the kernel thinks is there. */
  self->fd = open_node (path, O_SYNC, MEM_ADVICE, error);
  if (self->fd < 0 || !lock_addresses (self, base, size, error) || !lock_uio_at (self, root, base, size, error)
      || !map_registers (self, base - base % page, base % page, size, error)) {
    xlnk_region_close (self);
    return NULL;
  }
  return self;
}

bool
xlnk_region_take_interrupt (XlnkRegion * self)
{
  int32_t count;

  return self->has_interrupt && xlnk_region_is_ours (self) && xlnk_sys_read_word (self->fd, &count);
}

void
xlnk_region_arm (XlnkRegion * self)
{
  if (self->can_arm && xlnk_region_is_ours (self))
    xlnk_sys_write_word (self->fd, 1);
}
