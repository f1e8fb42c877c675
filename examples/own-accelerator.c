/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * own-accelerator: an application that teaches xlnkaccel a kind of hardware of its own.
 *
 *   own-accelerator [UIO]
 *
 * The core (UIO node "negative" unless another is named) reads a frame of packed RGBA and writes one. Its registers
 * are those of an HLS core, which `hls` would drive too, from a line of text; here they stand for anybody's. On the
 * emulated board:
 *
 *   xlnk-emulate --core negative=invert -- own-accelerator
 *
 * Builds with nothing but `pkg-config --cflags --libs gstreamer-xlnk-1.0 gstreamer-app-1.0`.
 */
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/xlnk/xlnk.h>

/*** the hardware ***/

#define CONTROL 0x00            /* writing START starts; DONE clears when it is read */
#define START 0x1
#define DONE 0x2
#define IDLE 0x4
#define INTERRUPTS 0x04         /* 1: on */
#define INTERRUPT_ENABLE 0x08   /* 1: when done */
#define INTERRUPT_STATUS 0x0c   /* a bit that is written toggles */
#define SOURCE 0x10             /* 64 bits each */
#define DESTINATION 0x1c
#define WIDTH 0x28
#define HEIGHT 0x30

/*** its accelerator ***/

#define NEGATIVE_TYPE (negative_get_type ())
G_DECLARE_FINAL_TYPE (Negative, negative, NEGATIVE, ACCELERATOR, GstXlnkAccelerator)

struct _Negative
{
  GstXlnkAccelerator parent;

  gchar *uio;
  GstXlnkRegisters *registers;
  GstVideoInfo info;
};

G_DEFINE_TYPE (Negative, negative, GST_TYPE_XLNK_ACCELERATOR)

/* accelerator="negative,uio=NAME": what xlnkaccel was given. */
static gboolean
negative_describe (GstXlnkAccelerator * accelerator, const GstStructure * description, GError ** error)
{
  Negative *self = NEGATIVE_ACCELERATOR (accelerator);

  self->uio = g_strdup (gst_structure_get_string (description, "uio"));
  if (self->uio && gst_structure_n_fields (description) == 1)
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_DESCRIPTION, "negative has one field: uio=NAME");
  return FALSE;
}

static void
write_address (Negative * self, gsize offset, guint64 address)
{
  gst_xlnk_registers_write (self->registers, offset, (guint32) address);
  gst_xlnk_registers_write (self->registers, offset + 4, (guint32) (address >> 32));
}

/* FALSE if it still runs what somebody has started: then its memory is not ours to give back. */
static gboolean
check_idle (Negative * self, GError ** error)
{
  if (gst_xlnk_registers_read (self->registers, CONTROL) & IDLE)
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_IDLE, "%s still runs, and only its reset line stops it",
      gst_xlnk_registers_get_name (self->registers));
  return FALSE;
}

static void
negative_close (GstXlnkAccelerator * accelerator)
{
  Negative *self = NEGATIVE_ACCELERATOR (accelerator);

  if (!self->registers)
    return;
  gst_xlnk_registers_write (self->registers, INTERRUPTS, 0);
  gst_xlnk_registers_close (self->registers);
  self->registers = NULL;
}

static gboolean
negative_open (GstXlnkAccelerator * accelerator, GError ** error)
{
  Negative *self = NEGATIVE_ACCELERATOR (accelerator);

  self->registers = gst_xlnk_registers_open_uio (self->uio, error);
  if (!self->registers)
    return FALSE;
  if (check_idle (self, error))
    return TRUE;
  negative_close (accelerator);
  return FALSE;
}

/* It is told no stride: rows that upstream pads for its own sake are copied before they come here. */
static gboolean
negative_needs_default_layout (GstXlnkAccelerator * accelerator, const GstVideoInfo * info)
{
  (void) accelerator;
  (void) info;
  return TRUE;
}

static gboolean
negative_configure (GstXlnkAccelerator * accelerator, GstCaps * in_caps, GstCaps * out_caps, GError ** error)
{
  Negative *self = NEGATIVE_ACCELERATOR (accelerator);

  if (in_caps && gst_caps_is_fixed (in_caps) && gst_video_info_from_caps (&self->info, in_caps)
      && GST_VIDEO_INFO_FORMAT (&self->info) == GST_VIDEO_FORMAT_RGBA && out_caps
      && gst_caps_is_equal (in_caps, out_caps))
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_CAPS, "this core does RGBA video, and nothing else");
  return FALSE;
}

/* Reads and acknowledges the interrupt. */
static void
acknowledge (Negative * self)
{
  guint32 status = gst_xlnk_registers_read (self->registers, INTERRUPT_STATUS);

  gst_xlnk_registers_write (self->registers, INTERRUPT_STATUS, status & 1);
  gst_xlnk_registers_read (self->registers, INTERRUPTS);        /* the write has arrived */
}

