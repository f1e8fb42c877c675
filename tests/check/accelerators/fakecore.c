/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakecore.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "xlnkerror.h"
#include "xlnkhw.h"
#include "xlnksyscall.h"

static GMutex lock;
static GCond changed;
static GPtrArray *cores;
static GThread *clock_thread;

static void
deliver (FakeCore * self)
{
  if (self->lose > 0)
    self->lose--;
  else
    eventfd_write (self->event_fd, 1);
}

/* The kernel masks the interrupt when it comes. One that is lost was not seen by it. */
static void
look_at_line (FakeCore * self)
{
  if (self->has_interrupt && self->enabled && self->line (self)) {
    self->enabled = FALSE;
    deliver (self);
  }
}

static gint64
advance_all (gint64 now)
{
  gint64 next = G_MAXINT64;

  for (guint i = 0; i < cores->len; i++) {
    FakeCore *core = g_ptr_array_index (cores, i);

    if (core->next (core) <= now)
      core->advance (core, now);
    look_at_line (core);
    next = MIN (next, core->next (core));
  }
  return next;
}

static gpointer
run_clock (gpointer data G_GNUC_UNUSED)
{
  g_mutex_lock (&lock);
  while (cores->len > 0) {
    gint64 next = advance_all (g_get_monotonic_time ());

    if (next == G_MAXINT64)
      g_cond_wait (&changed, &lock);
    else
      g_cond_wait_until (&changed, &lock, next);
  }
  g_mutex_unlock (&lock);
  return NULL;
}

void
fake_core_add (FakeCore * self)
{
  g_mutex_lock (&lock);
  self->window = g_malloc0 (self->size);
  self->log = g_string_new (NULL);
  self->event_fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (!cores)
    cores = g_ptr_array_new ();
  g_ptr_array_add (cores, self);
  if (!clock_thread)
    clock_thread = g_thread_new ("clock", run_clock, NULL);
  g_mutex_unlock (&lock);
}

void
fake_core_remove (FakeCore * self)
{
  GThread *thread = NULL;

  g_mutex_lock (&lock);
  g_ptr_array_remove (cores, self);
  if (cores->len == 0) {
    thread = clock_thread;
    clock_thread = NULL;
  }
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
  if (thread)
    g_thread_join (thread);
  close (self->event_fd);
  g_free (self->window);
  g_string_free (self->log, TRUE);
}

gchar *
fake_core_take_log (FakeCore * self)
{
  gchar *log;

  g_mutex_lock (&lock);
  log = g_string_free (self->log, FALSE);
  self->log = g_string_new (NULL);
  g_mutex_unlock (&lock);
  return log;
}

void
fake_core_lock (void)
{
  g_mutex_lock (&lock);
}

void
fake_core_unlock (void)
{
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

void
fake_core_interrupt (FakeCore * self)
{
  g_mutex_lock (&lock);
  self->enabled = FALSE;
  eventfd_write (self->event_fd, 1);
  g_mutex_unlock (&lock);
}

G_GNUC_PRINTF (2, 3)
static void
append (FakeCore * self, const gchar * format, ...)
{
  va_list args;

  if (self->log->len > 0)
    g_string_append_c (self->log, ' ');
  va_start (args, format);
  g_string_append_vprintf (self->log, format, args);
  va_end (args);
}

/* The linker puts this before the library's own (--wrap). */
int __real_xlnk_sys_poll (struct pollfd *fds, unsigned n, int64_t timeout_us);
int __wrap_xlnk_sys_poll (struct pollfd *fds, unsigned n, int64_t timeout_us);

static void
run_script (FakeCore * self)
{
  gchar what = self->script && *self->script ? *self->script++ : '.';

  if (what == 'd') {
    self->advance (self, G_MAXINT64 - 1);
    look_at_line (self);
  } else if (what == 's') {
    self->enabled = FALSE;
    eventfd_write (self->event_fd, 1);
  }
}

int
__wrap_xlnk_sys_poll (struct pollfd *fds, unsigned n, int64_t timeout_us)
{
  g_mutex_lock (&lock);
  for (guint i = 0; cores && i < cores->len; i++)
    run_script (g_ptr_array_index (cores, i));
  g_mutex_unlock (&lock);
  return __real_xlnk_sys_poll (fds, n, timeout_us);
}

/*** in the place of xlnkregion.c ***/

static XlnkRegion *
open_region (const gchar * name, guint64 base, GError ** error)
{
  XlnkRegion *region = NULL;

  g_mutex_lock (&lock);
  for (guint i = 0; cores && i < cores->len && !region; i++) {
    FakeCore *core = g_ptr_array_index (cores, i);

    if (core->opened || (name ? g_strcmp0 (core->name, name) != 0 : core->base != base))
      continue;
    core->opened = TRUE;
    region = g_new0 (XlnkRegion, 1);
    region->name = g_strdup_printf ("%s (fake)", name ? name : "mem");
    region->start = core->window;
    region->size = core->size;
    region->fd = core->event_fd;
    region->has_interrupt = region->can_arm = name && core->has_interrupt;
    region->lock_fd = -1;
  }
  g_mutex_unlock (&lock);
  if (!region)
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_NO_DEVICE, "no such core, or busy");
  return region;
}

