/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkaxidmachannel.h"

#define FAIL(error, code, ...) \
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_ ## code, __VA_ARGS__)

/* xlnk-abi §11.1 */
#define DMACR 0x00
#define CR_RUN (1u << 0)
#define CR_RESET (1u << 2)
#define CR_COMPLETE_ENABLE (1u << 12)
#define CR_ERROR_ENABLE (1u << 14)
#define CR_THRESHOLD_1 (1u << 16)
#define DMASR 0x04
#define SR_HALTED (1u << 0)
#define SR_IDLE (1u << 1)
#define SR_SCATTER_GATHER (1u << 3)
#define SR_COMPLETE (1u << 12)
#define SR_INTERRUPTS (7u << 12)        /* complete, delay, error: cleared by writing 1 */
#define SR_ERRORS (7u << 4)
#define ADDRESS_LOW 0x18
#define ADDRESS_HIGH 0x1c
#define LENGTH 0x28

static const struct
{
  guint32 bit;
  const gchar *text;
} errors[] = {
  {1u << 4, "internal error (DMAIntErr): a length of 0, or more data than LENGTH before TLAST"},
  {1u << 5, "slave error (DMASlvErr): the memory answered with an error"},
  {1u << 6, "decode error (DMADecErr): nothing is at that address"},
};

static guint32
read_register (GstXlnkAxiDmaChannel * self, gsize offset)
{
  return gst_xlnk_registers_read (self->registers, self->base + offset);
}

static void
write_register (GstXlnkAxiDmaChannel * self, gsize offset, guint32 value)
{
  gst_xlnk_registers_write (self->registers, self->base + offset, value);
}

gboolean
gst_xlnk_axi_dma_channel_is_halted (GstXlnkAxiDmaChannel * self)
{
  self->status = read_register (self, DMASR);
  return (self->status & SR_HALTED) != 0;
}

gboolean
gst_xlnk_axi_dma_channel_has_scatter_gather (GstXlnkAxiDmaChannel * self)
{
  return (read_register (self, DMASR) & SR_SCATTER_GATHER) != 0;
}

void
gst_xlnk_axi_dma_channel_begin_reset (GstXlnkAxiDmaChannel * self)
{
  write_register (self, DMACR, CR_RESET);
}

gboolean
gst_xlnk_axi_dma_channel_is_resetting (GstXlnkAxiDmaChannel * self)
{
  return (read_register (self, DMACR) & CR_RESET) != 0;
}

void
gst_xlnk_axi_dma_channel_run (GstXlnkAxiDmaChannel * self, gboolean interrupt)
{
  write_register (self, DMACR,
      CR_RUN | CR_THRESHOLD_1 | (interrupt ? CR_COMPLETE_ENABLE | CR_ERROR_ENABLE : 0));
}

void
gst_xlnk_axi_dma_channel_stop (GstXlnkAxiDmaChannel * self)
{
  write_register (self, DMACR, CR_THRESHOLD_1);
}

void
gst_xlnk_axi_dma_channel_set_job (GstXlnkAxiDmaChannel * self, const GstXlnkPlanes * planes)
{
  GstXlnkRun *last = NULL;

  self->n_runs = 0;
  for (guint i = 0; i < planes->n_planes; i++) {
    if (last && last->address + last->size == planes->phys_addr[i]) {
      last->size += planes->size[i];
      continue;
    }
    last = &self->run[self->n_runs++];
    last->address = planes->phys_addr[i];
    last->size = planes->size[i];
  }
  self->at = 0;
  self->done = 0;
}

/* LENGTH starts it, so it comes last. */
void
gst_xlnk_axi_dma_channel_start (GstXlnkAxiDmaChannel * self)
{
  const GstXlnkRun *run = &self->run[self->at];
  guint64 address = run->address + self->done;

  self->transfer = MIN (run->size - self->done, self->limit);
  self->ended = FALSE;
  self->received = -1;
  write_register (self, ADDRESS_LOW, (guint32) address);
  if (self->address_bits > 32)
    write_register (self, ADDRESS_HIGH, (guint32) (address >> 32));
  write_register (self, LENGTH, (guint32) self->transfer);
}

