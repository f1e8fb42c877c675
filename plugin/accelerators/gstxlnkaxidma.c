/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaxidma.c: the accelerator `axidma`: what its description says (docs/accelerators.md has the fields), and two
 * channels that are reset together and work on one job.
 */
#include "gstxlnkaxidma.h"

#include "gstxlnkaxidmachannel.h"
#include "gstxlnkwindow.h"

#define FAIL(error, code, ...) \
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_ ## code, __VA_ARGS__)

#define REGISTERS_END 0x5c
#define DEFAULT_SIZE 0x1000

/* A reset takes some cycles, unless the memory does not answer; so does leaving the halt. µs. */
#define RESET_TIME 100000
#define RUN_TIME 10000

#define UNSAID -1

enum
{
  MM2S,
  S2MM,
  CHANNELS
};

typedef struct
{
  GstXlnkWindow window;
  gint wanted[CHANNELS];        /* a gboolean, or UNSAID */
  guint length_width;
  guint data_width;
  gboolean dre;
  guint address_bits;
} Settings;

struct _GstXlnkAxiDma
{
  GstXlnkAccelerator parent;

  Settings settings;
  GstXlnkRegisters *registers;  /* while it is open */
  GstXlnkAxiDmaChannel channel[CHANNELS];
  gboolean present[CHANNELS];
  gboolean running;             /* no job: ready for one */
  GstXlnkAxiDmaChannel *failed;
};

G_DEFINE_TYPE (GstXlnkAxiDma, gst_xlnk_axi_dma, GST_TYPE_XLNK_ACCELERATOR);

#define PLACE(member) G_STRUCT_OFFSET (Settings, member)

static const GstXlnkField fields[] = {
  GST_XLNK_WINDOW_FIELDS (Settings, window),
  {"mm2s", GST_XLNK_FIELD_BOOLEAN, PLACE (wanted[MM2S]), NULL},
  {"s2mm", GST_XLNK_FIELD_BOOLEAN, PLACE (wanted[S2MM]), NULL},
  {"length-width", GST_XLNK_FIELD_NUMBER, PLACE (length_width), NULL},
  {"data-width", GST_XLNK_FIELD_NUMBER, PLACE (data_width), NULL},
  {"dre", GST_XLNK_FIELD_BOOLEAN, PLACE (dre), NULL},
  {"address-bits", GST_XLNK_FIELD_NUMBER, PLACE (address_bits), NULL},
};

static gboolean
check_settings (const Settings * settings, GError ** error)
{
  if (settings->length_width < 8 || settings->length_width > 26)
    GST_XLNK_FIELDS_FAIL (error, "length-width=%u: it is 8 to 26 bits", settings->length_width);
  else if (settings->data_width < 8 || settings->data_width > 1024
      || (settings->data_width & (settings->data_width - 1)) != 0)
    GST_XLNK_FIELDS_FAIL (error, "data-width=%u: it is 8 to 1024 bits, a power of two", settings->data_width);
  else if (settings->address_bits < 32 || settings->address_bits > 64)
    GST_XLNK_FIELDS_FAIL (error, "address-bits=%u: it is 32 to 64", settings->address_bits);
  else if (settings->wanted[MM2S] == FALSE && settings->wanted[S2MM] == FALSE)
    GST_XLNK_FIELDS_FAIL (error, "mm2s and s2mm are both false: nothing is left to do");
  else
    return TRUE;
  return FALSE;
}

static gboolean
gst_xlnk_axi_dma_describe (GstXlnkAccelerator * accelerator, const GstStructure * description, GError ** error)
{
  Settings *settings = &GST_XLNK_AXI_DMA (accelerator)->settings;

  return gst_xlnk_fields_read (description, fields, G_N_ELEMENTS (fields), settings, error)
      && gst_xlnk_window_check (&settings->window, DEFAULT_SIZE, error)
      && check_settings (settings, error);
}

/* Bytes that every address is a multiple of. */
static guint
get_alignment (const Settings * settings)
{
  return settings->dre ? 1 : settings->data_width / 8;
}

/* The next transfer of a split one must begin at an aligned address. */
static guint64
get_limit (const Settings * settings)
{
  guint64 limit = (G_GUINT64_CONSTANT (1) << settings->length_width) - 1;

  return limit - limit % get_alignment (settings);
}

