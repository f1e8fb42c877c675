/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkhlsarguments.h"

#include <string.h>

#include "gstxlnkhlscontrol.h"

#ifndef GST_VIDEO_INFO_FIELD_HEIGHT     /* before 1.16 no buffer is a single field */
#define GST_VIDEO_INFO_FIELD_HEIGHT GST_VIDEO_INFO_HEIGHT
#endif

#define FAIL(error, code, ...) \
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_ ## code, __VA_ARGS__)

static const gchar *const side_names[] = { "src", "dst" };

void
gst_xlnk_hls_arguments_init (GstXlnkHlsArguments * self)
{
  memset (self, 0, sizeof *self);
  for (guint i = 0; i < GST_XLNK_HLS_SIDES; i++)
    self->side[i].width = self->side[i].height = self->side[i].format = GST_XLNK_NO_REGISTER;
  self->address_bits = 32;
  self->alignment = 1;
}

/* A register in use, with words of 4 bytes. */
typedef struct
{
  guint offset;
  guint words;
  const gchar *what;
} Use;

static void
add_use (GArray * uses, guint offset, guint words, const gchar * what)
{
  Use use = { offset, words, what };

  if (offset != GST_XLNK_NO_REGISTER)
    g_array_append_val (uses, use);
}

static void
add_uses (GArray * uses, const GstXlnkOffsets * offsets, guint words, const gchar * what)
{
  for (guint i = 0; i < offsets->n; i++)
    add_use (uses, offsets->offset[i], words, what);
}

static gint
compare_uses (gconstpointer a, gconstpointer b)
{
  const Use *first = a, *second = b;

  return first->offset < second->offset ? -1 : first->offset > second->offset;
}

static GArray *
list_uses (const GstXlnkHlsArguments * self)
{
  GArray *uses = g_array_new (FALSE, FALSE, sizeof (Use));

  for (guint i = 0; i < GST_XLNK_HLS_SIDES; i++) {
    const GstXlnkHlsSide *side = &self->side[i];

    add_uses (uses, &side->address, self->address_bits / 32, i ? "dst" : "src");
    add_uses (uses, &side->stride, 1, i ? "dst-stride" : "src-stride");
    add_uses (uses, &side->size, 1, i ? "dst-size" : "src-size");
    add_use (uses, side->width, 1, i ? "dst-width" : "width");
    add_use (uses, side->height, 1, i ? "dst-height" : "height");
    add_use (uses, side->format, 1, i ? "dst-format" : "format");
  }
  for (guint i = 0; i < self->set.n; i += 2)
    add_use (uses, self->set.word[i], 1, "set");
  g_array_sort (uses, compare_uses);
  return uses;
}

