/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-caps.c: xlnkaccel between an upstream and a downstream with absurd caps, output-caps and buffers. Runs on an
 * emulated board, with a core of core.h.
 *
 * Lines: the caps of what comes in; output-caps; the description of the accelerator; letters: of core.h, and
 *   D downstream knows GstVideoMeta   N it refuses allocation queries   B it wants more bytes   A an alignment
 *   Z require-zero-copy   U uncached   L buffers of the pool that is lent   V they have a GstVideoMeta   E empty ones
 *   T two memories   2-9 queue-depth   R the caps once more, half as wide
 * and the bytes of a buffer, its strides and its offsets.
 *
 * Beside what sanitizers find: the device finds live memory at every address that the core is given, whatever goes
 * downstream can be read and lies within its buffer, and nothing is left on the board.
 */
#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>
#include <gst/xlnk/xlnk.h>
#include <string.h>

#include "../check/board.h"
#include "core.h"
#include "fields.h"
#include "fuzz.h"
#include "gstxlnkaccel.h"
#include "gstxlnkaccelerators.h"
#include "gstxlnkdescription.h"
#include "gstxlnkquarantine.h"
#include "words.h"

#define MAX_BUFFER (1 << 18)
#define WRITTEN 0xa5
#define LINES 5

const char *const fields_names[] = { WORDS_CAPS, "format", "width", "height", WORDS_AXIDMA, "src-size", "dst-size", NULL };
const char *const fields_values[] = { WORDS_NUMBERS, WORDS_FORMATS, WORDS_VIDEO, WORDS_TEXTS, NULL };

const char *const fields_lines[] = {
  "video/x-raw,format=RGBA,width=64,height=48,framerate=30/1", "video/x-raw,format=NV12,width=17,height=3",
  "video/x-raw,format=I420,width=32,height=16,framerate=0/1", "video/x-raw,format=v210,width=50,height=4",
  "video/x-raw(memory:DMABuf),format=RGBA,width=64,height=48", "video/x-raw,format=GRAY8", "video/x-raw,width=16",
  "video/x-raw(format:Interlaced),format=I420,width=16,height=16,interlace-mode=alternate", "video/x-bayer",
  "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved", "ANY", "EMPTY", "NONE",
  "video/x-raw,format=RGBA,width=[1,4096],height=[1,4096];video/x-raw,format=I420",
  "hls,uio=c,src=0x10,dst=0x1c,src-size=0x28,dst-size=0x30,address-bits=64",
  "hls,uio=c,src=0x10,mode=in-place,src-size=0x28", "hls,uio=c,src=0x10,mode=read", "hls,uio=c,dst=0x1c,mode=write",
  "hls,uio=c,src=<0x10,0x14>,dst=0x1c,width=0x20,height=0x24,format=0x28,src-stride=<0x30,0x34>",
  "axidma,uio=d,dre=true,length-width=23", "axidma,uio=d,s2mm=false,length-width=23", "axidma,uio=d,mm2s=false",
  "passthrough", "D", "DLV", "N", "BA", "ZL", "UT", "E", "4", "R", "h", "e", "3072,64,64", "100", "65536,-64", NULL
};

static GstElement *element;
static GstPad *upstream, *downstream;
static GstBus *bus;
static guint64 hazards, live;

/* Of the input. */
static const char *letters;
static GstStructure *description;
static gint64 numbers[9];       /* bytes, strides, offsets */
static guint n_numbers;
static gboolean wrote;          /* what comes out was written by the core, from its first byte on */

static gboolean
is_set (char letter)
{
  return strchr (letters, letter) != NULL;
}

/*** the core's side ***/

static void
run_transfer (unsigned channel, guint64 address, guint32 length)
{
  g_autofree guint8 *data = g_malloc (length);

  memset (data, WRITTEN, length);
  if (channel == CORE_MM2S)
    board_device_read (address, data, length);
  else
    board_device_write (address, data, length);
  wrote |= channel == CORE_S2MM && !is_set ('V');
}

/* One that the description names in one number. */
static gboolean
get_argument (const char *name, guint32 * value)
{
  gint offset;

  return description && gst_structure_get_int (description, name, &offset) && core_get_argument ((guint32) offset, value);
}