static void
init_channels (GstXlnkAxiDma * self)
{
  for (guint i = 0; i < CHANNELS; i++) {
    GstXlnkAxiDmaChannel *channel = &self->channel[i];

    channel->registers = self->registers;
    channel->name = i == MM2S ? "MM2S" : "S2MM";
    channel->base = i == MM2S ? 0x00 : 0x30;
    channel->writes = i == S2MM;
    channel->address_bits = self->settings.address_bits;
    channel->limit = get_limit (&self->settings);
    channel->n_runs = channel->at = 0;
  }
}

/* The reset bit of either channel resets both, and goes away when it is over. */
static gboolean
is_resetting (GstXlnkAxiDma * self)
{
  return gst_xlnk_axi_dma_channel_is_resetting (&self->channel[MM2S])
      || gst_xlnk_axi_dma_channel_is_resetting (&self->channel[S2MM]);
}

/* Of two that may be absent, one takes the write. */
static void
begin_reset (GstXlnkAxiDma * self)
{
  self->running = FALSE;
  gst_xlnk_axi_dma_channel_begin_reset (&self->channel[MM2S]);
  gst_xlnk_axi_dma_channel_begin_reset (&self->channel[S2MM]);
}

static gboolean
gst_xlnk_axi_dma_reset (GstXlnkAccelerator * accelerator, GError ** error)
{
  GstXlnkAxiDma *self = GST_XLNK_AXI_DMA (accelerator);
  gint64 deadline = g_get_monotonic_time () + RESET_TIME;
  gboolean late;

  begin_reset (self);
  for (;;) {
    late = g_get_monotonic_time () >= deadline;
    if (!is_resetting (self))
      break;
    if (late) {
      FAIL (error, NOT_IDLE, "%s does not finish its reset, because a transfer does not "
          "end: load the bitstream anew or pulse its reset line", gst_xlnk_registers_get_name (self->registers));
      return FALSE;
    }
    g_usleep (20);
  }
  for (guint i = 0; i < CHANNELS; i++) {
    if (self->present[i] && !gst_xlnk_axi_dma_channel_is_halted (&self->channel[i])) {
      FAIL (error, NOT_IDLE, "%s: %s is not halted after a reset (DMASR 0x%08x)",
          gst_xlnk_registers_get_name (self->registers), self->channel[i].name, self->channel[i].status);
      return FALSE;
    }
  }
  return TRUE;
}

/* After a reset, every channel that exists is halted. */
static gboolean
find_channels (GstXlnkAxiDma * self, GError ** error)
{
  const gchar *name = gst_xlnk_registers_get_name (self->registers);

  for (guint i = 0; i < CHANNELS; i++) {
    GstXlnkAxiDmaChannel *channel = &self->channel[i];
    gboolean exists = gst_xlnk_axi_dma_channel_is_halted (channel);

    if (exists && gst_xlnk_axi_dma_channel_has_scatter_gather (channel)) {
      FAIL (error, NO_DEVICE, "%s is built with the scatter-gather engine: axidma needs "
          "one without (C_INCLUDE_SG 0)", name);
      return FALSE;
    }
    if (!exists && self->settings.wanted[i] == TRUE) {
      FAIL (error, NO_DEVICE, "%s has no %s channel", name, channel->name);
      return FALSE;
    }
    self->present[i] = exists && self->settings.wanted[i] != FALSE;
  }
  if (self->present[MM2S] || self->present[S2MM])
    return TRUE;
  FAIL (error, NO_DEVICE, "%s is not an AXI DMA: neither channel is halted after a reset",
      name);
  return FALSE;
}

static void
gst_xlnk_axi_dma_close (GstXlnkAccelerator * accelerator)
{
  GstXlnkAxiDma *self = GST_XLNK_AXI_DMA (accelerator);

  if (!self->registers)
    return;
  for (guint i = 0; i < CHANNELS; i++) {
    if (self->present[i])
      gst_xlnk_axi_dma_channel_stop (&self->channel[i]);
  }
  self->present[MM2S] = self->present[S2MM] = self->running = FALSE;
  gst_xlnk_registers_close (self->registers);
  self->registers = NULL;
}

static gboolean
gst_xlnk_axi_dma_open (GstXlnkAccelerator * accelerator, GError ** error)
{
  GstXlnkAxiDma *self = GST_XLNK_AXI_DMA (accelerator);

  self->registers = gst_xlnk_window_open (&self->settings.window, REGISTERS_END, error);
  if (!self->registers)
    return FALSE;
  init_channels (self);
  if (gst_xlnk_axi_dma_reset (accelerator, error) && find_channels (self, error))
    return TRUE;
  gst_xlnk_axi_dma_close (accelerator);
  return FALSE;
}

