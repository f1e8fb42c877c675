/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkchardev.c: /dev/xlnk, the packed ABI of kernels from 4.6 on. The older pointer form of 3.x kernels is refused:
 * it has no way to ask whether a buffer is still ours.
 *
 * The driver checks next to nothing (xlnk-abi §1): an overlong mapping shows the neighbour's memory, the mapping of
 * a free id shows physical address 0, anyone may free any id. So each id, address and length is checked here before
 * the kernel sees it.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xlnkabi.h"
#include "xlnkcookie.h"
#include "xlnkdevice.h"
#include "xlnkledger.h"
#include "xlnklog.h"
#include "xlnkshift.h"
#include "xlnksyscall.h"

#define EMULATOR_ADVICE \
  "on a machine without the board, run the program under the emulated one: xlnk-emulate -- COMMAND"

static size_t
page_round (size_t length)
{
  size_t page_size = (size_t) sysconf (_SC_PAGESIZE);

  return (length + page_size - 1) & ~(page_size - 1);
}

static void
set_open_error (GError ** error, const char *path, int code)
{
  switch (code) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      g_set_error (error, XLNK_ERROR, XLNK_ERROR_NO_DEVICE,
          "there is no %s: the xlnk driver comes with PYNQ images 1.4 to 2.6 for Zynq boards; " EMULATOR_ADVICE, path);
      break;
    case EACCES:
    case EPERM:
      g_set_error (error, XLNK_ERROR, XLNK_ERROR_PERMISSION,
          "no permission to open %s, which is root's until a udev rule says otherwise: put "
          "KERNEL==\"xlnk\", GROUP=\"xlnk\", MODE=\"0660\" into /etc/udev/rules.d/90-xlnk.rules, add the user to the "
          "group xlnk and restart, or run as root (access to it is access to all physical memory)", path);
      break;
    default:
      g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "cannot open %s: %s", path, g_strerror (code));
  }
}

static int
ask (XlnkDevice * device, unsigned long request, const char *name)
{
  XlnkArg arg = { .bytes = {0} };

  return xlnk_sys_ioctl (device->fd, request, &arg, name, 0);
}

/* Request nr 1 has no handler: EINVAL from the drivers we know, 0 from the 3.x driver, whose argument block holds
 * pointers. Others say ENOTTY, or EINVAL to everything, where ours says ENOTTY beyond its numbers (xlnk-abi §3). */
static bool
check_revision (XlnkDevice * device, GError ** error)
{
  int result = ask (device, XLNK_IOC_UNUSED, "request 1");
  int beyond = result == -EINVAL ? ask (device, XLNK_IOC_BEYOND, "request 102") : 0;

  if (beyond == -ENOTTY)
    return true;
  if (result == 0)
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_UNKNOWN_ABI,
        "%s is the xlnk driver of a 3.x kernel, whose argument blocks are of another form and which cannot say "
        "whether a buffer is still alive: it needs a kernel from 4.6 on (PYNQ 2.0 or later)", device->path);
  else
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_UNKNOWN_ABI,
        "%s does not answer like the xlnk driver (%s for request %d): choose another device", device->path,
        beyond < 0 ? g_strerror (-beyond) : result < 0 ? g_strerror (-result) : "a positive result",
        result == -EINVAL ? 102 : 1);
  return false;
}

/* Its numbers tell this board's ledgers from those of an emulated one. */
static bool
identify (XlnkDevice * device, GError ** error)
{
  struct stat status;

  if (!xlnk_sys_stat (device->fd, &status)) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "cannot tell what %s is: %s", device->path, g_strerror (errno));
    return false;
  }
  if (!S_ISCHR (status.st_mode)) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_UNKNOWN_ABI,
        "%s is not a character device, so it is not the xlnk driver's node: choose another device", device->path);
    return false;
  }
  device->node_device = status.st_dev;
  device->node_inode = status.st_ino;
  return true;
}

static bool
chardev_open (XlnkDevice * device, GError ** error)
{
  device->fd = xlnk_sys_open (device->path);
  if (device->fd < 0) {
    set_open_error (error, device->path, errno);
    return false;
  }
  if (identify (device, error) && check_revision (device, error))
    return true;
  xlnk_sys_close (device->fd);
  device->fd = -1;
  return false;
}