static guint64
get_address (const char *name)
{
  guint32 low = 0, high = 0;
  gint offset, bits;

  if (!get_argument (name, &low))
    return 0;
  if (gst_structure_get_int (description, name, &offset) && gst_structure_get_int (description, "address-bits", &bits)
      && bits > 32)
    core_get_argument ((guint32) offset + 4, &high);
  return (guint64) high << 32 | low;
}

static void
run_core (void)
{
  guint64 src = get_address ("src"), dst = get_address ("dst");
  guint32 size;

  if (src)
    FUZZ_CHECK (board_device_can_read (src), "no memory at src, 0x%" G_GINT64_MODIFIER "x", src);
  if (src && get_argument ("src-size", &size))
    run_transfer (CORE_MM2S, src, size);
  if (dst)
    FUZZ_CHECK (board_device_can_read (dst), "no memory at dst, 0x%" G_GINT64_MODIFIER "x", dst);
  if (dst && get_argument ("dst-size", &size))
    run_transfer (CORE_S2MM, dst, size);
}

/*** downstream ***/

static void
check_planes (GstBuffer * buffer)
{
  GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);
  GstXlnkPlanes planes;
  guint64 first;

  if (gst_buffer_n_memory (buffer) != 1 || !gst_is_xlnk_memory (gst_buffer_peek_memory (buffer, 0)))
    return;
  if (!gst_xlnk_buffer_get_planes (buffer, NULL, &planes))
    return;
  first = gst_xlnk_memory_get_phys_addr (gst_buffer_peek_memory (buffer, 0));
  FUZZ_CHECK (!meta || planes.n_planes == meta->n_planes, "%u planes", planes.n_planes);
  for (guint i = 0; i < planes.n_planes; i++)
    FUZZ_CHECK (planes.phys_addr[i] >= first && planes.size[i] <= gst_buffer_get_size (buffer)
        && planes.phys_addr[i] + planes.size[i] <= first + gst_buffer_get_size (buffer), "plane %u is not in its buffer",
        i);
}

static GstFlowReturn
take_buffer (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  GstMapInfo info;
  guint8 sum = 0;

  (void) pad;
  (void) parent;
  if (gst_buffer_map (buffer, &info, GST_MAP_READ)) {
    for (gsize i = 0; i < info.size; i++)
      sum ^= info.data[i];
    FUZZ_CHECK (!wrote || info.size == 0 || info.data[0] == WRITTEN, "the core's byte is not there: 0x%02x %u",
        info.data[0], sum);
    gst_buffer_unmap (buffer, &info);
  }
  check_planes (buffer);
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static gboolean
answer_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  GstAllocationParams params;

  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return gst_pad_query_default (pad, parent, query);
  if (is_set ('N'))
    return FALSE;
  gst_allocation_params_init (&params);
  params.align = 4095;
  params.prefix = 17;
  if (is_set ('A'))
    gst_query_add_allocation_param (query, NULL, &params);
  if (is_set ('B'))
    gst_query_add_allocation_pool (query, NULL, n_numbers ? (guint) numbers[0] : 10000, 3, 0);
  if (is_set ('D'))
    gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return TRUE;
}

static gboolean
swallow_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  (void) pad;
  (void) parent;
  gst_event_unref (event);
  return TRUE;
}

/*** upstream ***/

static gboolean
parse_video (GstCaps * caps, GstVideoInfo * info)
{
  gboolean is_video;

  fuzz_begin_foreign ();
  is_video = caps && gst_caps_is_fixed (caps) && gst_structure_has_name (gst_caps_get_structure (caps, 0), "video/x-raw")
      && gst_video_info_from_caps (info, caps);
  fuzz_end_foreign ();
  return is_video;
}