static GstXlnkRegisters *
gst_xlnk_axi_dma_get_registers (GstXlnkAccelerator * accelerator)
{
  return GST_XLNK_AXI_DMA (accelerator)->registers;
}

static GstXlnkAcceleratorMode
gst_xlnk_axi_dma_get_mode (GstXlnkAccelerator * accelerator)
{
  GstXlnkAxiDma *self = GST_XLNK_AXI_DMA (accelerator);

  if (self->present[MM2S])
    return self->present[S2MM] ? GST_XLNK_ACCELERATOR_TRANSFORM : GST_XLNK_ACCELERATOR_READ;
  return GST_XLNK_ACCELERATOR_WRITE;
}

/* A stream has no strides: padding would go along with the pixels, and come where the other side has none. */
static gboolean
gst_xlnk_axi_dma_needs_default_layout (GstXlnkAccelerator * accelerator G_GNUC_UNUSED,
    const GstVideoInfo * info G_GNUC_UNUSED)
{
  return TRUE;
}

static gboolean
check_address (GstXlnkAxiDma * self, const GstXlnkAxiDmaChannel * channel, const GstXlnkRun * run, GError ** error)
{
  guint alignment = get_alignment (&self->settings);
  guint bits = self->settings.address_bits;
  guint64 last = run->address + run->size - 1;

  if (bits < 64 && last >> bits != 0) {
    FAIL (error, ADDRESS, "%s: the buffer ends at 0x%" G_GINT64_MODIFIER "x, and addresses "
        "have %u bits", channel->name, last, bits);
    return FALSE;
  }
  if (run->address % alignment != 0) {
    FAIL (error, ADDRESS, "%s: 0x%" G_GINT64_MODIFIER "x is not a multiple of %u bytes, which "
        "this AXI DMA needs (dre=true if it was built with the data realignment engine)", channel->name, run->address,
        alignment);
    return FALSE;
  }
  return TRUE;
}

/* Sets the job of each channel. */
static gboolean
prepare (GstXlnkAxiDma * self, const GstXlnkJob * job, GError ** error)
{
  for (guint i = 0; i < CHANNELS; i++) {
    GstXlnkAxiDmaChannel *channel = &self->channel[i];

    if (!self->present[i])
      continue;
    gst_xlnk_axi_dma_channel_set_job (channel, i == MM2S ? &job->in : &job->out);
    for (guint run = 0; run < channel->n_runs; run++) {
      if (!check_address (self, channel, &channel->run[run], error))
        return FALSE;
    }
  }
  return TRUE;
}

/* After a reset it is halted. */
static gboolean
run_channels (GstXlnkAxiDma * self, GError ** error)
{
  gint64 deadline = g_get_monotonic_time () + RUN_TIME;

  for (guint i = 0; i < CHANNELS && !self->running; i++) {
    GstXlnkAxiDmaChannel *channel = &self->channel[i];

    if (!self->present[i])
      continue;
    gst_xlnk_axi_dma_channel_run (channel, FALSE);
    while (gst_xlnk_axi_dma_channel_is_halted (channel)) {
      if (g_get_monotonic_time () >= deadline) {
        FAIL (error, CORE, "%s: %s stays halted (DMASR 0x%08x)",
            gst_xlnk_registers_get_name (self->registers), channel->name, channel->status);
        return FALSE;
      }
    }
  }
  self->running = TRUE;
  return TRUE;
}

static void
set_interrupts (GstXlnkAxiDma * self, gboolean enabled)
{
  for (guint i = 0; i < CHANNELS; i++) {
    if (!self->present[i])
      continue;
    gst_xlnk_axi_dma_channel_run (&self->channel[i], enabled);
    if (!enabled)
      gst_xlnk_axi_dma_channel_acknowledge (&self->channel[i]);
  }
}

