/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkdevice.h"

#include <inttypes.h>
#include <stdlib.h>

#include "xlnkcma.h"
#include "xlnkfork.h"
#include "xlnkhw.h"
#include "xlnkledger.h"
#include "xlnklog.h"
#include "xlnkreclaim.h"
#include "xlnksyscall.h"

/* The nodes that `auto` tries, in this order. */
static const struct
{
  const char *path;
  const XlnkDeviceClass *klass;
} known_nodes[] = {
  {"/dev/xlnk", &xlnk_chardev_class},
};

static const char *
first_known_node (void)
{
  for (size_t i = 0; i < G_N_ELEMENTS (known_nodes); i++) {
    if (xlnk_sys_exists (known_nodes[i].path))
      return known_nodes[i].path;
  }
  return known_nodes[0].path;
}

char *
xlnk_device_resolve (const char *name)
{
  const char *path = name && *name && !g_str_equal (name, "auto") ? name : first_known_node ();
  char *resolved = xlnk_sys_resolve (path);
  char *result = g_strdup (resolved ? resolved : path);

  free (resolved);
  return result;
}

/* A node of another name is taken for the interface we know best; its open finds out. */
static const XlnkDeviceClass *
find_class (const char *path)
{
  for (size_t i = 0; i < G_N_ELEMENTS (known_nodes); i++) {
    if (g_str_equal (path, known_nodes[i].path))
      return known_nodes[i].klass;
  }
  return known_nodes[0].klass;
}

static XlnkMaintainer
choose_maintainer (void)
{
  if (xlnk_hw_maintains_by_address ())
    return XLNK_BY_ADDRESS;
  return xlnk_hw_is_arm64 ()? XLNK_BY_DRIVER_ARM64 : XLNK_BY_DRIVER_ARM;
}

/* The child starts with no blocks: its parent's are not its own. A thread that held the mutex when the process forked does
 * not exist here: the mutex stays locked for ever, and the list of blocks may be half-changed. */
static void
recover_in_child (void *data)
{
  XlnkDevice *device = data;
  bool whole = pthread_mutex_trylock (&device->mutex) == 0;

  device->inherited = true;
  xlnk_ledger_leave_parent (device, whole);
  device->parents_live_blocks += device->counts.live_blocks;
  device->counts.live_blocks = device->counts.live_bytes = 0;
  if (whole) {
    g_ptr_array_set_size (device->blocks, 0);
    pthread_mutex_unlock (&device->mutex);
    return;
  }
  pthread_mutex_init (&device->mutex, NULL);
  device->parents_blocks = device->blocks;      /* not freed, which would be to trust it */
  device->blocks = g_ptr_array_new ();
}

XlnkDevice *
xlnk_device_open_to_look (const char *name, GError ** error)
{
  XlnkDevice *device = g_new0 (XlnkDevice, 1);

  device->path = xlnk_device_resolve (name);
  device->klass = find_class (device->path);
  device->fd = -1;
  device->line = xlnk_hw_line_size ();
  device->maintainer = choose_maintainer ();
  device->references = 1;
  device->blocks = g_ptr_array_new ();
  pthread_mutex_init (&device->mutex, NULL);
  xlnk_fork_watch (recover_in_child, device);
  if (!device->klass->open (device, error)) {
    xlnk_device_unref (device);
    return NULL;
  }
  xlnk_log (XLNK_LOG_INFO, "opened %s, cache lines of %zu bytes, maintained %s", device->path, device->line,
      device->maintainer == XLNK_BY_ADDRESS ? "by address" : "by the driver");
  return device;
}

XlnkDevice *
xlnk_device_open (const char *name, GError ** error)
{
  XlnkDevice *device = xlnk_device_open_to_look (name, error);

  if (device)
    xlnk_reclaim_quietly (device);
  return device;
}

void
xlnk_device_leave_parent (XlnkDevice * device)
{
  int parents = device->fd;
  g_autoptr (GError) error = NULL;

  if (!device->inherited)
    return;
  device->inherited = false;
  if (device->klass->open (device, &error)) {
    xlnk_sys_close (parents);
    return;
  }
  xlnk_log (XLNK_LOG_INFO, "a forked child uses its parent's open file: %s", error->message);
  device->fd = parents;
}

XlnkDevice *
xlnk_device_ref (XlnkDevice * device)
{
  atomic_fetch_add (&device->references, 1);
  return device;
}

void
xlnk_device_unref (XlnkDevice * device)
{
  if (atomic_fetch_sub (&device->references, 1) != 1)
    return;
  xlnk_ledger_close (device);
  device->klass->close (device);
  xlnk_fork_unwatch (device);
  pthread_mutex_destroy (&device->mutex);
  g_ptr_array_unref (device->blocks);
  g_free (device->path);
  g_free (device);
}

void
xlnk_device_get_stats (XlnkDevice * device, XlnkDeviceStats * stats)
{
  pthread_mutex_lock (&device->mutex);
  *stats = device->counts;
  pthread_mutex_unlock (&device->mutex);
  stats->flushes = atomic_load (&device->flushes);
  stats->flushed_bytes = atomic_load (&device->flushed_bytes);
  stats->invalidates = atomic_load (&device->invalidates);
  stats->invalidated_bytes = atomic_load (&device->invalidated_bytes);
  xlnk_cma_read (&stats->cma_total, &stats->cma_free);
}

/* Nobody tells a child what has become of its parent's buffers: it does not take them away. */
static bool
is_in_use (const XlnkDevice * device, GError ** error)
{
  if (device->blocks->len > 0)
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_BUSY,
        "a reset of %s would take away the %u buffers that this process still uses: free them first",
        device->path, device->blocks->len);
  else if (device->parents_live_blocks > 0)
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_BUSY,
        "a reset of %s in a forked child might take away the %" PRIu64 " buffers that its parent had: leave it to the "
        "parent, or if that has ended to `xlnk-ctl reset'", device->path, device->parents_live_blocks);
  else
    return false;
  return true;
}

bool
xlnk_device_reset (XlnkDevice * device, GError ** error)
{
  bool done = false;

  pthread_mutex_lock (&device->mutex);
  if (!is_in_use (device, error))
    done = device->klass->reset (device, error);
  if (done)
    xlnk_ledger_clear_all (device);
  pthread_mutex_unlock (&device->mutex);
  if (done)
    xlnk_log (XLNK_LOG_WARNING, "freed every buffer of every process of %s", device->path);
  return done;
}