static void
add_meta (GstBuffer * buffer, GstCaps * caps)
{
  gsize offsets[GST_VIDEO_MAX_PLANES] = { 0 };
  gint strides[GST_VIDEO_MAX_PLANES] = { 0 };
  GstVideoInfo info;

  if (!is_set ('V') || gst_buffer_get_video_meta (buffer) || !parse_video (caps, &info)
      || GST_VIDEO_INFO_N_PLANES (&info) == 0)
    return;
  for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES (&info); i++) {
    strides[i] = n_numbers > 1 + i ? (gint) numbers[1 + i] : info.stride[i];
    offsets[i] = n_numbers > 5 + i ? (gsize) numbers[5 + i] : info.offset[i];
  }
  fuzz_begin_foreign ();
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT (&info),
      (guint) GST_VIDEO_INFO_WIDTH (&info), (guint) GST_VIDEO_INFO_HEIGHT (&info), GST_VIDEO_INFO_N_PLANES (&info),
      offsets, strides);
  fuzz_end_foreign ();
}

static gsize
get_size (GstCaps * caps)
{
  GstVideoInfo info;

  if (is_set ('E'))
    return 0;
  if (n_numbers > 0)
    return (guint64) numbers[0] % (MAX_BUFFER + 1);
  if (parse_video (caps, &info) && GST_VIDEO_INFO_SIZE (&info) <= MAX_BUFFER)
    return GST_VIDEO_INFO_SIZE (&info);
  return 1000;
}

static GstBuffer *
make_buffer (GstCaps * caps, GstBufferPool * pool)
{
  gsize size = get_size (caps);
  GstBuffer *buffer = NULL;

  if (pool && is_set ('L') && gst_buffer_pool_acquire_buffer (pool, &buffer, NULL) == GST_FLOW_OK)
    return buffer;
  buffer = gst_buffer_new_allocate (NULL, size, NULL);
  gst_buffer_memset (buffer, 0, 0x11, size);
  if (is_set ('T'))
    gst_buffer_append_memory (buffer, gst_allocator_alloc (NULL, 100, NULL));
  add_meta (buffer, caps);
  return buffer;
}

/* What upstream is lent; NULL if it is nothing, or more than fits on the board. */
static GstBufferPool *
ask_for_pool (GstCaps * caps)
{
  GstQuery *query = gst_query_new_allocation (caps, TRUE);
  GstBufferPool *pool = NULL;
  guint size = 0;

  if (gst_pad_peer_query (upstream, query) && gst_query_get_n_allocation_pools (query) > 0)
    gst_query_parse_nth_allocation_pool (query, 0, &pool, &size, NULL, NULL);
  gst_query_unref (query);
  if (pool && (size > MAX_BUFFER || !gst_buffer_pool_set_active (pool, TRUE)))
    gst_clear_object (&pool);
  return pool;
}

static void
push_buffers (GstCaps * caps)
{
  GstBufferPool *pool = ask_for_pool (caps);

  for (guint i = 0; i < 3; i++) {
    GstBuffer *buffer = make_buffer (caps, pool);

    GST_BUFFER_PTS (buffer) = i * GST_MSECOND;
    if (gst_pad_push (upstream, buffer) != GST_FLOW_OK)
      break;
  }
  if (pool) {
    gst_buffer_pool_set_active (pool, FALSE);
    gst_object_unref (pool);
  }
}

static void
stream (GstCaps * caps)
{
  if (caps && gst_caps_is_fixed (caps) && !gst_pad_push_event (upstream, gst_event_new_caps (caps)))
    return;
  push_buffers (caps && gst_caps_is_fixed (caps) ? caps : NULL);
}

/* Half as wide. */
static void
renegotiate (GstCaps * caps)
{
  g_autoptr (GstCaps) narrow = NULL;
  gint width;

  if (!caps || !gst_caps_is_fixed (caps) || !gst_structure_get_int (gst_caps_get_structure (caps, 0), "width", &width))
    return;
  narrow = gst_caps_copy (caps);
  gst_caps_set_simple (narrow, "width", G_TYPE_INT, width / 2, NULL);
  stream (narrow);
}

/* What may come in and go out is asked for in both directions. */
static void
ask_for_caps (GstCaps * caps, GstCaps * output)
{
  GstCaps *possible = gst_pad_peer_query_caps (upstream, caps);

  gst_caps_unref (possible);
  possible = gst_pad_peer_query_caps (downstream, output);
  gst_caps_unref (possible);
  if (caps && gst_caps_is_fixed (caps))
    gst_pad_peer_query_accept_caps (upstream, caps);
}

