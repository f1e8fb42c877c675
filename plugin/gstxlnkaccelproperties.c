/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelproperties.c: the properties of xlnkaccel.
 */
#include "gstxlnkaccelproperties.h"

#include "gstxlnkaccelstats.h"

#define DEFAULT_CACHEABLE TRUE
#define DEFAULT_REQUIRE_ZERO_COPY FALSE
#define DEFAULT_MAX_BUFFERS 0
#define DEFAULT_QUEUE_DEPTH 0
#define DEFAULT_TIMEOUT GST_SECOND
#define MAX_QUEUE_DEPTH 64      /* frames; each one is a buffer of contiguous memory, or two */

enum
{
  PROP_0,
  PROP_DEVICE,
  PROP_ACCELERATOR,
  PROP_CACHEABLE,
  PROP_REQUIRE_ZERO_COPY,
  PROP_MAX_BUFFERS,
  PROP_OUTPUT_CAPS,
  PROP_QUEUE_DEPTH,
  PROP_TIMEOUT,
  PROP_STATS,
};

static void
set_property (GObject * object, guint id, const GValue * value, GParamSpec * pspec)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_DEVICE:
      g_free (self->device);
      self->device = g_value_dup_string (value);
      break;
    case PROP_ACCELERATOR:
      g_free (self->accelerator);
      self->accelerator = g_value_dup_string (value);
      break;
    case PROP_CACHEABLE:
      self->settings.cacheable = g_value_get_boolean (value);
      break;
    case PROP_REQUIRE_ZERO_COPY:
      self->settings.require_zero_copy = g_value_get_boolean (value);
      break;
    case PROP_MAX_BUFFERS:
      self->settings.max_buffers = g_value_get_uint (value);
      break;
    case PROP_OUTPUT_CAPS:
      gst_caps_replace (&self->output_caps, (GstCaps *) gst_value_get_caps (value));
      break;
    case PROP_QUEUE_DEPTH:
      self->settings.queue_depth = g_value_get_uint (value);
      break;
    case PROP_TIMEOUT:
      self->settings.timeout = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
get_property (GObject * object, guint id, GValue * value, GParamSpec * pspec)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (object);

  if (id == PROP_STATS) {       /* takes the lock itself */
    g_value_take_boxed (value, gst_xlnk_accel_stats_to_structure (self));
    return;
  }

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_DEVICE:
      g_value_set_string (value, self->device);
      break;
    case PROP_ACCELERATOR:
      g_value_set_string (value, self->accelerator);
      break;
    case PROP_CACHEABLE:
      g_value_set_boolean (value, self->settings.cacheable);
      break;
    case PROP_REQUIRE_ZERO_COPY:
      g_value_set_boolean (value, self->settings.require_zero_copy);
      break;
    case PROP_MAX_BUFFERS:
      g_value_set_uint (value, self->settings.max_buffers);
      break;
    case PROP_OUTPUT_CAPS:
      gst_value_set_caps (value, self->output_caps);
      break;
    case PROP_QUEUE_DEPTH:
      g_value_set_uint (value, self->settings.queue_depth);
      break;
    case PROP_TIMEOUT:
      g_value_set_uint64 (value, self->settings.timeout);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