/* Only bits that were read as set are written: another may be set in between. The second read makes sure that the write
 * has arrived. */
void
gst_xlnk_axi_dma_channel_acknowledge (GstXlnkAxiDmaChannel * self)
{
  self->status = read_register (self, DMASR);
  if (self->status & SR_INTERRUPTS) {
    write_register (self, DMASR, self->status & SR_INTERRUPTS);
    read_register (self, DMACR);
  }
}

/* TRUE if there is one. */
static gboolean
start_next (GstXlnkAxiDmaChannel * self)
{
  self->done += self->transfer;
  if (self->done == self->run[self->at].size) {
    self->at++;
    self->done = 0;
  }
  if (self->at == self->n_runs)
    return FALSE;
  gst_xlnk_axi_dma_channel_start (self);
  return TRUE;
}

/* A packet that ended before LENGTH bytes leaves the rest of the frame as it was. */
static gboolean
is_short (GstXlnkAxiDmaChannel * self)
{
  guint32 received;

  if (!self->writes)
    return FALSE;
  received = read_register (self, LENGTH);
  if (received >= self->transfer)
    return FALSE;
  self->received = received;
  return TRUE;
}

gboolean
gst_xlnk_axi_dma_channel_is_done (const GstXlnkAxiDmaChannel * self)
{
  return self->at == self->n_runs;
}

GstXlnkProgress
gst_xlnk_axi_dma_channel_look (GstXlnkAxiDmaChannel * self)
{
  gst_xlnk_axi_dma_channel_acknowledge (self);
  if (self->status & SR_ERRORS)
    return GST_XLNK_PROGRESS_FAILED;
  if (self->status & SR_COMPLETE)
    self->ended = TRUE;
  if (!self->ended)
    return GST_XLNK_PROGRESS_NONE;
  if (!(self->status & SR_IDLE))
    return GST_XLNK_PROGRESS_SOME;
  if (is_short (self))
    return GST_XLNK_PROGRESS_FAILED;
  return start_next (self) ? GST_XLNK_PROGRESS_SOME : GST_XLNK_PROGRESS_DONE;
}

void
gst_xlnk_axi_dma_channel_set_error (GstXlnkAxiDmaChannel * self, GError ** error)
{
  const gchar *name = gst_xlnk_registers_get_name (self->registers);
  const GstXlnkRun *run = &self->run[MIN (self->at, self->n_runs - 1)];
  const gchar *text = "unknown error";

  if (self->received >= 0) {
    FAIL (error, SIZE, "%s: %s ended (TLAST) after %" G_GINT64_FORMAT " of %"
        G_GUINT64_FORMAT " bytes at 0x%" G_GINT64_MODIFIER "x", name, self->name, self->received, self->transfer,
        run->address + self->done);
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++) {
    if (self->status & errors[i].bit)
      text = errors[i].text;
  }
  FAIL (error, CORE, "%s: %s: %s. DMASR 0x%08x; %" G_GUINT64_FORMAT " bytes at 0x%"
      G_GINT64_MODIFIER "x", name, self->name, text, self->status, self->transfer, run->address + self->done);
}

void
gst_xlnk_axi_dma_channel_describe (GstXlnkAxiDmaChannel * self, GString * text)
{
  guint32 status = read_register (self, DMASR);

  g_string_append_printf (text, "%s%s DMACR 0x%08x DMASR 0x%08x (%s%s) address 0x%08x LENGTH %u", text->len ? ", " : "",
      self->name, read_register (self, DMACR), status, status & SR_HALTED ? "halted" : "running",
      status & SR_IDLE ? ", idle" : "", read_register (self, ADDRESS_LOW), read_register (self, LENGTH));
}
