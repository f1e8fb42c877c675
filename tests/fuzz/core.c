/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core.h"

#include <poll.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz.h"
#include "xlnkerror.h"
#include "xlnkhw.h"
#include "xlnkregion.h"

#define WINDOW (G_GUINT64_CONSTANT (1) << 32)
#define UIO_SIZE 0x10000
#define ARGUMENTS 512
#define WORK 3                  /* looks at the status until a job is done */

/* HLS, xlnk-abi §11.2 */
#define AP_START 0x01u
#define AP_DONE 0x02u
#define AP_IDLE 0x04u
#define AP_CONTINUE 0x10u
#define AUTO_RESTART 0x80u

/* AXI DMA, xlnk-abi §11.1 */
#define CR_RUN 0x1u
#define CR_RESET 0x4u
#define SR_HALTED 0x1u
#define SR_IDLE 0x2u
#define SR_SCATTER_GATHER 0x8u
#define SR_INTERNAL_ERROR 0x10u
#define SR_COMPLETE 0x1000u
#define SR_ERROR 0x4000u

typedef struct
{
  guint32 cr, sr, low, high, length;
  unsigned left;                /* looks until the transfer is done; 0: none */
} Channel;

static struct
{
  CoreKind kind;
  char faults[32];
  CoreHooks hooks;
  XlnkRegion *region;           /* the one that is open */
  gint64 now;
  unsigned starts;

  guint32 ap_ctrl, gie, ier, isr;
  unsigned left;
  struct
  {
    guint32 offset, value;
  } argument[ARGUMENTS];
  unsigned arguments;

  Channel channel[2];
} core;

static guint8 *window;

static gboolean
is_set (char fault)
{
  return strchr (core.faults, fault) != NULL;
}

void
core_reset (CoreKind kind, const char *faults)
{
  CoreHooks hooks = core.hooks;

  FUZZ_CHECK (!core.region, "the core of the input before is still open");
  memset (&core, 0, sizeof core);
  core.hooks = hooks;
  core.kind = kind;
  core.now = G_USEC_PER_SEC;
  g_strlcpy (core.faults, faults, sizeof core.faults);
  core.ap_ctrl = is_set ('b') || is_set ('r') ? AP_START : AP_IDLE;
  if (is_set ('r'))
    core.ap_ctrl |= AUTO_RESTART;
  core.left = is_set ('b') || is_set ('r') ? WORK : 0;
  for (guint i = 0; i < 2; i++)
    core.channel[i].sr = SR_IDLE;
}

void
core_heal (void)
{
  core.faults[0] = '\0';
  core.ap_ctrl = AP_IDLE;
  core.left = 0;
  for (guint i = 0; i < 2; i++)
    core.channel[i] = (Channel) {.sr = SR_HALTED | SR_IDLE };
}

void
core_set_hooks (const CoreHooks * hooks)
{
  core.hooks = *hooks;
}

unsigned
core_get_starts (void)
{
  return core.starts;
}

gboolean
core_get_argument (guint32 offset, guint32 * value)
{
  for (guint i = 0; i < core.arguments; i++) {
    if (core.argument[i].offset == offset) {
      *value = core.argument[i].value;
      return TRUE;
    }
  }
  return FALSE;
}

unsigned
core_count_arguments (void)
{
  return core.arguments;
}

gboolean
core_is_open (void)
{
  return core.region != NULL;
}

/*** an HLS core ***/

static void
set_argument (guint32 offset, guint32 value)
{
  guint i;

  FUZZ_CHECK (core.ap_ctrl & AP_IDLE, "the argument 0x%x is written while the core runs", offset);
  for (i = 0; i < core.arguments && core.argument[i].offset != offset; i++);
  FUZZ_CHECK (i < ARGUMENTS, "too many arguments");
  core.argument[i].offset = offset;
  core.argument[i].value = value;
  core.arguments = MAX (core.arguments, i + 1);
}

static void
work (void)
{
  if (core.left == 0 || is_set ('h') || --core.left > 0)
    return;
  if (core.ap_ctrl & AUTO_RESTART) {
    core.left = WORK;
    return;
  }
  if (is_set ('c'))
    core.ap_ctrl = AP_DONE;
  else
    core.ap_ctrl = AP_IDLE | (is_set ('d') ? 0 : AP_DONE);
  if (core.ier & 1)
    core.isr |= 1;
}