install_buffer_properties (GObjectClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * GstXlnkAccel:device:
   *
   * The device node of the driver, or `auto` to look for one. Unset: what the environment variable `GST_XLNK_DEVICE`
   * says, else `auto`. It is opened when the element leaves NULL.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_DEVICE,
      g_param_spec_string ("device", "Device",
          "Device node, or 'auto'; unset: the environment variable "
          "GST_XLNK_DEVICE, else 'auto'. Opened when the element leaves NULL",
          NULL, flags));

  /**
   * GstXlnkAccel:cacheable:
   *
   * Whether the CPU caches the buffers. Uncached ones need no cache maintenance, but the CPU reads them very slowly, and
   * an unaligned access to them raises SIGBUS.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_CACHEABLE,
      g_param_spec_boolean ("cacheable", "Cacheable",
          "Whether the CPU caches the buffers. Uncached buffers need no cache "
          "maintenance, but reading them is very slow and an unaligned access "
          "raises SIGBUS", DEFAULT_CACHEABLE, flags | GST_PARAM_MUTABLE_READY));

  /**
   * GstXlnkAccel:require-zero-copy:
   *
   * Whether a buffer that would have to be copied is an error, which names the element that it came from and the reason.
   * Copies that others make of contiguous memory are no errors: `memory-copies` in #GstXlnkAccel:stats counts them.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_REQUIRE_ZERO_COPY,
      g_param_spec_boolean ("require-zero-copy", "Require zero copy",
          "Stop with an error where xlnkaccel would have to copy a buffer. Copies that other elements make of "
          "contiguous memory are not noticed here, but counted in stats (memory-copies)",
          DEFAULT_REQUIRE_ZERO_COPY, flags | GST_PARAM_MUTABLE_PLAYING));

  /**
   * GstXlnkAccel:max-buffers:
   *
   * How many buffers each pool may have: the one lent to upstream, the one for copies, and the one that an accelerator
   * writes to, which has two even if this is 1: a sink keeps its last buffer until the next one comes. For the same reason 1
   * stops the pipeline before such a sink where it is upstream's buffers that pass on: without an accelerator, or with one
   * that works in them. 0 is no limit. With fewer than #GstXlnkAccel:queue-depth needs, fewer frames are in flight. Where
   * downstream lends a pool of contiguous memory with a limit of its own, that pool is passed on to upstream, unless it is
   * too small for the frames in flight.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_MAX_BUFFERS,
      g_param_spec_uint ("max-buffers", "Maximum buffers",
          "Limit of each pool, the one lent to upstream, the one for copies and the one that an accelerator writes "
          "to (at least 2), in buffers; limits queue-depth too. Where upstream's buffers pass on, 1 is not enough for a "
          "sink that keeps its last one (0 = no limit)", 0, G_MAXUINT, DEFAULT_MAX_BUFFERS,
          flags | GST_PARAM_MUTABLE_READY));
}

static void
install_accelerator_properties (GObjectClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * GstXlnkAccel:accelerator:
   *
   * What works on the buffers, as the text of a #GstStructure: `passthrough`, `hls`, `axidma`, or what was registered with
   * gst_xlnk_accelerator_register(), with the fields that it knows. It is opened when the element leaves NULL, and again
   * when it leaves READY.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_ACCELERATOR,
      g_param_spec_string ("accelerator", "Accelerator",
          "What works on the buffers, as a GstStructure: '" GST_XLNK_ACCEL_PASSTHROUGH
          "' (nothing: contiguous buffers pass untouched), 'hls' (a core made with HLS), 'axidma' (an AXI DMA "
          "engine), or one that a program registered. Unset: passthrough",
          NULL, flags | GST_PARAM_MUTABLE_READY));

  /**
   * GstXlnkAccel:output-caps:
   *
   * The fields of the caps that are different behind the accelerator. It is an error where nothing is made: without an
   * accelerator, or with one that only reads. With one that works in the buffer that comes in, so is raw video of another
   * format, width, height or interlacing than what comes in; other caps only give its bytes another name. A change counts
   * from when the element leaves READY.
   *
   * What goes in may be anything: `video/x-raw,format=RGB` can be made of `video/x-bayer` too, which has the size and the
   * rate that are not named here. Of bytes and of a stream without caps, all has to be named.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_OUTPUT_CAPS,
      g_param_spec_boxed ("output-caps", "Output caps",
          "What comes out of the accelerator where it differs from what goes in, such as "
          "video/x-raw,format=GRAY8; fields that are not named stay as they are, so that of bytes, or of a stream without "
          "caps, all have to be named. Unset: the same comes out. An error where nothing is made: without an "
          "accelerator, or with one that only reads; and where the accelerator works in the buffer that comes in and video "
          "would have another layout",
          GST_TYPE_CAPS, flags | GST_PARAM_MUTABLE_READY));

  /**
   * GstXlnkAccel:queue-depth:
   *
   * How many frames are in flight. With 2, upstream makes a frame while the accelerator works on the one before; each
   * frame beyond the first one is a frame of latency. 0: 1 in a live pipeline and where the frame rate is not known, else 2.
   * A source that waits for each result before it makes the next frame needs 1: with more, a result comes out when a
   * later frame goes in, or at the end.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_QUEUE_DEPTH,
      g_param_spec_uint ("queue-depth", "Queue depth",
          "How many frames are in flight: with 2, upstream makes the next one while the accelerator works "
          "(0 = automatic: 1 in a live pipeline or without a frame rate, else 2). A source that waits for each result "
          "before it makes the next frame needs 1", 0, MAX_QUEUE_DEPTH,
          DEFAULT_QUEUE_DEPTH, flags | GST_PARAM_MUTABLE_READY));

  /**
   * GstXlnkAccel:timeout:
   *
   * How long the accelerator may take for one frame, in ns, before it counts as dead. It is reset then; buffers of one that
   * does not stop stay allocated, since it may still write to them.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_TIMEOUT,
      g_param_spec_uint64 ("timeout", "Timeout",
          "How long the accelerator may take for one frame, in ns, before it counts as dead", GST_MSECOND,
          3600 * GST_SECOND, DEFAULT_TIMEOUT, flags | GST_PARAM_MUTABLE_READY));
}

static void
install_stats (GObjectClass * klass)
{
  /**
   * GstXlnkAccel:stats:
   *
   * A #GstStructure `xlnkaccel-stats` of #guint64, which is also posted at the end of the stream. Since the element left
   * READY, of its own: `frames`, `copies` and `copied-bytes` of frames that it had to copy, `runtime-allocations` of
   * buffers, `core-time` in ns. Since then, of this process and device: `flushed-bytes`, `invalidated-bytes`, and
   * `memory-copies`, which GStreamer made of contiguous memory for somebody else. As it is now: `live-buffers`,
   * `cma-free`, `cma-total`; with an accelerator `lost-interrupts`, `spurious-interrupts`, `quarantined-buffers`.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Structure '" GST_XLNK_ACCEL_STATS_NAME "' of guint64 since the "
          "element left READY: frames, copies, copied-bytes, "
          "runtime-allocations (buffers), core-time (ns); of this process and "
          "device: flushed-bytes, invalidated-bytes, memory-copies (by other elements, of contiguous memory), "
          "live-buffers; of the system, in bytes: cma-free, cma-total; with an "
          "accelerator: lost-interrupts, spurious-interrupts, quarantined-buffers (of this process: those that cores "
          "which do not answer may still write to)", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
gst_xlnk_accel_install_properties (GObjectClass * klass)
{
  klass->set_property = set_property;
  klass->get_property = get_property;
  install_buffer_properties (klass);
  install_accelerator_properties (klass);
  install_stats (klass);
}

void
gst_xlnk_accel_init_properties (GstXlnkAccel * self)
{
  self->settings.cacheable = DEFAULT_CACHEABLE;
  self->settings.require_zero_copy = DEFAULT_REQUIRE_ZERO_COPY;
  self->settings.max_buffers = DEFAULT_MAX_BUFFERS;
  self->settings.queue_depth = DEFAULT_QUEUE_DEPTH;
  self->settings.timeout = DEFAULT_TIMEOUT;
}