static void
chardev_close (XlnkDevice * device)
{
  xlnk_sys_close (device->fd);
  device->fd = -1;
}

static int
cache_control (XlnkDevice * device, uint64_t phys, size_t size, int action)
{
  XlnkArg arg = { .bytes = {0} };

  arg.cache.phys_addr = (uintptr_t) phys;
  arg.cache.size = (uint32_t) size;
  arg.cache.action = action;
  return xlnk_sys_ioctl (device->fd, XLNK_IOC_CACHECTRL, &arg, "CACHECTRL", phys);
}

/* In its DMA mode `standard' the driver answers no CACHECTRL (xlnk-abi §6): it would neither maintain a cache nor ever say
 * that a buffer is still ours, so that none could be freed. To be known before it gives one. No buffer is at address 0,
 * hence EINVAL is the right answer; the kernel may log it. */
static bool
check_mode (XlnkDevice * device, GError ** error)
{
  int result = cache_control (device, 0, XLNK_COOKIE_LINE, XLNK_ACTION_FLUSH);

  if (result == 0 || result == -EINVAL)
    return true;
  if (result == -EPERM)
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED,
        "%s maintains no caches (%s): it is in the DMA mode `standard'. Say config-dma-type = \"manual\" in the device "
        "tree's node of the driver, or find the program that has set the mode, and reboot", device->path,
        g_strerror (EPERM));
  else
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "%s does not say whether it maintains caches: %s", device->path,
        result < 0 ? g_strerror (-result) : "a positive result");
  return false;
}

static bool
extent_is_sane (const XlnkExtent * extent)
{
  return extent->id >= 1 && extent->id <= XLNK_MAX_ID && extent->phys != 0
      && page_round (extent->phys) == extent->phys && extent->phys <= UINT64_MAX - extent->length;
}

/* Returns what the ioctl did. The slot stays ALLOCATING if there is no buffer. */
static int
ask_for_buffer (int fd, XlnkLedgerSlot * slot, XlnkExtent * extent)
{
  XlnkAllocArg answer;
  int result;

  slot->arg.alloc.len = (uint32_t) extent->length;
  slot->arg.alloc.cacheable = extent->cached;
  slot->arg.alloc.id = 0;
  slot->arg.alloc.phyaddr = 0;
  result = xlnk_sys_ioctl (fd, XLNK_IOC_ALLOCBUF, &slot->arg, "ALLOCBUF", extent->length);
  /* Others may write to the slot: one copy is checked and used. */
  answer = slot->arg.alloc;
  extent->id = result >= 0 ? (uint32_t) answer.id : 0;
  extent->phys = result >= 0 ? answer.phyaddr : 0;
  /* Also when only the end of the answer did not arrive: there is a buffer then. */
  if (result >= 0 && extent_is_sane (extent))
    xlnk_ledger_set_state (slot, XLNK_SLOT_COOKIE_LESS);
  return result;
}

static bool
chardev_alloc (XlnkDevice * device, XlnkLedgerSlot * slot, XlnkExtent * extent, bool *no_memory, GError ** error)
{
  int result;

  *no_memory = false;
  device->maintains = device->maintains || check_mode (device, error);
  if (!device->maintains)
    return false;
  result = ask_for_buffer (device->fd, slot, extent);
  *no_memory = result == -ENOMEM;
  if (result != 0) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "%s refused to allocate %zu bytes: %s", device->path,
        extent->length, result < 0 ? g_strerror (-result) : "it could not write back the id (which is lost)");
    return false;
  }
  if (!extent_is_sane (extent)) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_UNKNOWN_ABI,
        "%s handed out buffer %" PRIu32 " at 0x%" PRIx64 ", which cannot be: this is not a known revision of the "
        "xlnk driver", device->path, extent->id, extent->phys);
    return false;
  }
  return true;
}

