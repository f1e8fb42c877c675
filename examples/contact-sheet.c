/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * contact-sheet: one picture of what came out of a pipeline, and the numbers behind it.
 *
 *   contact-sheet [--every=N] [--before=ELEMENT] [--columns=N] [--rows=N] [--output=FILE] LAUNCH-LINE
 *
 * The launch line ends in an appsink named "sink". Every N-th frame is drawn into the next cell of a sheet, which
 * becomes a PNG file at the end; with --before, the frame that went into the named element is drawn to the left of it.
 * On standard output there is one line `NAME VALUE` for each of: arrived, contiguous (those that arrived in contiguous
 * memory), peak-usage (bytes of such memory in use at once), and the fields of the `xlnkaccel-stats` message.
 */
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <gst/xlnk/xlnk.h>

#include <stdlib.h>
#include <string.h>

#define CELL_WIDTH 320
#define CELL_HEIGHT 180
#define GAP 8
#define BACKGROUND 0x20
#define PNG_TIMEOUT (30 * GST_SECOND)
#define MESSAGE_TIMEOUT (5 * GST_SECOND)

static gint every = 6, columns = 5, rows = 4;
static gchar *output = NULL, *before = NULL;

static const GOptionEntry options[] = {
  {"every", 'e', 0, G_OPTION_ARG_INT, &every, "Draw every N-th frame", "N"},
  {"before", 'b', 0, G_OPTION_ARG_STRING, &before, "Draw the frames that go into ELEMENT, too", "ELEMENT"},
  {"columns", 'c', 0, G_OPTION_ARG_INT, &columns, "Cells in a row", "N"},
  {"rows", 'r', 0, G_OPTION_ARG_INT, &rows, "Rows of cells", "N"},
  {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "The PNG file", "FILE"},
  {NULL, 0, 0, 0, NULL, NULL, NULL}
};

typedef struct
{
  GstVideoInfo info;
  GstBuffer *buffer;
  GMutex lock;                  /* frames are drawn in two threads */
  guint n_before;               /* frames seen on their way into the element */
} Sheet;

static void
sheet_init (Sheet * sheet)
{
  GstMapInfo map;

  gst_video_info_set_format (&sheet->info, GST_VIDEO_FORMAT_RGB, GAP + columns * (CELL_WIDTH + GAP),
      GAP + rows * (CELL_HEIGHT + GAP));
  sheet->buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&sheet->info), NULL);
  sheet->n_before = 0;
  g_mutex_init (&sheet->lock);
  if (!gst_buffer_map (sheet->buffer, &map, GST_MAP_WRITE))
    g_error ("cannot map the sheet");
  memset (map.data, BACKGROUND, map.size);
  gst_buffer_unmap (sheet->buffer, &map);
}

/* The part of the sheet that is cell n, as a picture of its own: the sheet's rows, a smaller width and height. */
static GstVideoInfo
sheet_cell (Sheet * sheet, gint n)
{
  GstVideoInfo cell = sheet->info;

  cell.width = CELL_WIDTH;
  cell.height = CELL_HEIGHT;
  cell.offset[0] = (GAP + n / columns * (CELL_HEIGHT + GAP)) * GST_VIDEO_INFO_PLANE_STRIDE (&sheet->info, 0)
      + (GAP + n % columns * (CELL_WIDTH + GAP)) * GST_VIDEO_INFO_COMP_PSTRIDE (&sheet->info, 0);
  return cell;
}

/* Scales the frame straight into cell n. */
static gboolean
sheet_draw (Sheet * sheet, gint n, GstVideoInfo * info, GstBuffer * buffer)
{
  GstVideoInfo cell_info = sheet_cell (sheet, n);
  GstVideoConverter *converter;
  GstVideoFrame frame, cell;

  /* The converter does not change frame rates, not even that of a picture. */
  cell_info.fps_n = info->fps_n;
  cell_info.fps_d = info->fps_d;
  converter = gst_video_converter_new (info, &cell_info, NULL);
  if (!converter)
    return FALSE;

  if (!gst_video_frame_map (&cell, &cell_info, sheet->buffer, GST_MAP_READWRITE))
    g_error ("cannot map the sheet");
  if (gst_video_frame_map (&frame, info, buffer, GST_MAP_READ)) {
    gst_video_converter_frame (converter, &frame, &cell);
    gst_video_frame_unmap (&frame);
  }
  gst_video_frame_unmap (&cell);
  gst_video_converter_free (converter);
  return TRUE;
}

/* Draws every N-th frame until the sheet is full. With --before, two cells belong to each. FALSE if it cannot. */
static gboolean
sheet_add (Sheet * sheet, guint frame, gboolean is_before, GstCaps * caps, GstBuffer * buffer)
{
  gint n = (gint) (frame / every);
  GstVideoInfo info;
  gboolean ok;

  if (before)
    n = 2 * n + !is_before;
  if (frame % every != 0 || n >= columns * rows)
    return TRUE;
  g_mutex_lock (&sheet->lock);
  ok = caps && gst_video_info_from_caps (&info, caps) && sheet_draw (sheet, n, &info, buffer);
  g_mutex_unlock (&sheet->lock);
  return ok;
}

static GstPadProbeReturn
on_frame_before (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Sheet *sheet = user_data;
  GstCaps *caps = gst_pad_get_current_caps (pad);

  if (!sheet_add (sheet, sheet->n_before++, TRUE, caps, GST_PAD_PROBE_INFO_BUFFER (info)))
    g_printerr ("contact-sheet: a frame before %s cannot be drawn\n", before);
  if (caps)
    gst_caps_unref (caps);
  return GST_PAD_PROBE_OK;
}

