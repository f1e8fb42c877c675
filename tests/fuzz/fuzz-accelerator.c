/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-accelerator.c: a description of an accelerator and what follows from it: the caps, and a job on a core.
 *
 * Lines: the description; the input's caps; the output's caps; letters of what goes wrong (core.h), and of planes:
 *   A above 4 GiB   M not aligned   S with longer strides   P planes apart   Z nowhere   U reset after the job
 *
 * Beside what sanitizers find: what is accepted says what was written (numbers are compared with the text, without
 * GStreamer), the core sees the addresses of the job and no register that is not in the description, and an AXI DMA
 * moves each byte of the planes once, and no other.
 */
#include <gst/video/video.h>
#include <gst/xlnk/xlnk.h>
#include <string.h>

#include "core.h"
#include "fields.h"
#include "fuzz.h"
#include "gstxlnkaccelerators.h"
#include "gstxlnkdescription.h"
#include "words.h"

#define MAX_TRANSFERS 1000

const char *const fields_names[] = { WORDS_HLS, WORDS_AXIDMA, WORDS_CAPS, "nonsense", NULL };
const char *const fields_values[] = { WORDS_NUMBERS, WORDS_TEXTS, WORDS_MODES, WORDS_FORMATS, WORDS_VIDEO, NULL };

const char *const fields_lines[] = {
  "hls,uio=sobel,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30",
  "hls,base=0x43c00000,size=0x10000,src=<0x10,0x18>,dst=0x20,src-stride=<0x28,0x30>,dst-size=0x38,format=0x40",
  "hls,uio=0,src=0x10,mode=in-place,set=<0x20,1,0x24,0xffffffff>,protocol=ap_ctrl_chain,alignment=64",
  "hls,uio=0,dst=0x10,mode=write,dst-size=0x18,scales=true",
  "axidma,base=0x40400000,size=0x10000,length-width=23,data-width=64,dre=true",
  "axidma,uio=dma,mm2s=true,s2mm=false,address-bits=40,length-width=8",
  "passthrough", "video/x-raw,format=RGBA,width=640,height=360,framerate=30/1",
  "video/x-raw,format=NV12,width=64,height=48", "video/x-raw,format=I420,width=17,height=3",
  "video/x-raw,format=GRAY8,width=640,height=360", "audio/x-raw,format=S16LE,rate=48000,channels=2", "ANY", "i", "ic",
  "h", "e", "s", "ASM", "P", NULL
};

/*** what the text says ***/

/* A decimal or hexadecimal number of at most 32 bits, alone. */
static gboolean
read_literal (const char *text, guint32 * number)
{
  const char *digits = g_str_has_prefix (text, "0x") ? text + 2 : text;
  gsize length = strlen (digits);

  if (length == 0 || length > 8 || (digits == text && (digits[0] == '0' && length > 1)))
    return FALSE;
  for (const char *at = digits; *at; at++) {
    if (digits == text ? !g_ascii_isdigit (*at) : !g_ascii_isxdigit (*at))
      return FALSE;
  }
  *number = (guint32) g_ascii_strtoull (text, NULL, 0);
  return TRUE;
}

static void
check_literal (const GstStructure * structure, const char *part)
{
  const char *equals = strchr (part, '=');
  g_autofree char *name = NULL;
  const GValue *value;
  guint32 number;

  if (!equals || !read_literal (equals + 1, &number))
    return;
  name = g_strstrip (g_strndup (part, (gsize) (equals - part)));
  value = gst_structure_get_value (structure, name);
  FUZZ_CHECK (value, "the field `%s' got lost", name);
  FUZZ_CHECK (G_VALUE_HOLDS_INT (value) && (guint32) g_value_get_int (value) == number, "%s is %u now", part, number);
}

/* Only of text without brackets and quotes, where a comma is a comma. */
static GstStructure *
parse (const char *text)
{
  GError *error = NULL;
  GstStructure *structure = gst_xlnk_description_parse (text, &error);

  fuzz_check_result (structure != NULL, error, GST_XLNK_ERROR);
  if (structure && !strpbrk (text, "<>{}[]()\"")) {
    g_auto (GStrv) parts = g_strsplit (text, ",", -1);

    FUZZ_CHECK ((gint) g_strv_length (parts) == gst_structure_n_fields (structure) + 1, "fields got lost: %s", text);
    for (char **part = parts + 1; *part; part++)
      check_literal (structure, *part);
  }
  return structure;
}

/*** the job ***/

static GstXlnkJob job;
static guint64 moved[2];
static unsigned transfers;

static guint64
sum (const GstXlnkPlanes * planes)
{
  guint64 bytes = 0;

  for (guint i = 0; i < planes->n_planes; i++)
    bytes += planes->size[i];
  return bytes;
}