static bool
chardev_free (XlnkDevice * device, const XlnkExtent * extent, GError ** error)
{
  XlnkArg arg = { .bytes = {0} };
  int result;

  arg.free.id = extent->id;
  result = xlnk_sys_ioctl (device->fd, XLNK_IOC_FREEBUF, &arg, "FREEBUF", extent->id);
  if (result == 0)
    return true;
  g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "%s refused to free buffer %" PRIu32 ": %s", device->path,
      extent->id, result < 0 ? g_strerror (-result) : "a positive result");
  return false;
}

static bool
chardev_map (XlnkDevice * device, XlnkExtent * extent, GError ** error)
{
  size_t length = page_round (extent->length);

  if (device->shift == 0 && !xlnk_shift_probe (device, extent, error))
    return false;
  extent->cpu = xlnk_sys_map (device->fd, length, (uint64_t) extent->id << device->shift, true);
  if (!extent->cpu) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "cannot map buffer %" PRIu32 " (%zu bytes) of %s: %s",
        extent->id, length, device->path, g_strerror (errno));
    return false;
  }
  /* A forked child that wrote here would race its parent, and its exit could free nothing. */
  if (!xlnk_sys_keep_from_children (extent->cpu, length))
    xlnk_log (XLNK_LOG_WARNING, "a forked child will see buffer %" PRIu32 ": %s", extent->id, g_strerror (errno));
  return true;
}

static bool
chardev_map_to_look (XlnkDevice * device, XlnkExtent * extent, GError ** error)
{
  size_t length = page_round (extent->length);
  int shift = device->shift ? device->shift : xlnk_shift_guess (device, extent, error);

  if (shift == 0)
    return false;
  extent->cpu = xlnk_sys_map (device->fd, length, (uint64_t) extent->id << shift, false);
  if (!extent->cpu) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "cannot map buffer %" PRIu32 " (%zu bytes) of %s: %s",
        extent->id, length, device->path, g_strerror (errno));
    return false;
  }
  xlnk_sys_keep_from_children (extent->cpu, length);
  return true;
}

static void
chardev_unmap (XlnkDevice * device G_GNUC_UNUSED, XlnkExtent * extent)
{
  xlnk_sys_unmap (extent->cpu, page_round (extent->length));
  extent->cpu = NULL;
}

/* CACHECTRL refuses an address that is in no live buffer, and flushing one line harms nothing. The last byte tells a
 * smaller buffer at the same address from ours. */
static bool
chardev_is_live (XlnkDevice * device, const XlnkExtent * extent)
{
  int result = cache_control (device, extent->phys + extent->length - 1, 1, XLNK_ACTION_FLUSH);

  errno = result < 0 ? -result : EPROTO;
  return result == 0;
}

/* How 32-bit ARM invalidates: action 0 cleans and invalidates L1, then L2. A speculative read between the two may
 * bring an old line back from L2 into L1, and the second pass takes it away. Not action 1: it ends by discarding L2
 * lines, among them what another CPU's L1 has just evicted. On arm64 action 0 only cleans, and action 1 then drops
 * what is clean (design §5). */
static int
sync_passes (XlnkDevice * device, const XlnkExtent * extent, XlnkMaintenance maintenance, size_t end)
{
  bool arm64 = device->maintainer == XLNK_BY_DRIVER_ARM64;
  int result = cache_control (device, extent->phys, end, XLNK_ACTION_FLUSH);

  if (result == 0 && maintenance == XLNK_MAINTAIN_INVALIDATE)
    result = cache_control (device, extent->phys, end, arm64 ? XLNK_ACTION_INVALIDATE : XLNK_ACTION_FLUSH);
  return result;
}

/* The driver starts at the buffer's first byte whatever the address says, so that is what it gets (xlnk-abi §6). */
static bool
chardev_sync (XlnkDevice * device, const XlnkExtent * extent, XlnkMaintenance maintenance, XlnkRange range,
    XlnkRange * covered, GError ** error)
{
  size_t end = MIN (range.end, extent->length);
  int result = sync_passes (device, extent, maintenance, end);

  if (result != 0) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED,
        "%s refused to maintain the caches of buffer %" PRIu32 " (0x%" PRIx64 ", %zu bytes): %s", device->path,
        extent->id, extent->phys, end, result < 0 ? g_strerror (-result) : "a positive result");
    return false;
  }
  covered->start = 0;
  covered->end = range.end;
  return true;
}