XlnkRegion *
xlnk_region_open_uio (const char *root G_GNUC_UNUSED, const char *name, GError ** error)
{
  return open_region (name, 0, error);
}

XlnkRegion *
xlnk_region_open_mem (const char *root G_GNUC_UNUSED, uint64_t base, uint64_t size G_GNUC_UNUSED, GError ** error)
{
  return open_region (NULL, base, error);
}

static FakeCore *
find_core (const volatile void *address)
{
  for (guint i = 0; cores && i < cores->len; i++) {
    FakeCore *core = g_ptr_array_index (cores, i);

    if ((const guint8 *) address >= core->window && (const guint8 *) address < core->window + core->size)
      return core;
  }
  g_assert_not_reached ();
}

void
xlnk_region_close (XlnkRegion * region)
{
  g_mutex_lock (&lock);
  find_core (region->start)->opened = FALSE;
  g_mutex_unlock (&lock);
  g_free (region->name);
  g_free (region);
}

bool
xlnk_region_take_interrupt (XlnkRegion * region)
{
  eventfd_t count;
  bool came;

  g_mutex_lock (&lock);
  came = eventfd_read (region->fd, &count) == 0;
  append (find_core (region->start), "t");
  g_mutex_unlock (&lock);
  return came;
}

void
xlnk_region_arm (XlnkRegion * region)
{
  FakeCore *core;

  g_mutex_lock (&lock);
  core = find_core (region->start);
  append (core, "a");
  core->enabled = TRUE;
  look_at_line (core);
  g_mutex_unlock (&lock);
}

/*** in the place of xlnkhw.c ***/

uint32_t
xlnk_hw_read32 (const volatile void *reg)
{
  FakeCore *core;
  guint32 value;
  gsize offset;

  g_mutex_lock (&lock);
  advance_all (g_get_monotonic_time ());
  core = find_core (reg);
  offset = (const guint8 *) reg - core->window;
  value = core->read (core, offset);
  append (core, "r%" G_GSIZE_MODIFIER "x", offset);
  look_at_line (core);
  g_mutex_unlock (&lock);
  return value;
}

void
xlnk_hw_write32 (volatile void *reg, uint32_t value)
{
  FakeCore *core;
  gsize offset;

  g_mutex_lock (&lock);
  advance_all (g_get_monotonic_time ());
  core = find_core (reg);
  offset = (guint8 *) reg - core->window;
  append (core, "w%" G_GSIZE_MODIFIER "x=%x", offset, value);
  core->write (core, offset, value);
  look_at_line (core);
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

void
xlnk_hw_barrier (void)
{
  g_mutex_lock (&lock);
  for (guint i = 0; cores && i < cores->len; i++)
    append (g_ptr_array_index (cores, i), "b");
  g_mutex_unlock (&lock);
}