/* S2MM first, so that nothing of what MM2S sends waits for it. */
static gboolean
gst_xlnk_axi_dma_submit (GstXlnkAccelerator * accelerator, const GstXlnkJob * job, GError ** error)
{
  GstXlnkAxiDma *self = GST_XLNK_AXI_DMA (accelerator);

  if (!prepare (self, job, error) || !run_channels (self, error))
    return FALSE;
  self->failed = NULL;
  set_interrupts (self, FALSE);
  if (gst_xlnk_registers_has_interrupt (self->registers)) {
    gst_xlnk_registers_arm_interrupt (self->registers);
    set_interrupts (self, TRUE);
  }
  gst_xlnk_registers_barrier ();
  if (self->present[S2MM])
    gst_xlnk_axi_dma_channel_start (&self->channel[S2MM]);
  if (self->present[MM2S])
    gst_xlnk_axi_dma_channel_start (&self->channel[MM2S]);
  return TRUE;
}

static GstXlnkProgress
look (GstXlnkRegisters * registers G_GNUC_UNUSED, gpointer user_data)
{
  GstXlnkAxiDma *self = user_data;
  gboolean moved = FALSE, pending = FALSE;

  for (guint i = 0; i < CHANNELS; i++) {
    GstXlnkAxiDmaChannel *channel = &self->channel[i];
    GstXlnkProgress progress;

    if (!self->present[i] || gst_xlnk_axi_dma_channel_is_done (channel))
      continue;
    progress = gst_xlnk_axi_dma_channel_look (channel);
    if (progress == GST_XLNK_PROGRESS_FAILED) {
      self->failed = channel;
      return progress;
    }
    moved |= progress != GST_XLNK_PROGRESS_NONE;
    pending |= progress != GST_XLNK_PROGRESS_DONE;
  }
  if (!pending)
    return GST_XLNK_PROGRESS_DONE;
  return moved ? GST_XLNK_PROGRESS_SOME : GST_XLNK_PROGRESS_NONE;
}

static GstXlnkWait
gst_xlnk_axi_dma_wait (GstXlnkAccelerator * accelerator, gint64 deadline, GError ** error)
{
  GstXlnkAxiDma *self = GST_XLNK_AXI_DMA (accelerator);
  GstXlnkWait result = gst_xlnk_registers_wait_interrupt (self->registers, deadline, look, self);

  if (result == GST_XLNK_WAIT_DONE)
    gst_xlnk_registers_barrier ();
  else if (result == GST_XLNK_WAIT_ERROR && self->failed)
    gst_xlnk_axi_dma_channel_set_error (self->failed, error);
  return result;
}

static gchar *
gst_xlnk_axi_dma_describe_state (GstXlnkAccelerator * accelerator)
{
  GstXlnkAxiDma *self = GST_XLNK_AXI_DMA (accelerator);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < CHANNELS; i++) {
    if (self->present[i])
      gst_xlnk_axi_dma_channel_describe (&self->channel[i], text);
  }
  return g_string_free (text, FALSE);
}

static void
gst_xlnk_axi_dma_finalize (GObject * object)
{
  GstXlnkAxiDma *self = GST_XLNK_AXI_DMA (object);

  gst_xlnk_axi_dma_close (GST_XLNK_ACCELERATOR (object));
  gst_xlnk_window_clear (&self->settings.window);
  G_OBJECT_CLASS (gst_xlnk_axi_dma_parent_class)->finalize (object);
}

static void
gst_xlnk_axi_dma_class_init (GstXlnkAxiDmaClass * klass)
{
  GstXlnkAcceleratorClass *accelerator_class = GST_XLNK_ACCELERATOR_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_xlnk_axi_dma_finalize;
  accelerator_class->describe = gst_xlnk_axi_dma_describe;
  accelerator_class->open = gst_xlnk_axi_dma_open;
  accelerator_class->get_mode = gst_xlnk_axi_dma_get_mode;
  accelerator_class->submit = gst_xlnk_axi_dma_submit;
  accelerator_class->wait = gst_xlnk_axi_dma_wait;
  accelerator_class->reset = gst_xlnk_axi_dma_reset;
  accelerator_class->describe_state = gst_xlnk_axi_dma_describe_state;
  accelerator_class->close = gst_xlnk_axi_dma_close;
  accelerator_class->get_registers = gst_xlnk_axi_dma_get_registers;
  accelerator_class->needs_default_layout = gst_xlnk_axi_dma_needs_default_layout;
}

static void
gst_xlnk_axi_dma_init (GstXlnkAxiDma * self)
{
  Settings *settings = &self->settings;

  settings->wanted[MM2S] = settings->wanted[S2MM] = UNSAID;
  settings->length_width = 14;
  settings->data_width = 32;
  settings->address_bits = 32;
}