static bool
chardev_reset (XlnkDevice * device, GError ** error)
{
  XlnkArg arg = { .bytes = {0} };
  int result = xlnk_sys_ioctl (device->fd, XLNK_IOC_RECRES, &arg, "RECRES", 0);

  if (result == 0)
    return true;
  g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "%s refused the reset: %s", device->path,
      result < 0 ? g_strerror (-result) : "a positive result");
  return false;
}

/* A block whose open file is closed is gone, or still has the cookie. With neither, somebody took it. */
static XlnkLifetime
judge_lifetime (XlnkDevice * device, XlnkLedgerSlot * slot, const XlnkExtent * extent)
{
  g_autoptr (GError) error = NULL;

  switch (xlnk_cookie_look (device, extent, slot->cookie)) {
    case XLNK_LOOK_MATCH:
      xlnk_ledger_set_state (slot, XLNK_SLOT_FREEING);
      if (chardev_free (device, extent, &error))
        xlnk_ledger_clear (slot);
      else
        xlnk_ledger_set_state (slot, XLNK_SLOT_LIVE);
      return XLNK_LIFETIME_OF_SYSTEM;
    case XLNK_LOOK_GONE:
      xlnk_ledger_clear (slot);
      return XLNK_LIFETIME_OF_FILE;
    case XLNK_LOOK_UNKNOWN:
      return XLNK_LIFETIME_UNKNOWN;
    case XLNK_LOOK_NO_COOKIE:
    case XLNK_LOOK_OTHER:
    default:
      xlnk_ledger_clear (slot);
      return XLNK_LIFETIME_UNKNOWN;
  }
}

/* As any block that could not be used: what the driver does not take back, or does not speak of, stays in the ledger. */
static void
give_back_trial (XlnkDevice * device, XlnkLedgerSlot * slot, const XlnkExtent * extent)
{
  if (chardev_is_live (device, extent) ? chardev_free (device, extent, NULL) : errno == EINVAL)
    xlnk_ledger_clear (slot);
}

/* Mapped through the other open file, which therefore can be closed for good. */
static bool
prepare_lifetime (XlnkDevice * device, int fd, XlnkLedgerSlot * slot, XlnkExtent * extent)
{
  g_autoptr (GError) error = NULL;

  if (ask_for_buffer (fd, slot, extent) != 0 || !extent_is_sane (extent))
    return false;
  if (!chardev_map (device, extent, &error)) {
    xlnk_log (XLNK_LOG_INFO, "%s", error->message);
    give_back_trial (device, slot, extent);
    return false;
  }
  if (chardev_is_live (device, extent)) {
    xlnk_cookie_write (extent, slot->cookie);
    xlnk_ledger_set_state (slot, XLNK_SLOT_LIVE);
    return true;
  }
  /* Who asks again when it is gone may be told of another's. */
  if (errno == EINVAL)
    xlnk_ledger_clear (slot);
  else
    give_back_trial (device, slot, extent);
  chardev_unmap (device, extent);
  return false;
}

static XlnkLifetime
chardev_try_lifetime (XlnkDevice * device, XlnkLedgerSlot * slot, size_t length)
{
  XlnkExtent extent = {.length = length,.cached = true };
  XlnkLifetime lifetime = XLNK_LIFETIME_UNKNOWN;
  int fd = xlnk_sys_open (device->path);
  bool prepared = fd >= 0 && prepare_lifetime (device, fd, slot, &extent);

  xlnk_sys_close (fd);
  if (prepared) {
    lifetime = judge_lifetime (device, slot, &extent);
    chardev_unmap (device, &extent);
  }
  return lifetime;
}

const XlnkDeviceClass xlnk_chardev_class = {
  .name = "xlnk",
  .max_length = INT32_MAX,      /* CACHECTRL handles its size as a signed int */
  .open = chardev_open,
  .alloc = chardev_alloc,
  .free = chardev_free,
  .map = chardev_map,
  .map_to_look = chardev_map_to_look,
  .unmap = chardev_unmap,
  .is_live = chardev_is_live,
  .sync = chardev_sync,
  .try_lifetime = chardev_try_lifetime,
  .reset = chardev_reset,
  .close = chardev_close,
};