static guint32
read_hls (guint32 offset)
{
  guint32 value = 0;

  switch (offset) {
    case 0x00:
      work ();
      value = core.ap_ctrl;
      if (!is_set ('c'))
        core.ap_ctrl &= ~AP_DONE;
      return value;
    case 0x04:
      return core.gie;
    case 0x08:
      return core.ier;
    case 0x0c:
      return core.isr;
    default:
      core_get_argument (offset, &value);
      return value;
  }
}

static void
write_ap_ctrl (guint32 value)
{
  core.ap_ctrl = (core.ap_ctrl & ~AUTO_RESTART) | (value & AUTO_RESTART);
  if (value & AP_CONTINUE && core.ap_ctrl & AP_DONE)
    core.ap_ctrl = AP_IDLE;
  if (!(value & AP_START))
    return;
  FUZZ_CHECK (core.ap_ctrl & AP_IDLE, "started while it runs");
  core.ap_ctrl = AP_START | (value & AUTO_RESTART);
  core.left = WORK;
  core.starts++;
  if (core.hooks.started)
    core.hooks.started ();
}

static void
write_hls (guint32 offset, guint32 value)
{
  switch (offset) {
    case 0x00:
      write_ap_ctrl (value);
      break;
    case 0x04:
      core.gie = value & 1;
      break;
    case 0x08:
      core.ier = value & 3;
      break;
    case 0x0c:
      FUZZ_CHECK (!(value & ~core.isr), "a toggle sets an interrupt");
      core.isr ^= value & 3;
      break;
    default:
      set_argument (offset, value);
      break;
  }
}

/*** an AXI DMA ***/

static gboolean
is_absent (guint channel)
{
  return is_set (channel == CORE_MM2S ? 'm' : 'w');
}

static void
reset_dma (void)
{
  for (guint i = 0; i < 2; i++) {
    memset (&core.channel[i], 0, sizeof core.channel[i]);
    core.channel[i].cr = is_set ('k') ? CR_RESET : 0;
    core.channel[i].sr = SR_HALTED;
  }
}

static void
move (Channel * channel)
{
  if (channel->left == 0 || is_set ('h') || --channel->left > 0)
    return;
  if (is_set ('e')) {
    channel->sr |= SR_HALTED | SR_ERROR | SR_INTERNAL_ERROR << (core.starts % 3);
    return;
  }
  if (is_set ('s') && channel->length > 0)
    channel->length--;
  channel->sr |= SR_IDLE | SR_COMPLETE;
}

static guint32
read_dma (guint32 offset)
{
  Channel *channel = &core.channel[offset >= 0x30];

  if (is_absent (offset >= 0x30))
    return 0;
  switch (offset % 0x30) {
    case 0x00:
      return channel->cr;
    case 0x04:
      move (channel);
      return channel->sr | (is_set ('g') ? SR_SCATTER_GATHER : 0);
    case 0x18:
      return channel->low;
    case 0x1c:
      return channel->high;
    case 0x28:
      return channel->length;
    default:
      return 0;
  }
}

static void
transfer (guint i, guint32 length)
{
  Channel *channel = &core.channel[i];

  FUZZ_CHECK (channel->left == 0, "a transfer begins before the last one ends");
  FUZZ_CHECK (!(channel->sr & SR_HALTED), "a transfer while it is halted");
  FUZZ_CHECK (length > 0, "a transfer of nothing");
  channel->length = length;
  channel->left = WORK;
  channel->sr &= ~SR_IDLE;
  core.starts++;
  if (core.hooks.transfer)
    core.hooks.transfer (i, (guint64) channel->high << 32 | channel->low, length);
}

static void
write_dma (guint32 offset, guint32 value)
{
  guint i = offset >= 0x30;
  Channel *channel = &core.channel[i];

  if (is_absent (i))
    return;
  switch (offset % 0x30) {
    case 0x00:
      if (value & CR_RESET) {
        reset_dma ();
        break;
      }
      channel->cr = value;
      channel->sr = value & CR_RUN && !is_set ('n') ? channel->sr & ~SR_HALTED : channel->sr | SR_HALTED;
      break;
    case 0x04:
      FUZZ_CHECK (!(value & ~channel->sr), "bits are written to DMASR that were not read");
      channel->sr &= ~(value & 0x7000);
      break;
    case 0x18:
      channel->low = value;
      break;
    case 0x1c:
      channel->high = value;
      break;
    case 0x28:
      transfer (i, value);
      break;
    default:
      FUZZ_CHECK (FALSE, "0x%x is no register of an AXI DMA", offset);
  }
}

/*** in the place of the device ring: the linker calls these (--wrap) ***/