/* Planes that follow each other may be moved at once. */
static void
note_transfer (unsigned channel, guint64 address, guint32 length)
{
  const GstXlnkPlanes *planes = channel == CORE_MM2S ? &job.in : &job.out;

  moved[channel] += length;
  transfers++;
  for (guint i = 0; i < planes->n_planes && length > 0; i++) {
    if (address >= planes->phys_addr[i] && address - planes->phys_addr[i] < planes->size[i]) {
      guint32 part = (guint32) MIN (length, planes->size[i] - (address - planes->phys_addr[i]));

      address += part;
      length -= part;
    }
  }
  FUZZ_CHECK (length == 0, "%u bytes at 0x%" G_GINT64_MODIFIER "x are of no plane", length, address);
}

static void
lay_out (GstXlnkPlanes * planes, GstCaps * caps, guint64 address, const char *faults)
{
  gboolean is_video;
  GstVideoInfo info;

  memset (planes, 0, sizeof *planes);
  fuzz_begin_foreign ();
  is_video = caps && gst_caps_is_fixed (caps) && gst_structure_has_name (gst_caps_get_structure (caps, 0), "video/x-raw")
      && gst_video_info_from_caps (&info, caps) && GST_VIDEO_INFO_N_PLANES (&info) > 0
      && GST_VIDEO_INFO_WIDTH (&info) > 0 && GST_VIDEO_INFO_HEIGHT (&info) > 0;
  fuzz_end_foreign ();
  planes->n_planes = is_video ? GST_VIDEO_INFO_N_PLANES (&info) : 1;
  address += (strchr (faults, 'M') ? 3 : 0) + (strchr (faults, 'A') ? G_GUINT64_CONSTANT (0xfffffff00) : 0);
  for (guint i = 0; i < planes->n_planes; i++) {
    planes->phys_addr[i] = strchr (faults, 'Z') ? 0 : address + (strchr (faults, 'P') ? i * 4096 : 0);
    planes->stride[i] = is_video ? info.stride[i] + (strchr (faults, 'S') ? 64 : 0) : 0;
    planes->size[i] = is_video ? MAX ((gsize) 1, MIN ((gsize) info.stride[i] * GST_VIDEO_INFO_COMP_HEIGHT (&info, i),
            (gsize) 1 << 20)) : 1000;
    address += planes->size[i];
  }
}

/*** the core's side ***/

static gboolean
names_offset (const GValue * value, guint32 offset, guint step, guint words)
{
  guint n = GST_VALUE_HOLDS_ARRAY (value) ? gst_value_array_get_size (value) : 1;

  for (guint i = 0; i < n; i += step) {
    const GValue *one = GST_VALUE_HOLDS_ARRAY (value) ? gst_value_array_get_value (value, i) : value;
    guint64 number = 0;

    if (G_VALUE_HOLDS_INT (one))
      number = (guint32) g_value_get_int (one);
    else if (G_VALUE_HOLDS_UINT (one))
      number = g_value_get_uint (one);
    else if (G_VALUE_HOLDS_INT64 (one))
      number = (guint64) g_value_get_int64 (one);
    else if (G_VALUE_HOLDS_UINT64 (one))
      number = g_value_get_uint64 (one);
    if (offset == number || (words == 2 && offset == number + 4))
      return TRUE;
  }
  return FALSE;
}

static guint
get_words (const GstStructure * structure)
{
  const GValue *value = gst_structure_get_value (structure, "address-bits");

  return value && names_offset (value, 64, 1, 1) ? 2 : 1;
}

/* Whether a register is one that the description names. */
static gboolean
is_described (const GstStructure * structure, guint32 offset)
{
  static const char *const arguments[] = { WORDS_HLS, NULL };

  for (guint i = 3; arguments[i]; i++) {
    const GValue *value = gst_structure_get_value (structure, arguments[i]);
    gboolean is_address = strcmp (arguments[i], "src") == 0 || strcmp (arguments[i], "dst") == 0;

    if (value && names_offset (value, offset, strcmp (arguments[i], "set") == 0 ? 2 : 1,
            is_address ? get_words (structure) : 1))
      return TRUE;
  }
  return FALSE;
}

static void
check_addresses (const GstStructure * structure, const char *name, const GstXlnkPlanes * planes)
{
  const GValue *value = gst_structure_get_value (structure, name);
  guint n = value && GST_VALUE_HOLDS_ARRAY (value) ? gst_value_array_get_size (value) : 1;

  for (guint i = 0; value && i < n; i++) {
    const GValue *one = GST_VALUE_HOLDS_ARRAY (value) ? gst_value_array_get_value (value, i) : value;
    guint32 low, high = 0;

    if (!G_VALUE_HOLDS_INT (one))
      continue;
    FUZZ_CHECK (core_get_argument ((guint32) g_value_get_int (one), &low), "%s was not written", name);
    if (get_words (structure) == 2)
      FUZZ_CHECK (core_get_argument ((guint32) g_value_get_int (one) + 4, &high), "%s has no high word", name);
    FUZZ_CHECK (((guint64) high << 32 | low) == planes->phys_addr[i], "%s of plane %u is another", name, i);
  }
}