static gboolean
negative_submit (GstXlnkAccelerator * accelerator, const GstXlnkJob * job, GError ** error)
{
  Negative *self = NEGATIVE_ACCELERATOR (accelerator);
  gboolean packed = job->in.stride[0] == 4 * GST_VIDEO_INFO_WIDTH (&self->info)
      && job->out.stride[0] == job->in.stride[0];

  if (!packed) {
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_CAPS, "this core needs packed rows");
    return FALSE;
  }
  if (!check_idle (self, error))
    return FALSE;
  gst_xlnk_registers_write (self->registers, INTERRUPTS, 0);
  acknowledge (self);
  gst_xlnk_registers_arm_interrupt (self->registers);
  gst_xlnk_registers_write (self->registers, INTERRUPT_ENABLE, 1);
  gst_xlnk_registers_write (self->registers, INTERRUPTS, gst_xlnk_registers_has_interrupt (self->registers));

  write_address (self, SOURCE, job->in.phys_addr[0]);
  write_address (self, DESTINATION, job->out.phys_addr[0]);
  gst_xlnk_registers_write (self->registers, WIDTH, GST_VIDEO_INFO_WIDTH (&self->info));
  gst_xlnk_registers_write (self->registers, HEIGHT, GST_VIDEO_INFO_HEIGHT (&self->info));
  gst_xlnk_registers_barrier ();
  gst_xlnk_registers_write (self->registers, CONTROL, START);
  return TRUE;
}

static GstXlnkProgress
look (GstXlnkRegisters * registers, gpointer user_data)
{
  guint32 control = gst_xlnk_registers_read (registers, CONTROL);

  acknowledge (user_data);
  return control & DONE ? GST_XLNK_PROGRESS_DONE : GST_XLNK_PROGRESS_NONE;
}

/* Sleeps until the interrupt, or until set_flushing, which the base class does with our registers. */
static GstXlnkWait
negative_wait (GstXlnkAccelerator * accelerator, gint64 deadline, GError ** error)
{
  Negative *self = NEGATIVE_ACCELERATOR (accelerator);
  GstXlnkWait result = gst_xlnk_registers_wait_interrupt (self->registers, deadline, look, self);

  (void) error;                 /* this core knows no failure */
  if (result == GST_XLNK_WAIT_DONE)
    gst_xlnk_registers_barrier ();
  return result;
}

static gboolean
negative_reset (GstXlnkAccelerator * accelerator, GError ** error)
{
  return check_idle (NEGATIVE_ACCELERATOR (accelerator), error);
}

/* For error messages. CONTROL is not read: DONE would be gone. */
static gchar *
negative_describe_state (GstXlnkAccelerator * accelerator)
{
  Negative *self = NEGATIVE_ACCELERATOR (accelerator);

  return g_strdup_printf ("interrupts %u, width %u, height %u", gst_xlnk_registers_read (self->registers, INTERRUPTS),
      gst_xlnk_registers_read (self->registers, WIDTH), gst_xlnk_registers_read (self->registers, HEIGHT));
}

static GstXlnkRegisters *
negative_get_registers (GstXlnkAccelerator * accelerator)
{
  return NEGATIVE_ACCELERATOR (accelerator)->registers;
}

static void
negative_finalize (GObject * object)
{
  negative_close (GST_XLNK_ACCELERATOR (object));
  g_free (NEGATIVE_ACCELERATOR (object)->uio);
  G_OBJECT_CLASS (negative_parent_class)->finalize (object);
}

static void
negative_class_init (NegativeClass * klass)
{
  GstXlnkAcceleratorClass *accelerator_class = GST_XLNK_ACCELERATOR_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = negative_finalize;
  accelerator_class->describe = negative_describe;
  accelerator_class->open = negative_open;
  accelerator_class->configure = negative_configure;
  accelerator_class->submit = negative_submit;
  accelerator_class->wait = negative_wait;
  accelerator_class->reset = negative_reset;
  accelerator_class->describe_state = negative_describe_state;
  accelerator_class->close = negative_close;
  accelerator_class->get_registers = negative_get_registers;
  accelerator_class->needs_default_layout = negative_needs_default_layout;
}

static void
negative_init (Negative * self)
{
  (void) self;
}

/*** the application ***/

#define LAUNCH "videotestsrc num-buffers=30 pattern=white ! video/x-raw,format=RGBA,width=640,height=360" \
    " ! xlnkaccel accelerator=\"negative,uio=(string)%s\" ! appsink name=sink sync=false"

/* White has become black (and alpha 0, which this core inverts like the rest). */
static gboolean
is_black (GstSample * sample)
{
  GstMapInfo map;
  gboolean black = TRUE;

  if (!gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ))
    return FALSE;
  for (gsize i = 0; i < map.size; i++)
    black &= map.data[i] == 0;
  gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
  return black;
}

static guint
count_black_frames (GstElement * pipeline)
{
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstSample *sample;
  guint frames = 0;

  while ((sample = gst_app_sink_pull_sample (GST_APP_SINK (sink)))) {
    frames += is_black (sample);
    gst_sample_unref (sample);
  }
  gst_object_unref (sink);
  return frames;
}

static void
print_error (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  GError *error = NULL;

  if (message) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("%s\n", error->message);
    g_error_free (error);
    gst_message_unref (message);
  }
  gst_object_unref (bus);
}

int
main (int argc, char **argv)
{
  GstElement *pipeline;
  GError *error = NULL;
  gchar *launch;
  guint frames = 0;

  gst_init (&argc, &argv);
  gst_xlnk_accelerator_register ("negative", NEGATIVE_TYPE);

  launch = g_strdup_printf (LAUNCH, argc > 1 ? argv[1] : "negative");
  pipeline = gst_parse_launch (launch, &error);
  g_free (launch);
  if (error) {                  /* there may be a pipeline all the same, without what it did not find */
    g_printerr ("%s\n", error->message);
    g_error_free (error);
    if (pipeline)
      gst_object_unref (pipeline);
    return 1;
  }
  if (gst_element_set_state (pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
    frames = count_black_frames (pipeline);
  print_error (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);

  g_print ("%u frames of white have become black\n", frames);
  return frames == 30 ? 0 : 1;
}
