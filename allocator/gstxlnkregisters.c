/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkregisters.c: see the header for what it is. All that touches the hardware goes through xlnk_hw_*, all that
 * asks the kernel through the device ring.
 */
#include "gstxlnkregisters.h"

#include <errno.h>
#include <poll.h>

#include "gstxlnk-private.h"
#include "gstxlnkerror.h"

#include "device/xlnkhw.h"
#include "device/xlnkregion.h"
#include "device/xlnksyscall.h"

GST_DEBUG_CATEGORY_STATIC (registers_debug);
#define GST_CAT_DEFAULT registers_debug

/* How long to sleep for an interrupt before looking anyway, in µs: at first, and at most. */
#define PATIENCE_MIN 10000
#define PATIENCE_MAX 50000

/* Pauses of polling, in µs. In between, an eighth of the time waited so far: polling adds no more than that. */
#define PAUSE_MIN 20
#define PAUSE_MAX 2000
#define PAUSE_PART 8

/* How long an interrupt may be behind the status that it tells, in µs. */
#define INTERRUPT_DELAY 1000

/* After so many waits in a row whose interrupt did not come, do not rely on it. */
#define MISSED_MAX 3

struct _GstXlnkRegisters
{
  XlnkRegion *region;
  gint flush_fd;                /* an eventfd, readable while flushing */

  GMutex lock;
  gboolean flushing;
  GstXlnkInterrupts interrupts;

  /* Of the waiting thread. */
  gboolean came;                /* an interrupt, since it was armed for a start */
  gboolean explained;           /* one may come whose reason was seen already */
  guint missed;                 /* waits in a row without their interrupt */
};

/* One call of wait. */
typedef struct
{
  gint64 deadline;
  gint64 since;                 /* when it began, or the last interrupt came */
  gint64 patience;
  gboolean slept;
} Wait;

typedef enum
{
  WOKEN_BY_INTERRUPT,
  WOKEN_BY_TIME,
  WOKEN_BY_FLUSH
} Woken;

static void
init_debug (void)
{
  static gsize once;

  if (g_once_init_enter (&once)) {
    GST_DEBUG_CATEGORY_INIT (registers_debug, "xlnkregisters", 0, "registers and interrupts of cores");
    g_once_init_leave (&once, 1);
  }
}

/* Takes @region, which may be NULL: then @error is set. */
static GstXlnkRegisters *
registers_new (XlnkRegion * region, GError ** error)
{
  GstXlnkRegisters *self;
  gint flush_fd;

  if (!region)
    return NULL;
  init_debug ();
  flush_fd = xlnk_sys_eventfd ();
  if (flush_fd < 0) {
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_FAILED, "%s: cannot make the eventfd that wakes its waiter: %s",
        region->name, g_strerror (errno));
    xlnk_region_close (region);
    return NULL;
  }
  self = g_new0 (GstXlnkRegisters, 1);
  self->region = region;
  self->flush_fd = flush_fd;
  g_mutex_init (&self->lock);
  GST_DEBUG ("%s: %" G_GSIZE_FORMAT " bytes, %s interrupt", region->name, region->size,
      region->has_interrupt ? "with" : "without");
  return self;
}

GstXlnkRegisters *
gst_xlnk_registers_open_uio (const gchar * name, GError ** error)
{
  g_return_val_if_fail (name != NULL, NULL);

  return registers_new (xlnk_region_open_uio ("", name, error), error);
}

GstXlnkRegisters *
gst_xlnk_registers_open_mem (guint64 base, gsize size, GError ** error)
{
  return registers_new (xlnk_region_open_mem ("", base, size, error), error);
}

void
gst_xlnk_registers_close (GstXlnkRegisters * self)
{
  g_return_if_fail (self != NULL);

  xlnk_region_close (self->region);
  xlnk_sys_close (self->flush_fd);
  g_mutex_clear (&self->lock);
  g_free (self);
}

const gchar *
gst_xlnk_registers_get_name (GstXlnkRegisters * self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->region->name;
}

guint64
gst_xlnk_registers_peek_address (GstXlnkRegisters * self)
{
  return self->region->address;
}