static void
check_hls (const GstStructure * structure)
{
  unsigned described = 0, n = core_count_arguments ();
  guint32 value;

  check_addresses (structure, "src", &job.in);
  check_addresses (structure, "dst", &job.out);
  for (guint32 offset = 0x10; offset < 0x10000 && described < n; offset += 4) {
    if (core_get_argument (offset, &value)) {
      FUZZ_CHECK (is_described (structure, offset), "0x%x is not in the description", offset);
      described++;
    }
  }
}

static void
run_job (GstXlnkAccelerator * self, const GstStructure * structure, const char *faults)
{
  gboolean is_dma = gst_structure_has_name (structure, "axidma");
  GstXlnkAcceleratorMode mode = gst_xlnk_accelerator_get_mode (self);
  GError *error = NULL;
  GstXlnkWait result;
  gboolean submitted = gst_xlnk_accelerator_submit (self, &job, &error);

  fuzz_check_result (submitted, error, GST_XLNK_ERROR);
  FUZZ_CHECK (submitted || core_get_starts () == 0 || is_dma, "started, and said that it was not");
  if (!submitted)
    return;
  error = NULL;
  result = gst_xlnk_accelerator_wait (self, g_get_monotonic_time () + G_USEC_PER_SEC, &error);
  fuzz_check_result (result != GST_XLNK_WAIT_ERROR, error, GST_XLNK_ERROR);
  if (result == GST_XLNK_WAIT_DONE && is_dma) {
    FUZZ_CHECK (mode == GST_XLNK_ACCELERATOR_WRITE || moved[CORE_MM2S] == sum (&job.in), "some bytes were not read");
    FUZZ_CHECK (mode == GST_XLNK_ACCELERATOR_READ || moved[CORE_S2MM] == sum (&job.out), "or not written");
  } else if (result == GST_XLNK_WAIT_DONE) {
    check_hls (structure);
  }
  if (result == GST_XLNK_WAIT_DONE && !strchr (faults, 'U'))
    return;
  error = NULL;
  fuzz_check_result (gst_xlnk_accelerator_reset (self, &error), error, GST_XLNK_ERROR);
}

/* A length of 8 bits makes very many transfers of a frame. */
static gboolean
is_too_much (const GstStructure * structure)
{
  gint bits = 14;

  gst_structure_get_int (structure, "length-width", &bits);
  return gst_structure_has_name (structure, "axidma") && MAX (sum (&job.in), sum (&job.out)) >> CLAMP (bits, 8,
      26) > MAX_TRANSFERS;
}

static void
drive (GstXlnkAccelerator * self, const GstStructure * structure, GstCaps * in, GstCaps * out, const char *faults)
{
  GError *error = NULL;
  gboolean done = gst_xlnk_accelerator_open (self, &error);
  g_autofree char *state = NULL;

  fuzz_check_result (done, error, GST_XLNK_ERROR);
  if (!done)
    return;
  error = NULL;
  done = gst_xlnk_accelerator_configure (self, in, out, &error);
  fuzz_check_result (done, error, GST_XLNK_ERROR);
  lay_out (&job.in, in, 0x10000000, faults);
  lay_out (&job.out, out, 0x20000000, faults);
  if (gst_xlnk_accelerator_get_mode (self) == GST_XLNK_ACCELERATOR_IN_PLACE)
    job.out = job.in;
  if (done && !is_too_much (structure))
    run_job (self, structure, faults);
  state = gst_xlnk_accelerator_describe_state (self);
  FUZZ_CHECK (state && *state, "no state");
  gst_xlnk_accelerator_close (self);
}

/* As the library reads it, in which blanks may come first. */
static gboolean
is_axidma (const char *text)
{
  g_autofree char *name = gst_xlnk_description_get_name (text, NULL);

  return g_strcmp0 (name, "axidma") == 0;
}

static void
test_input (char **lines)
{
  g_autoptr (GstStructure) structure = parse (lines[0]);
  g_autoptr (GstCaps) in = fuzz_read_caps (lines[1]);
  g_autoptr (GstCaps) out = fuzz_read_caps (lines[2]);
  GError *error = NULL;
  GstXlnkAccelerator *self;

  core_reset (is_axidma (lines[0]) ? CORE_AXIDMA : CORE_HLS, lines[3]);
  memset (moved, 0, sizeof moved);
  transfers = 0;
  self = gst_xlnk_accelerator_make (lines[0], &error);
  fuzz_check_result (self != NULL, error, GST_XLNK_ERROR);
  if (!self)
    return;
  FUZZ_CHECK (structure, "what cannot be parsed makes an accelerator");
  drive (self, structure, in, out, lines[3]);
  gst_object_unref (self);
  FUZZ_CHECK (!core_is_open (), "the registers stay open");
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  static const CoreHooks hooks = {.transfer = note_transfer };

  (void) argc;
  (void) argv;
  fuzz_init_gst ();
  gst_xlnk_accelerators_register ();
  core_set_hooks (&hooks);
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_auto (GStrv) lines = fuzz_split (data, size, 4);

  test_input (lines);
  return 0;
}
