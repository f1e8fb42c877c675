/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * describe.c: `xlnk-ctl describe DESIGN.hwh [CORE]`: the descriptions that `xlnkaccel accelerator=…` takes. They go
 * to stdout, those of all cores each under its name; what a person should know about them goes to stderr, so that
 *   accelerator="$(xlnk-ctl describe design.hwh sobel_0)"
 * works.
 */
#include "xlnk-ctl.h"

#include <glib.h>
#include <string.h>

#include "assign.h"
#include "hwh.h"

#define note(core, ...) \
  do { \
    g_printerr ("# %s: ", (core)->instance); \
    g_printerr (__VA_ARGS__); \
    g_printerr ("\n"); \
  } while (0)

/* GStreamer needs to be told what a number of more than 32 bits is. */
static void
append_number (GString * text, const char *field, guint64 number)
{
  g_string_append_printf (text, ",%s=%s0x%" G_GINT64_MODIFIER "x", field, number > G_MAXUINT32 ? "(guint64)" : "",
      number);
}

static gboolean
append_window (GString * text, const HwhCore * core)
{
  if (core->size == 0) {
    note (core, "the processor has no address for it");
    return FALSE;
  }
  if (core->base == 0 || core->base % 4 != 0 || core->size % 4 != 0 || core->size > G_MAXUINT32) {
    note (core, "0x%" G_GINT64_MODIFIER "x bytes at 0x%" G_GINT64_MODIFIER "x are no place for registers", core->size,
        core->base);
    return FALSE;
  }
  append_number (text, "base", core->base);
  append_number (text, "size", core->size);
  return TRUE;
}

/* One address: what the core does with it cannot be known. */
static void
append_mode (GString * text, const HwhCore * core, const Assignment * assignment)
{
  gboolean reads = assignment->field[ASSIGN_SRC] != NULL;

  if (reads && assignment->field[ASSIGN_DST])
    return;
  g_string_append_printf (text, ",mode=%s", reads ? "read" : "write");
  note (core, "%s is its only address: mode=%s if it only %s that memory, else mode=in-place",
      assignment->field[reads ? ASSIGN_SRC : ASSIGN_DST]->name, reads ? "read" : "write", reads ? "reads" : "writes");
}

static void
note_rest (const HwhCore * core, const Assignment * assignment)
{
  for (guint i = 0; i < assignment->rest->len; i++) {
    const HwhRegister *reg = g_ptr_array_index (assignment->rest, i);

    note (core, "`%s' at 0x%" G_GINT64_MODIFIER "x is left out; a constant for it: set=<0x%" G_GINT64_MODIFIER
        "x,VALUE>", reg->name, reg->offset, reg->offset);
  }
}

static void
note_ports (const HwhCore * core, const Assignment * assignment)
{
  if (core->control_blocks > 1)
    note (core, "it has registers in %u AXI-Lite ports, and a description can name those of one", core->control_blocks);
  if (assignment->guessed)
    note (core, "the names do not tell which address is which: the first was taken for src");
}

static gboolean
describe_hls (GString * text, const HwhCore * core)
{
  Assignment assignment;
  gboolean has_address;

  g_string_append (text, "hls");
  assign_registers (core, &assignment);
  has_address = assignment.field[ASSIGN_SRC] || assignment.field[ASSIGN_DST];
  if (!has_address && core->memory_ports == 0)
    note (core, "it has no port to memory: frames come to it through a DMA engine, which is what to describe");
  else if (!has_address)
    note (core, "no register looks like an address");
  if (has_address && append_window (text, core)) {
    for (guint i = 0; i < ASSIGN_FIELDS; i++) {
      if (assignment.field[i])
        append_number (text, assign_field_name (i), assignment.field[i]->offset);
    }
    if (assignment.address_bits != 32)
      g_string_append_printf (text, ",address-bits=%u", assignment.address_bits);
    append_mode (text, core, &assignment);
    if (core->is_chain)
      g_string_append (text, ",protocol=ap_ctrl_chain");
    note_ports (core, &assignment);
    note_rest (core, &assignment);
  } else {
    has_address = FALSE;
  }
  assign_clear (&assignment);
  return has_address;
}

static guint64
larger_width (const HwhCore * core, gboolean mm2s, gboolean s2mm)
{
  guint64 reads = mm2s ? hwh_get_number (core, "c_m_axi_mm2s_data_width", 32) : 0;
  guint64 writes = s2mm ? hwh_get_number (core, "c_m_axi_s2mm_data_width", 32) : 0;

  return MAX (reads, writes);
}