gboolean
gst_xlnk_registers_are_ours (GstXlnkRegisters * self)
{
  return xlnk_region_is_ours (self->region);
}

gsize
gst_xlnk_registers_get_size (GstXlnkRegisters * self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->region->size;
}

gboolean
gst_xlnk_registers_has_interrupt (GstXlnkRegisters * self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->region->has_interrupt;
}

static gboolean
is_register (GstXlnkRegisters * self, gsize offset)
{
  return offset % 4 == 0 && offset < self->region->size && self->region->size - offset >= 4;
}

guint32
gst_xlnk_registers_read (GstXlnkRegisters * self, gsize offset)
{
  g_return_val_if_fail (self != NULL, G_MAXUINT32);
  g_return_val_if_fail (is_register (self, offset), G_MAXUINT32);

  return xlnk_region_is_ours (self->region) ? xlnk_hw_read32 (self->region->start + offset) : G_MAXUINT32;
}

void
gst_xlnk_registers_write (GstXlnkRegisters * self, gsize offset, guint32 value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (is_register (self, offset));

  if (xlnk_region_is_ours (self->region))
    xlnk_hw_write32 (self->region->start + offset, value);
}

void
gst_xlnk_registers_barrier (void)
{
  xlnk_hw_barrier ();
}

void
gst_xlnk_registers_arm_interrupt (GstXlnkRegisters * self)
{
  g_return_if_fail (self != NULL);

  if (!self->region->has_interrupt)
    return;
  xlnk_region_take_interrupt (self->region);
  self->came = self->explained = FALSE;
  xlnk_region_arm (self->region);
}

static void
count (GstXlnkRegisters * self, guint64 * counter)
{
  g_mutex_lock (&self->lock);
  (*counter)++;
  g_mutex_unlock (&self->lock);
}

/* A node that poll cannot wait on: without this, the wait would spin. */
static void
give_up_interrupt (GstXlnkRegisters * self)
{
  GST_WARNING ("%s: poll says that its interrupt is gone; polling its status", self->region->name);
  self->region->has_interrupt = FALSE;
}

static Woken
sleep_for (GstXlnkRegisters * self, gint64 timeout)
{
  struct pollfd fds[2] = {
    {.fd = self->flush_fd,.events = POLLIN},
    {.fd = self->region->has_interrupt ? self->region->fd : -1,.events = POLLIN}
  };

  if (xlnk_sys_poll (fds, G_N_ELEMENTS (fds), timeout) <= 0)
    return WOKEN_BY_TIME;
  if (fds[0].revents)
    return WOKEN_BY_FLUSH;
  if (fds[1].revents & POLLIN)
    return xlnk_region_take_interrupt (self->region) ? WOKEN_BY_INTERRUPT : WOKEN_BY_TIME;
  give_up_interrupt (self);
  return WOKEN_BY_TIME;
}

/* With an interrupt to come: long. Without, or when one has come and there is more to wait for (an AXI DMA has two
 * interrupts, of which a UIO node has one): as polling does. */
static gint64
next_pause (GstXlnkRegisters * self, Wait * wait, gint64 now)
{
  gint64 pause;

  if (self->region->has_interrupt && !self->came && self->missed < MISSED_MAX) {
    pause = wait->patience;
    wait->patience = MIN (wait->patience * 2, PATIENCE_MAX);
  } else {
    pause = CLAMP ((now - wait->since) / PAUSE_PART, PAUSE_MIN, PAUSE_MAX);
  }
  return MIN (pause, wait->deadline - now);
}

static void
note_interrupt (GstXlnkRegisters * self, Wait * wait, gboolean spurious)
{
  self->came = !spurious;
  self->missed = 0;
  wait->since = g_get_monotonic_time ();
  count (self, &self->interrupts.received);
  if (spurious) {
    GST_DEBUG ("%s: an interrupt for nothing", self->region->name);
    count (self, &self->interrupts.spurious);
  }
}

/* After an interrupt, which the kernel masked: once more before and once more after it is let through, because what
 * happens between the two raises none. What the second look sees may raise one all the same. */