/* FALSE if there is no such element. */
static gboolean
watch_frames_before (Sheet * sheet, GstElement * pipeline)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), before);
  GstPad *pad = element ? gst_element_get_static_pad (element, "sink") : NULL;

  if (pad) {
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame_before, sheet, NULL);
    gst_object_unref (pad);
  }
  if (element)
    gst_object_unref (element);
  return pad != NULL;
}

static gboolean
sheet_save (Sheet * sheet, const gchar * path, GError ** error)
{
  GstCaps *raw = gst_video_info_to_caps (&sheet->info);
  GstCaps *png = gst_caps_new_empty_simple ("image/png");
  GstSample *drawing = gst_sample_new (sheet->buffer, raw, NULL, NULL);
  GstSample *picture = gst_video_convert_sample (drawing, png, PNG_TIMEOUT, error);
  GstMapInfo map;
  gboolean saved = FALSE;

  if (picture && gst_buffer_map (gst_sample_get_buffer (picture), &map, GST_MAP_READ)) {
    saved = g_file_set_contents (path, (const gchar *) map.data, map.size, error);
    gst_buffer_unmap (gst_sample_get_buffer (picture), &map);
  }
  g_clear_pointer (&picture, gst_sample_unref);
  gst_sample_unref (drawing);
  gst_caps_unref (png);
  gst_caps_unref (raw);
  return saved;
}

static gboolean
is_contiguous (GstBuffer * buffer)
{
  return gst_buffer_n_memory (buffer) == 1 && gst_is_xlnk_memory (gst_buffer_peek_memory (buffer, 0));
}

/* FALSE if a frame that should be drawn could not. */
static gboolean
draw_frames (Sheet * sheet, GstAppSink * sink)
{
  guint frames = 0, contiguous = 0;
  gboolean ok = TRUE;
  GstSample *sample;

  while (ok && (sample = gst_app_sink_pull_sample (sink))) {
    contiguous += is_contiguous (gst_sample_get_buffer (sample));
    ok = sheet_add (sheet, frames++, FALSE, gst_sample_get_caps (sample), gst_sample_get_buffer (sample));
    gst_sample_unref (sample);
  }
  g_print ("arrived %u\ncontiguous %u\n", frames, contiguous);
  return ok && frames > 0;
}

static gboolean
print_field (GQuark name, const GValue * value, gpointer user_data)
{
  gchar *text = gst_value_serialize (value);

  (void) user_data;
  g_print ("%s %s\n", g_quark_to_string (name), text);
  g_free (text);
  return TRUE;
}

/* Reads the bus up to the end of the stream: prints the statistics, returns the first error. */
static GError *
read_messages (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessageType wanted = GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR | GST_MESSAGE_EOS;
  GstMessage *message;
  GError *error = NULL;
  gboolean ended = FALSE;

  while (!ended && (message = gst_bus_timed_pop_filtered (bus, MESSAGE_TIMEOUT, wanted))) {
    ended = GST_MESSAGE_TYPE (message) != GST_MESSAGE_ELEMENT;
    if (gst_message_has_name (message, "xlnkaccel-stats"))
      gst_structure_foreach (gst_message_get_structure (message), print_field, NULL);
    else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      gst_message_parse_error (message, &error, NULL);
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  return error;
}

/* The allocator is the one that the pipeline uses: there is one for each device. */
static void
print_peak_usage (void)
{
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get (NULL, NULL);
  GstXlnkStats stats;

  if (!allocator)
    return;
  gst_xlnk_allocator_get_stats (allocator, &stats);
  g_print ("peak-usage %" G_GUINT64_FORMAT "\n", stats.peak_usage);
  gst_object_unref (allocator);
}

static gboolean
run (const gchar * launch_line, Sheet * sheet, GError ** error)
{
  GstElement *pipeline = gst_parse_launch (launch_line, error);
  GstElement *sink = pipeline ? gst_bin_get_by_name (GST_BIN (pipeline), "sink") : NULL;
  gboolean ok = FALSE;

  if (!*error && GST_IS_APP_SINK (sink) && (!before || watch_frames_before (sheet, pipeline))) {
    if (gst_element_set_state (pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
      ok = draw_frames (sheet, GST_APP_SINK (sink));
    *error = read_messages (pipeline);
    print_peak_usage ();
    gst_element_set_state (pipeline, GST_STATE_NULL);
  }
  if (sink)
    gst_object_unref (sink);
  if (pipeline)
    gst_object_unref (pipeline);
  return ok && !*error;
}

static gboolean
parse_options (int * argc, char ***argv, GError ** error)
{
  GOptionContext *context = g_option_context_new ("LAUNCH-LINE");
  gboolean ok;

  g_option_context_add_main_entries (context, options, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  ok = g_option_context_parse (context, argc, argv, error);
  g_option_context_free (context);
  if (ok && (*argc != 2 || every < 1 || columns < 1 || rows < 1 || columns > 50 || rows > 50)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "needs one launch line, and 1 to 50 rows and columns");
    ok = FALSE;
  }
  return ok;
}

int
main (int argc, char **argv)
{
  GError *error = NULL;
  Sheet sheet;
  gboolean ok;

  ok = parse_options (&argc, &argv, &error);
  if (ok) {
    sheet_init (&sheet);
    ok = run (argv[1], &sheet, &error) && sheet_save (&sheet, output ? output : "contact-sheet.png", &error);
    g_mutex_clear (&sheet.lock);
    gst_buffer_unref (sheet.buffer);
  }
  if (!ok)
    g_printerr ("contact-sheet: %s\n", error ? error->message : "no frame arrived that could be drawn");

  g_clear_error (&error);
  g_free (output);
  g_free (before);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