/* A number of the design that an AXI DMA cannot be built with, so that the file is not what it seems. */
static gboolean
is_possible (const HwhCore * core, const char *what, guint64 number, guint64 min, guint64 max)
{
  if (number >= min && number <= max)
    return TRUE;
  note (core, "%s of %" G_GUINT64_FORMAT " is not possible: %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " is", what,
      number, min, max);
  return FALSE;
}

static gboolean
describe_dma (GString * text, const HwhCore * core)
{
  gboolean mm2s = hwh_get_number (core, "c_include_mm2s", 1) != 0;
  gboolean s2mm = hwh_get_number (core, "c_include_s2mm", 1) != 0;
  gboolean dre = (!mm2s || hwh_get_number (core, "c_include_mm2s_dre", 0))
      && (!s2mm || hwh_get_number (core, "c_include_s2mm_dre", 0));
  guint64 bits = hwh_get_number (core, "c_addr_width", 32), width = larger_width (core, mm2s, s2mm);
  guint64 length_width = hwh_get_number (core, "c_sg_length_width", 14);

  if (hwh_get_number (core, "c_include_sg", 1)) {
    note (core, "it has the scatter-gather engine, which axidma does not drive: build it without");
    return FALSE;
  }
  g_string_append (text, "axidma");
  if (!append_window (text, core) || !is_possible (core, "c_sg_length_width", length_width, 8, 26)
      || !is_possible (core, "a data width", width, 8, 1024) || !is_possible (core, "c_addr_width", bits, 32, 64))
    return FALSE;
  if ((width & (width - 1)) != 0) {
    note (core, "a data width of %" G_GUINT64_FORMAT " is not possible: a power of two is", width);
    return FALSE;
  }
  g_string_append_printf (text, ",length-width=%" G_GUINT64_FORMAT ",data-width=%" G_GUINT64_FORMAT, length_width,
      width);
  if (dre)
    g_string_append (text, ",dre=true");
  if (bits != 32)
    g_string_append_printf (text, ",address-bits=%" G_GUINT64_FORMAT, bits);
  return TRUE;
}

static gboolean
is_dma (const HwhCore * core)
{
  return strstr (core->vlnv, ":axi_dma:") != NULL;
}

static gboolean
describe_core (const HwhCore * core, gboolean with_name)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (!(is_dma (core) ? describe_dma (text, core) : describe_hls (text, core)))
    return FALSE;
  note (core, "%s; %s", core->vlnv, core->interrupt_connected ? "with a UIO node, uio=NAME in the place of base and "
      "size also has its interrupt" : "its interrupt is not connected in the design");
  if (with_name)
    g_print ("# %s\n", core->instance);
  g_print ("%s\n", text->str);
  return TRUE;
}

static gboolean
is_known (const HwhCore * core)
{
  return core->is_hls || is_dma (core);
}

static void
print_known (GPtrArray * cores)
{
  guint n = 0;

  for (guint i = 0; i < cores->len; i++) {
    const HwhCore *core = g_ptr_array_index (cores, i);

    if (is_known (core))
      g_printerr ("%s%s", n++ ? ", " : "", core->instance);
  }
  g_printerr ("%s\n", n ? "" : "none");
}

/* By instance, or by path in a hierarchy. */
static gboolean
is_called (const HwhCore * core, const char *name)
{
  return strcmp (core->instance, name) == 0 || strcmp (core->path, name) == 0;
}

static int
print_help (void)
{
  g_print ("Usage:\n  xlnk-ctl describe DESIGN.hwh [CORE]\n\n"
      "Prints the strings that xlnkaccel's property `accelerator' takes, of the HLS cores and AXI DMAs in a design of\n"
      "Vivado's, or of the one called CORE; what a person should know of them goes to stderr. Asks no board.\n");
  return 0;
}

int
xlnk_ctl_describe (int argc, char **argv)
{
  const char *name = argc > 2 ? argv[2] : NULL;
  g_autoptr (GPtrArray) cores = NULL;
  g_autoptr (GError) error = NULL;
  guint described = 0, found = 0;

  if (argc > 1 && (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0))
    return print_help ();
  if (argc < 2 || argc > 3 || argv[1][0] == '-')
    return XLNK_CTL_USAGE;
  cores = hwh_read (argv[1], &error);
  if (!cores) {
    g_printerr ("xlnk-ctl describe: %s\n", error->message);
    return 1;
  }
  for (guint i = 0; i < cores->len; i++) {
    const HwhCore *core = g_ptr_array_index (cores, i);

    if (!is_known (core) || (name && !is_called (core, name)))
      continue;
    found++;
    described += describe_core (core, name == NULL);
  }
  if (found == 0) {
    g_printerr ("xlnk-ctl describe: %s has no HLS core or AXI DMA%s%s; there are: ", argv[1], name ? " called " : "",
        name ? name : "");
    print_known (cores);
  }
  return described > 0 ? 0 : 1;
}