static GstXlnkProgress
look_after_interrupt (GstXlnkRegisters * self, Wait * wait, GstXlnkLook look, gpointer user_data)
{
  GstXlnkProgress before = look (self, user_data), after;

  if (before >= GST_XLNK_PROGRESS_DONE) {
    note_interrupt (self, wait, FALSE);
    return before;
  }
  xlnk_region_arm (self->region);
  after = look (self, user_data);
  note_interrupt (self, wait, MAX (before, after) == GST_XLNK_PROGRESS_NONE && !self->explained);
  self->explained = after != GST_XLNK_PROGRESS_NONE;
  return MAX (before, after);
}

/* Found done by looking. The interrupt may be on its way, or have been lost. */
static void
note_missed (GstXlnkRegisters * self)
{
  struct pollfd fd = {.fd = self->region->fd,.events = POLLIN };

  if (self->came || !self->region->has_interrupt)
    return;
  if (xlnk_sys_poll (&fd, 1, INTERRUPT_DELAY) > 0) {
    self->missed = 0;
    return;
  }
  GST_DEBUG ("%s: done, and no interrupt said so", self->region->name);
  count (self, &self->interrupts.lost);
  if (self->missed < MISSED_MAX && ++self->missed == MISSED_MAX)
    GST_WARNING ("%s: its interrupt did not come %u times in a row, so its status is polled from now on. Is the "
        "interrupt of this UIO node wired to the core?", self->region->name, MISSED_MAX);
}

static GstXlnkProgress
look_again (GstXlnkRegisters * self, Wait * wait, Woken woken, GstXlnkLook look, gpointer user_data)
{
  GstXlnkProgress progress;

  if (woken == WOKEN_BY_INTERRUPT)
    return look_after_interrupt (self, wait, look, user_data);
  if (wait->slept)
    count (self, &self->interrupts.polls);
  progress = look (self, user_data);
  if (progress != GST_XLNK_PROGRESS_NONE)
    self->explained = TRUE;
  if (wait->slept && progress == GST_XLNK_PROGRESS_DONE)
    note_missed (self);
  return progress;
}

GstXlnkWait
gst_xlnk_registers_wait_interrupt (GstXlnkRegisters * self, gint64 deadline, GstXlnkLook look, gpointer user_data)
{
  Wait wait = { deadline, g_get_monotonic_time (), PATIENCE_MIN, FALSE };
  Woken woken = WOKEN_BY_TIME;

  g_return_val_if_fail (self != NULL, GST_XLNK_WAIT_ERROR);
  g_return_val_if_fail (look != NULL, GST_XLNK_WAIT_ERROR);

  if (!xlnk_region_is_ours (self->region))
    return GST_XLNK_WAIT_ERROR;
  for (;;) {
    GstXlnkProgress progress = look_again (self, &wait, woken, look, user_data);
    gint64 now = g_get_monotonic_time ();

    if (progress == GST_XLNK_PROGRESS_DONE)
      return GST_XLNK_WAIT_DONE;
    if (progress == GST_XLNK_PROGRESS_FAILED)
      return GST_XLNK_WAIT_ERROR;
    if (woken == WOKEN_BY_FLUSH)
      return GST_XLNK_WAIT_FLUSHING;
    if (now >= deadline)
      return GST_XLNK_WAIT_TIMEOUT;
    woken = sleep_for (self, next_pause (self, &wait, now));
    wait.slept = TRUE;
  }
}

void
gst_xlnk_registers_set_flushing (GstXlnkRegisters * self, gboolean flushing)
{
  g_return_if_fail (self != NULL);

  /* The eventfd is the parent's too, and would end its wait. */
  if (!xlnk_region_is_ours (self->region))
    return;
  g_mutex_lock (&self->lock);
  if (flushing && !self->flushing)
    xlnk_sys_event_set (self->flush_fd);
  else if (!flushing && self->flushing)
    xlnk_sys_event_clear (self->flush_fd);
  self->flushing = flushing;
  g_mutex_unlock (&self->lock);
}

void
gst_xlnk_registers_get_interrupts (GstXlnkRegisters * self, GstXlnkInterrupts * interrupts)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (interrupts != NULL);

  g_mutex_lock (&self->lock);
  *interrupts = self->interrupts;
  g_mutex_unlock (&self->lock);
}