static void
run (GstCaps * caps, GstCaps * output)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_set_active (downstream, TRUE);
  gst_pad_set_active (upstream, TRUE);
  ask_for_caps (caps, output);
  gst_pad_push_event (upstream, gst_event_new_stream_start ("fuzz"));
  gst_pad_push_event (upstream, gst_event_new_segment (&segment));
  stream (caps);
  if (is_set ('R'))
    renegotiate (caps);
  gst_pad_push_event (upstream, gst_event_new_eos ());
}

/*** an input ***/

static void
read_numbers (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", G_N_ELEMENTS (numbers));

  n_numbers = *text ? g_strv_length (parts) : 0;
  for (guint i = 0; i < n_numbers; i++)
    numbers[i] = g_ascii_strtoll (parts[i], NULL, 0);
}

static void
set_properties (const char *accelerator, GstCaps * output)
{
  guint depth = 0;

  for (const char *at = letters; *at; at++) {
    if (g_ascii_isdigit (*at))
      depth = (guint) g_ascii_digit_value (*at);
  }
  g_object_set (element, "accelerator", *accelerator ? accelerator : NULL, "output-caps", output, "queue-depth", depth,
      "require-zero-copy", is_set ('Z'), "cacheable", !is_set ('U'), "timeout", GST_MSECOND * 10, NULL);
}

static void
settle (void)
{
  gst_element_set_state (element, GST_STATE_NULL);
  gst_pad_set_active (upstream, FALSE);
  gst_pad_set_active (downstream, FALSE);
  gst_bus_set_flushing (bus, TRUE);
  gst_bus_set_flushing (bus, FALSE);
  core_heal ();
  gst_xlnk_quarantine_sweep ();
  FUZZ_CHECK (!core_is_open (), "the registers stay open");
  FUZZ_CHECK (board_live_buffers () == live, "buffers are left on the board");
  FUZZ_CHECK (board_hazards () == hazards, "the board saw a hazard");
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
  g_autoptr (GstCaps) caps = fuzz_read_caps (lines[0]);
  g_autoptr (GstCaps) output = fuzz_read_caps (lines[1]);

  letters = lines[3];
  read_numbers (lines[4]);
  wrote = FALSE;
  core_reset (is_axidma (lines[2]) ? CORE_AXIDMA : CORE_HLS, letters);
  description = gst_xlnk_description_parse (lines[2], NULL);
  set_properties (lines[2], output);
  if (gst_element_set_state (element, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
    run (caps, output);
  settle ();
  if (description)
    gst_structure_free (description);
}

static GstPad *
make_pad (const char *name, GstPadDirection direction, const char *peer_name)
{
  GstPad *pad = gst_pad_new (name, direction), *peer = gst_element_get_static_pad (element, peer_name);

  gst_pad_link_full (direction == GST_PAD_SRC ? pad : peer, direction == GST_PAD_SRC ? peer : pad,
      GST_PAD_LINK_CHECK_NOTHING);
  gst_object_unref (peer);
  return pad;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  static const CoreHooks hooks = { run_core, run_transfer };
  g_autoptr (GError) error = NULL;

  (void) argc;
  (void) argv;
  fuzz_init_gst ();
  gst_xlnk_accelerators_register ();
  core_set_hooks (&hooks);
  /* Keeps the device open between inputs. */
  FUZZ_CHECK (gst_xlnk_allocator_init_once (&error), "%s", error->message);
  element = gst_object_ref_sink (g_object_new (GST_TYPE_XLNK_ACCEL, NULL));
  bus = gst_bus_new ();
  gst_element_set_bus (element, bus);
  upstream = make_pad ("upstream", GST_PAD_SRC, "sink");
  downstream = make_pad ("downstream", GST_PAD_SINK, "src");
  gst_pad_set_chain_function (downstream, take_buffer);
  gst_pad_set_query_function (downstream, answer_query);
  gst_pad_set_event_function (downstream, swallow_event);
  hazards = board_hazards ();
  live = board_live_buffers ();
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_auto (GStrv) lines = fuzz_split (data, size, LINES);

  test_input (lines);
  return 0;
}