/* A stride or a size is that of an address. */
static gboolean
check_sides (const GstXlnkHlsArguments * self, GError ** error)
{
  for (guint i = 0; i < GST_XLNK_HLS_SIDES; i++) {
    const GstXlnkHlsSide *side = &self->side[i];

    if (side->address.n == 0 && (side->stride.n > 0 || side->size.n > 0)) {
      GST_XLNK_FIELDS_FAIL (error, "%s-%s without %s", side_names[i], side->stride.n > 0 ? "stride" : "size",
          side_names[i]);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
gst_xlnk_hls_arguments_check (const GstXlnkHlsArguments * self, gsize * end, GError ** error)
{
  g_autoptr (GArray) uses = list_uses (self);
  const Use *last = NULL;

  *end = GST_XLNK_HLS_ARGUMENTS;
  if (!check_sides (self, error))
    return FALSE;
  for (guint i = 0; i < uses->len; i++) {
    const Use *use = &g_array_index (uses, Use, i);

    if (use->offset < GST_XLNK_HLS_ARGUMENTS) {
      GST_XLNK_FIELDS_FAIL (error, "%s: 0x%x is a control register; arguments begin at 0x10", use->what, use->offset);
      return FALSE;
    }
    if (last && use->offset < *end) {
      GST_XLNK_FIELDS_FAIL (error, "%s at 0x%x and %s at 0x%x overlap%s", last->what, last->offset, use->what,
          use->offset, self->address_bits == 64 ? " (with address-bits=64 an address takes 8 bytes)" : "");
      return FALSE;
    }
    last = use;
    *end = use->offset + 4 * (gsize) use->words;
  }
  return TRUE;
}

static guint
count_planes (const GstXlnkHlsArguments * self, guint side)
{
  return self->is_video[side] ? GST_VIDEO_INFO_N_PLANES (&self->info[side]) : 1;
}

static gboolean
check_count (const GstXlnkHlsArguments * self, guint side, const GstXlnkOffsets * offsets, const gchar * what,
    GError ** error)
{
  guint n_planes = count_planes (self, side);

  if (offsets->n <= 1 || offsets->n == n_planes)
    return TRUE;
  FAIL (error, CAPS, "%s%s has registers for %u planes, and the frames have %u",
      side_names[side], what, offsets->n, n_planes);
  return FALSE;
}

/* GStreamer takes frames without a pixel, and of -1, for video. */
static gboolean
parse_video (GstCaps * caps, GstVideoInfo * info)
{
  return caps && gst_caps_is_fixed (caps)
      && gst_structure_has_name (gst_caps_get_structure (caps, 0), "video/x-raw")
      && gst_video_info_from_caps (info, caps)
      && GST_VIDEO_INFO_WIDTH (info) > 0 && GST_VIDEO_INFO_HEIGHT (info) > 0 && GST_VIDEO_INFO_SIZE (info) > 0;
}

static gboolean
knows_rows (const GstXlnkHlsArguments * self)
{
  return self->side[GST_XLNK_HLS_SRC].width != GST_XLNK_NO_REGISTER
      || self->side[GST_XLNK_HLS_DST].width != GST_XLNK_NO_REGISTER;
}

/* Other pictures than raw video have a size too: one of a sensor's pixels, say, or a compressed one. */
static void
note_size (GstXlnkHlsArguments * self, guint side, GstCaps * caps)
{
  gint width = 0, height = 0;

  if (self->is_video[side]) {
    width = GST_VIDEO_INFO_WIDTH (&self->info[side]);
    height = GST_VIDEO_INFO_FIELD_HEIGHT (&self->info[side]);
  } else if (caps && gst_caps_is_fixed (caps)) {
    gst_structure_get_int (gst_caps_get_structure (caps, 0), "width", &width);
    gst_structure_get_int (gst_caps_get_structure (caps, 0), "height", &height);
  }
  self->width[side] = MAX (width, 0);
  self->height[side] = MAX (height, 0);
}

/* A core that is told one size takes it for both sides. */
static gboolean
takes_input_width (const GstXlnkHlsArguments * self, guint side)
{
  return side == GST_XLNK_HLS_DST && !self->scales && self->side[side].width == GST_XLNK_NO_REGISTER
      && self->side[GST_XLNK_HLS_SRC].width != GST_XLNK_NO_REGISTER;
}

static gboolean
takes_input_height (const GstXlnkHlsArguments * self, guint side)
{
  return side == GST_XLNK_HLS_DST && !self->scales && self->side[side].height == GST_XLNK_NO_REGISTER
      && self->side[GST_XLNK_HLS_SRC].height != GST_XLNK_NO_REGISTER;
}

/* GStreamer pads the rows of a sensor's picture to multiples of 4 bytes; a pixel with its depth in its name has two. */
static gboolean
note_bayer (GstXlnkHlsArguments * self, guint side, GstCaps * caps, GError ** error)
{
  const GstStructure *structure = caps && gst_caps_is_fixed (caps) ? gst_caps_get_structure (caps, 0) : NULL;
  guint width = self->width[side], height = self->height[side], bytes;
  const gchar *format;

  self->least_size[side] = 0;
  if (!structure || !gst_structure_has_name (structure, "video/x-bayer"))
    return TRUE;
  format = gst_structure_get_string (structure, "format");
  bytes = format && strlen (format) > 4 ? 2 : 1;
  if (takes_input_width (self, side))
    width = MAX (width, self->width[GST_XLNK_HLS_SRC]);
  if (takes_input_height (self, side))
    height = MAX (height, self->height[GST_XLNK_HLS_SRC]);
  self->least_size[side] = (guint64) width * bytes * height;
  if (self->width[side] * bytes % 4 == 0 || !knows_rows (self))
    return TRUE;
  FAIL (error, CAPS, "%s: the lines of a video/x-bayer of %u pixels are padded to multiples of 4 bytes, and the core is not "
      "told so: choose a width without padding", side_names[side], self->width[side]);
  return FALSE;
}

static gboolean
has_size_registers (const GstXlnkHlsSide * side)
{
  return side->width != GST_XLNK_NO_REGISTER || side->height != GST_XLNK_NO_REGISTER;
}

/* Whether nobody can tell if the picture that the core is told of is in its buffer. The size of a side that has no address
 * is that of the other one. */
static gboolean
has_unknown_size (const GstXlnkHlsArguments * self, guint side)
{
  const GstXlnkHlsSide *registers = &self->side[side], *others = &self->side[1 - side];

  return !self->is_video[side] && self->least_size[side] == 0 && registers->address.n > 0 && registers->size.n == 0
      && (has_size_registers (registers) || (others->address.n == 0 && has_size_registers (others)));
}

static gboolean
check_kind (const GstXlnkHlsArguments * self, guint side, GError ** error)
{
  const GstXlnkHlsSide *registers = &self->side[side];

  if (!self->is_video[side] && (registers->format != GST_XLNK_NO_REGISTER || registers->stride.n > 0)) {
    FAIL (error, CAPS, "%s: the core wants stride or format, which only raw video has", side_names[side]);
    return FALSE;
  }
  if ((self->width[side] == 0 && registers->width != GST_XLNK_NO_REGISTER)
      || (self->height[side] == 0 && registers->height != GST_XLNK_NO_REGISTER)) {
    FAIL (error, CAPS, "%s: the core wants width or height, which only pictures have; if it is those of the %s that it wants, "
        "say %s", side_names[side], side == GST_XLNK_HLS_SRC ? "output" : "input",
        side == GST_XLNK_HLS_SRC ? "dst-width, dst-height" : "width, height");
    return FALSE;
  }
  if (has_unknown_size (self, side)) {
    FAIL (error, CAPS, "%s: how many bytes a picture of %ux%u has is known of raw video and of video/x-bayer only: give the "
        "register %s-size, which tells the core", side_names[side], self->width[side], self->height[side],
        side_names[side]);
    return FALSE;
  }
  return TRUE;
}

static gboolean
configure_side (GstXlnkHlsArguments * self, guint side, GstCaps * caps, GError ** error)
{
  const GstXlnkHlsSide *registers = &self->side[side];

  self->is_video[side] = parse_video (caps, &self->info[side]);
  note_size (self, side, caps);
  return note_bayer (self, side, caps, error)
      && check_kind (self, side, error)
      && check_count (self, side, &registers->address, "", error)
      && check_count (self, side, &registers->stride, "-stride", error)
      && check_count (self, side, &registers->size, "-size", error);
}

/* Of what is no raw video nobody knows how many bytes it has: there are as many as came in. */
static gboolean
check_told_size (const GstXlnkHlsArguments * self, GError ** error)
{
  const GstXlnkHlsSide *out = &self->side[GST_XLNK_HLS_DST];
  guint in_width = self->width[GST_XLNK_HLS_SRC], out_width = self->width[GST_XLNK_HLS_DST];
  guint in_height = self->height[GST_XLNK_HLS_SRC], out_height = self->height[GST_XLNK_HLS_DST];

  if (self->is_video[GST_XLNK_HLS_DST] || !((out->width != GST_XLNK_NO_REGISTER && out_width > in_width)
          || (out->height != GST_XLNK_NO_REGISTER && out_height > in_height)))
    return TRUE;
  FAIL (error, SIZE, "the core is told that the output has %ux%u pixels, and its buffers have the bytes of the input of %ux%u, "
      "because it is no raw video: it would write past the end", out_width, out_height, in_width, in_height);
  return FALSE;
}

/* A core would write past an output that is smaller than what it is told: each dimension needs a register of its own, unless
 * the core is told how many bytes there are. One that reads nothing knows nothing of the input but what it is told. */
static gboolean
check_output_size (const GstXlnkHlsArguments * self, GError ** error)
{
  const GstXlnkHlsSide *in = &self->side[GST_XLNK_HLS_SRC], *out = &self->side[GST_XLNK_HLS_DST];
  guint in_width = self->width[GST_XLNK_HLS_SRC], out_width = self->width[GST_XLNK_HLS_DST];
  guint in_height = self->height[GST_XLNK_HLS_SRC], out_height = self->height[GST_XLNK_HLS_DST];
  gboolean narrow, low;

  if (out->address.n == 0 || out->size.n > 0 || self->scales
      || !self->is_video[GST_XLNK_HLS_DST])
    return TRUE;
  narrow = out->width == GST_XLNK_NO_REGISTER && out_width < in_width
      && (in->address.n > 0 || in->width != GST_XLNK_NO_REGISTER);
  low = out->height == GST_XLNK_NO_REGISTER && out_height < in_height
      && (in->address.n > 0 || in->height != GST_XLNK_NO_REGISTER);
  if (!narrow && !low)
    return TRUE;
  FAIL (error, SIZE, "the output of %ux%u is smaller than the input of %ux%u, and the core is not told its %s: it would "
      "write past the end. Give the register%s, or scales=true if the core makes that size by itself",
      out_width, out_height, in_width, in_height,
      narrow && low ? "size" : narrow ? "width" : "height",
      narrow && low ? "s dst-width and dst-height" : narrow ? " dst-width" : " dst-height");
  return FALSE;
}

gboolean
gst_xlnk_hls_arguments_configure (GstXlnkHlsArguments * self, GstCaps * in_caps, GstCaps * out_caps, GError ** error)
{
  return configure_side (self, GST_XLNK_HLS_SRC, in_caps, error)
      && configure_side (self, GST_XLNK_HLS_DST, out_caps, error)
      && check_told_size (self, error)
      && check_output_size (self, error);
}

static const GstXlnkPlanes *
get_planes (const GstXlnkJob * job, guint side)
{
  return side == GST_XLNK_HLS_SRC ? &job->in : &job->out;
}

static gboolean
check_address (const GstXlnkHlsArguments * self, guint side, const GstXlnkPlanes * planes, guint plane, GError ** error)
{
  guint64 address = planes->phys_addr[plane], last = address + planes->size[plane] - 1;

  if (self->address_bits == 32 && last > G_MAXUINT32) {
    FAIL (error, ADDRESS, "%s: plane %u ends at 0x%" G_GINT64_MODIFIER "x, and the "
        "core's address registers have 32 bits", side_names[side], plane, last);
    return FALSE;
  }
  if (address % self->alignment != 0) {
    FAIL (error, ADDRESS, "%s: plane %u begins at 0x%" G_GINT64_MODIFIER "x, which is "
        "not a multiple of %u", side_names[side], plane, address, self->alignment);
    return FALSE;
  }
  return TRUE;
}

/* The first one in @plane. -1 where there are no rows of pixels: a palette, tiles. */
static gint
find_component (const GstVideoInfo * info, guint plane)
{
  const GstVideoFormatInfo *finfo = info->finfo;

  if (GST_VIDEO_FORMAT_INFO_IS_TILED (finfo)
      || (GST_VIDEO_FORMAT_INFO_HAS_PALETTE (finfo) && plane == GST_VIDEO_COMP_PALETTE))
    return -1;
  for (guint i = 0; i < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (finfo); i++) {
    if (GST_VIDEO_FORMAT_INFO_PLANE (finfo, i) == plane)
      return (gint) i;
  }
  return -1;
}

/* Bytes of a row of @width pixels of the picture; 0 where they are not whole bytes each, as in v210. */
static gsize
get_row (const GstVideoInfo * info, guint plane, gint width)
{
  gint component = find_component (info, plane);

  if (component < 0)
    return 0;
  return (gsize) GST_VIDEO_FORMAT_INFO_SCALE_WIDTH (info->finfo, component, width)
      * GST_VIDEO_INFO_COMP_PSTRIDE (info, component);
}

/* A core that works on one buffer, and knows nothing of rows, takes all bytes alike; not so if it writes another buffer, in
 * which they lie otherwise. */
gboolean
gst_xlnk_hls_arguments_need_default_layout (const GstXlnkHlsArguments * self, const GstVideoInfo * info,
    gboolean transforms)
{
  const guint last = transforms ? GST_XLNK_HLS_SRC : GST_XLNK_HLS_DST;

  for (guint i = GST_XLNK_HLS_SRC; i <= last; i++) {
    const GstXlnkHlsSide *side = &self->side[i];

    if (side->address.n == 0)
      continue;
    if (side->stride.n == 0 && (knows_rows (self) || transforms))
      return TRUE;
    if (side->address.n == 1 && GST_VIDEO_INFO_N_PLANES (info) > 1)
      return TRUE;
  }
  return FALSE;
}

/* What the core takes a plane's stride to be that it is not told: lines are packed, or, if it is told the first plane's
 * stride, padded in proportion to that. 0: it takes it to be nothing, or nobody knows. */
static gsize
get_assumed_stride (const GstXlnkHlsArguments * self, guint side, const GstXlnkPlanes * planes, guint plane)
{
  const GstVideoInfo *info = &self->info[side];
  gsize pixel = get_row (info, 0, 1);

  if (self->side[side].stride.n > plane)
    return 0;
  if (self->side[side].stride.n == 0)
    return knows_rows (self) ? get_row (info, plane, GST_VIDEO_INFO_WIDTH (info)) : 0;
  return pixel == 0 ? 0 : get_row (info, plane, planes->stride[0] / (gint) pixel);
}

static gboolean
check_stride (const GstXlnkHlsArguments * self, guint side, const GstXlnkPlanes * planes, guint plane, GError ** error)
{
  gint stride = planes->stride[plane];
  gboolean is_default;
  gsize assumed;

  if (stride < 0) {
    FAIL (error, CAPS, "%s: the rows of plane %u are stored upwards (stride %d)",
        side_names[side], plane, stride);
    return FALSE;
  }
  assumed = get_assumed_stride (self, side, planes, plane);
  if (assumed == 0 || assumed == (gsize) stride)
    return TRUE;
  /* If it is the format's own, nobody upstream could lay the frame out otherwise. */
  is_default = stride == GST_VIDEO_INFO_PLANE_STRIDE (&self->info[side], plane);
  FAIL (error, CAPS, "%s: the lines of plane %u lie %d bytes apart%s%s, and the core, which is not told so, takes them to "
      "lie %" G_GSIZE_FORMAT " apart: give %s%s-stride%s, or %s", side_names[side], plane, stride,
      is_default ? ", as always in " : "", is_default ? GST_VIDEO_INFO_NAME (&self->info[side]) : "", assumed,
      planes->n_planes > 1 ? "" : "the register ", side_names[side],
      planes->n_planes > 1 ? "=<...>, one for each plane" : "",
      is_default ? "choose a width without padding" : "frames that are not padded");
  return FALSE;
}

/* Lines of a plane; 0 if there are no lines, or the core does not know how many. */
static guint
count_lines (const GstXlnkHlsArguments * self, guint side, guint plane)
{
  const GstVideoInfo *info = &self->info[side];
  gboolean knows_lines = self->side[GST_XLNK_HLS_SRC].height != GST_XLNK_NO_REGISTER
      || self->side[GST_XLNK_HLS_DST].height != GST_XLNK_NO_REGISTER;
  gint component = find_component (info, plane);

  if (!knows_lines || component < 0)
    return 0;
  return GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT (info->finfo, component, GST_VIDEO_INFO_FIELD_HEIGHT (info));
}

/* Where plane @plane + 1 must begin for a core that knows only the first address: right behind the lines that it was told
 * of, else where GStreamer has it, which for some heights is a line later. */
static guint64
get_next_address (const GstXlnkHlsArguments * self, guint side, const GstXlnkPlanes * planes, guint plane)
{
  const GstVideoInfo *info = &self->info[side];
  guint lines = count_lines (self, side, plane);
  gsize distance = GST_VIDEO_INFO_PLANE_OFFSET (info, plane + 1) - GST_VIDEO_INFO_PLANE_OFFSET (info, plane);

  if (lines > 0)
    return planes->phys_addr[plane] + (guint64) lines * planes->stride[plane];
  if (!GST_VIDEO_FORMAT_INFO_IS_TILED (info->finfo))
    distance = distance / GST_VIDEO_INFO_PLANE_STRIDE (info, plane) * planes->stride[plane];
  return planes->phys_addr[plane] + distance;
}

static gboolean
check_contiguous (const GstXlnkHlsArguments * self, guint side, const GstXlnkPlanes * planes, GError ** error)
{
  if (self->side[side].address.n != 1 || !self->is_video[side] || planes->n_planes != count_planes (self, side))
    return TRUE;
  for (guint i = 0; i + 1 < planes->n_planes; i++) {
    if (planes->phys_addr[i + 1] != get_next_address (self, side, planes, i)) {
      FAIL (error, CAPS, "%s: plane %u does not follow plane %u at once, and the core "
          "is told only where the first is; give %s=<...>, a register for each plane", side_names[side], i + 1, i,
          side_names[side]);
      return FALSE;
    }
  }
  return TRUE;
}

/* One register for the size of several planes: all their bytes, if the core knows where each begins; else from the
 * first byte of the first to the last byte of the last. */
static guint64
get_size (const GstXlnkHlsSide * side, const GstXlnkPlanes * planes, guint plane)
{
  guint last = planes->n_planes - 1;
  guint64 sum = 0;

  if (side->size.n > 1)
    return planes->size[plane];
  if (side->address.n == 1)
    return planes->phys_addr[last] - planes->phys_addr[0] + planes->size[last];
  for (guint i = 0; i <= last; i++)
    sum += planes->size[i];
  return sum;
}

static gboolean
check_sizes (const GstXlnkHlsArguments * self, guint side, const GstXlnkPlanes * planes, GError ** error)
{
  for (guint i = 0; i < self->side[side].size.n; i++) {
    guint64 size = get_size (&self->side[side], planes, i);

    if (size > G_MAXUINT32) {
      FAIL (error, SIZE, "%s: %" G_GUINT64_FORMAT " bytes do not fit into a register of "
          "32 bits", side_names[side], size);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
check_least_size (const GstXlnkHlsArguments * self, guint side, const GstXlnkPlanes * planes, GError ** error)
{
  if (planes->size[0] >= self->least_size[side])
    return TRUE;
  FAIL (error, SIZE, "%s: a picture of %ux%u has %" G_GUINT64_FORMAT " bytes at least, and its buffer has %" G_GSIZE_FORMAT,
      side_names[side], self->width[side], self->height[side], self->least_size[side], planes->size[0]);
  return FALSE;
}

static gboolean
check_side (const GstXlnkHlsArguments * self, guint side, const GstXlnkPlanes * planes, GError ** error)
{
  if (self->side[side].address.n == 0)
    return TRUE;
  if (planes->n_planes < self->side[side].address.n || planes->n_planes < self->side[side].stride.n
      || planes->n_planes < self->side[side].size.n) {
    FAIL (error, CAPS, "%s: the core has registers for more than the %u planes of this "
        "buffer", side_names[side], planes->n_planes);
    return FALSE;
  }
  for (guint i = 0; i < planes->n_planes; i++) {
    if (!check_address (self, side, planes, i, error))
      return FALSE;
    if (self->is_video[side] && !check_stride (self, side, planes, i, error))
      return FALSE;
  }
  return check_contiguous (self, side, planes, error) && check_sizes (self, side, planes, error)
      && check_least_size (self, side, planes, error);
}

gboolean
gst_xlnk_hls_arguments_check_job (const GstXlnkHlsArguments * self, const GstXlnkJob * job, GError ** error)
{
  return check_side (self, GST_XLNK_HLS_SRC, &job->in, error)
      && check_side (self, GST_XLNK_HLS_DST, &job->out, error);
}

static void
write_one (GstXlnkRegisters * registers, guint offset, guint32 value)
{
  if (offset != GST_XLNK_NO_REGISTER)
    gst_xlnk_registers_write (registers, offset, value);
}

static void
write_side (const GstXlnkHlsArguments * self, guint side, GstXlnkRegisters * registers, const GstXlnkPlanes * planes)
{
  const GstXlnkHlsSide *to = &self->side[side];

  for (guint i = 0; i < to->address.n; i++) {
    gst_xlnk_registers_write (registers, to->address.offset[i], (guint32) planes->phys_addr[i]);
    if (self->address_bits == 64)
      gst_xlnk_registers_write (registers, to->address.offset[i] + 4, (guint32) (planes->phys_addr[i] >> 32));
  }
  for (guint i = 0; i < to->stride.n; i++)
    gst_xlnk_registers_write (registers, to->stride.offset[i], (guint32) planes->stride[i]);
  for (guint i = 0; i < to->size.n; i++)
    gst_xlnk_registers_write (registers, to->size.offset[i], (guint32) get_size (to, planes, i));
  write_one (registers, to->width, self->width[side]);
  write_one (registers, to->height, self->height[side]);
  if (self->is_video[side])
    write_one (registers, to->format, GST_VIDEO_INFO_FORMAT (&self->info[side]));
}

/* All of them each time: it takes little, and a core that was reset in between has lost them. */
void
gst_xlnk_hls_arguments_write (const GstXlnkHlsArguments * self, GstXlnkRegisters * registers, const GstXlnkJob * job)
{
  for (guint i = 0; i < self->set.n; i += 2)
    gst_xlnk_registers_write (registers, self->set.word[i], self->set.word[i + 1]);
  for (guint side = 0; side < GST_XLNK_HLS_SIDES; side++)
    write_side (self, side, registers, get_planes (job, side));
}