uint32_t __wrap_xlnk_hw_read32 (const volatile void *reg);
void __wrap_xlnk_hw_write32 (volatile void *reg, uint32_t value);
XlnkRegion *__wrap_xlnk_region_open_uio (const char *root, const char *name, GError ** error);
XlnkRegion *__wrap_xlnk_region_open_mem (const char *root, uint64_t base, uint64_t size, GError ** error);
XlnkRegion *__real_xlnk_region_open_uio (const char *root, const char *name, GError ** error);
XlnkRegion *__real_xlnk_region_open_mem (const char *root, uint64_t base, uint64_t size, GError ** error);
void __wrap_xlnk_region_close (XlnkRegion * region);
bool __wrap_xlnk_region_take_interrupt (XlnkRegion * region);
void __wrap_xlnk_region_arm (XlnkRegion * region);
int __wrap_xlnk_sys_poll (struct pollfd *fds, unsigned n, int64_t timeout_us);
gint64 __wrap_g_get_monotonic_time (void);
void __wrap_g_usleep (gulong us);

static guint32
find_register (const volatile void *reg)
{
  gsize offset = (gsize) ((const guint8 *) reg - window);

  FUZZ_CHECK (core.region, "no region is open");
  FUZZ_CHECK (offset % 4 == 0 && offset + 4 <= core.region->size, "0x%zx is outside of 0x%zx bytes", offset,
      core.region->size);
  return (guint32) offset;
}

uint32_t
__wrap_xlnk_hw_read32 (const volatile void *reg)
{
  guint32 offset = find_register (reg);

  return core.kind == CORE_HLS ? read_hls (offset) : read_dma (offset);
}

void
__wrap_xlnk_hw_write32 (volatile void *reg, uint32_t value)
{
  guint32 offset = find_register (reg);

  if (core.kind == CORE_HLS)
    write_hls (offset, value);
  else
    write_dma (offset, value);
}

static XlnkRegion *
open_region (const char *name, uint64_t size, GError ** error)
{
  if (!window)
    window = mmap (NULL, WINDOW, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (core.region) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_BUSY, "in use");
    return NULL;
  }
  core.region = g_new0 (XlnkRegion, 1);
  core.region->name = g_strdup (name);
  core.region->start = window;
  core.region->size = size;
  core.region->fd = core.region->lock_fd = -1;
  core.region->has_interrupt = core.region->can_arm = is_set ('i');
  return core.region;
}

/* The real one looks in a tree where there is nothing: what it says of the arguments counts. */
XlnkRegion *
__wrap_xlnk_region_open_uio (const char *root, const char *name, GError ** error)
{
  GError *real = NULL;

  (void) root;
  __real_xlnk_region_open_uio ("/nonexistent", name, &real);
  FUZZ_CHECK (g_error_matches (real, XLNK_ERROR, XLNK_ERROR_NO_DEVICE), "%s", real ? real->message : "opened");
  g_error_free (real);
  return open_region (name, is_set ('t') ? 0x10 : UIO_SIZE, error);
}

XlnkRegion *
__wrap_xlnk_region_open_mem (const char *root, uint64_t base, uint64_t size, GError ** error)
{
  GError *real = NULL;

  (void) root;
  __real_xlnk_region_open_mem ("/nonexistent", base, size, &real);
  if (!g_error_matches (real, XLNK_ERROR, XLNK_ERROR_NO_DEVICE)) {
    g_propagate_error (error, real);
    return NULL;
  }
  g_error_free (real);
  FUZZ_CHECK (base + size >= base, "a window that wraps");
  return open_region ("memory", size, error);
}

void
__wrap_xlnk_region_close (XlnkRegion * region)
{
  /* The real ones close what they could not open. */
  if (region == core.region)
    core.region = NULL;
  g_free (region->name);
  g_free (region);
}

bool
__wrap_xlnk_region_take_interrupt (XlnkRegion * region)
{
  return region->has_interrupt;
}

void
__wrap_xlnk_region_arm (XlnkRegion * region)
{
  (void) region;
}

/* The first descriptor wakes the waiter, which nobody does here; the second is the interrupt. */
int
__wrap_xlnk_sys_poll (struct pollfd *fds, unsigned n, int64_t timeout_us)
{
  for (unsigned i = 0; i < n; i++)
    fds[i].revents = 0;
  if (is_set ('i') && !is_set ('l') && core.isr && n == 2) {
    fds[1].revents = POLLIN;
    return 1;
  }
  core.now += MAX (timeout_us, 0);
  return 0;
}

gint64
__wrap_g_get_monotonic_time (void)
{
  return core.now += 20;
}

void
__wrap_g_usleep (gulong us)
{
  core.now += (gint64) us;
}
