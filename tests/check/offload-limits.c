/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload-limits.c: where pipelining ends: pools that are too small for it, modes of streaming that have no queue, frames
 * that are none, and a core that nothing brings back. The core is the test's own: it takes as long as it is told, and
 * touches no memory.
 */
#include "accelcheck.h"
#include "offloadcheck.h"

/*** a core of the test's own ***/

G_DECLARE_FINAL_TYPE (Puppet, puppet, TEST, PUPPET, GstXlnkAccelerator)

struct _Puppet
{
  GstXlnkAccelerator parent;
  gint64 end;                   /* of the job, monotonic µs */
};

G_DEFINE_TYPE (Puppet, puppet, GST_TYPE_XLNK_ACCELERATOR)

static gint64 puppet_time;      /* µs for a job; negative: for ever */
static gboolean puppet_is_hasty;        /* says TIMEOUT before the deadline */
static guint puppet_submits, puppet_submits_when_lost, puppet_configures_when_lost;
static gboolean puppet_is_lost; /* a reset has failed, and nobody has closed it since */

static gboolean
puppet_describe (GstXlnkAccelerator * accelerator, const GstStructure * description, GError ** error)
{
  (void) accelerator;
  (void) description;
  (void) error;
  return TRUE;
}

static gboolean
puppet_configure (GstXlnkAccelerator * accelerator, GstCaps * in_caps, GstCaps * out_caps, GError ** error)
{
  (void) accelerator;
  (void) in_caps;
  (void) out_caps;
  (void) error;
  puppet_configures_when_lost += puppet_is_lost;
  return TRUE;
}

static gboolean
puppet_submit (GstXlnkAccelerator * accelerator, const GstXlnkJob * job, GError ** error)
{
  (void) job;
  (void) error;
  puppet_submits++;
  puppet_submits_when_lost += puppet_is_lost;
  TEST_PUPPET (accelerator)->end = puppet_time < 0 ? G_MAXINT64 : g_get_monotonic_time () + puppet_time;
  return TRUE;
}

static GstXlnkWait
puppet_wait (GstXlnkAccelerator * accelerator, gint64 deadline, GError ** error)
{
  gint64 end = TEST_PUPPET (accelerator)->end;
  gint64 until = MIN (end, deadline), now = g_get_monotonic_time ();

  (void) error;
  if (puppet_is_hasty && until > now + 1000)
    until = now + 1000;
  if (until > now)
    g_usleep (until - now);
  return g_get_monotonic_time () >= end ? GST_XLNK_WAIT_DONE : GST_XLNK_WAIT_TIMEOUT;
}

static gboolean
puppet_reset (GstXlnkAccelerator * accelerator, GError ** error)
{
  (void) accelerator;
  if (puppet_time >= 0) {
    puppet_is_lost = FALSE;
    return TRUE;
  }
  puppet_is_lost = TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_IDLE, "nothing stops the puppet");
  return FALSE;
}

static void
puppet_close (GstXlnkAccelerator * accelerator)
{
  (void) accelerator;
  puppet_is_lost = FALSE;
}

static void
puppet_class_init (PuppetClass * klass)
{
  GstXlnkAcceleratorClass *accelerator_class = GST_XLNK_ACCELERATOR_CLASS (klass);

  accelerator_class->describe = puppet_describe;
  accelerator_class->configure = puppet_configure;
  accelerator_class->submit = puppet_submit;
  accelerator_class->wait = puppet_wait;
  accelerator_class->reset = puppet_reset;
  accelerator_class->close = puppet_close;
}

static void
puppet_init (Puppet * self)
{
  (void) self;
}

typedef Puppet PuppetInPlace;
typedef PuppetClass PuppetInPlaceClass;

GType puppet_in_place_get_type (void);
G_DEFINE_TYPE (PuppetInPlace, puppet_in_place, puppet_get_type ())

static GstXlnkAcceleratorMode
puppet_in_place_get_mode (GstXlnkAccelerator * accelerator)
{
  (void) accelerator;
  return GST_XLNK_ACCELERATOR_IN_PLACE;
}

static void
puppet_in_place_class_init (PuppetInPlaceClass * klass)
{
  GST_XLNK_ACCELERATOR_CLASS (klass)->get_mode = puppet_in_place_get_mode;
}

static void
puppet_in_place_init (PuppetInPlace * self)
{
  (void) self;
}

static void
puppet_setup (void)
{
  xlnk_check_setup ();
  gst_xlnk_accelerator_register ("puppet", puppet_get_type ());
  gst_xlnk_accelerator_register ("puppet-in-place", puppet_in_place_get_type ());
  puppet_time = 1000;
}

/*** pools ***/

#define SOURCE "videotestsrc num-buffers=12 ! video/x-raw,format=RGBA,width=320,height=180,framerate=30/1 ! "

static void
run_with_pools_of (guint max_buffers, guint depth, const char *between, const char *mode)
{
  g_autofree char *line = g_strdup_printf (SOURCE "%sxlnkaccel name=accel max-buffers=%u queue-depth=%u "
      "accelerator=\"hls,uio=invert,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30%s\" "
      "! fakesink name=sink sync=false enable-last-sample=true", between, max_buffers, depth, mode);
  g_autoptr (GPtrArray) frames = offload_run (line, NULL);
  g_autoptr (GPtrArray) expected = offload_run (SOURCE "fakesink name=sink", NULL);

  for (guint i = 0; i < expected->len; i++)
    offload_invert (g_ptr_array_index (expected, i));
  offload_compare (frames, expected);
}

/* The frames in flight hold buffers of the very pools that the next frame needs one of. The sink holds one too. */
GST_START_TEST (test_pools_smaller_than_the_queue_do_not_stall)
{
  for (guint max_buffers = 2; max_buffers <= 4; max_buffers++) {
    run_with_pools_of (max_buffers, 4, "", "");
    run_with_pools_of (max_buffers, 4, "identity drop-allocation=true ! ", "");
    run_with_pools_of (max_buffers, 4, "", ",mode=in-place");
    run_with_pools_of (max_buffers, 4, "identity drop-allocation=true ! ", ",mode=in-place");
  }
}

GST_END_TEST;

/* What the core writes is not what upstream lent, so that one buffer of each kind could be in use at a time. */
GST_START_TEST (test_a_sink_that_keeps_the_last_result_does_not_stall_a_limit_of_one)
{
  run_with_pools_of (1, 4, "", "");
  run_with_pools_of (1, 0, "identity drop-allocation=true ! ", "");
}

GST_END_TEST;

/* What passes on its input lends the pool that downstream lends; that pool then feeds both. */
static void
run_before_a_pool_of (guint max_buffers, guint depth, const char *second)
{
  g_autofree char *line = g_strdup_printf (SOURCE "xlnkaccel name=accel queue-depth=%u "
      "accelerator=\"" OFFLOAD_HLS ("invert", ",mode=in-place") "\" ! xlnkaccel max-buffers=%u %s "
      "! fakesink name=sink sync=false enable-last-sample=true", depth, max_buffers, second);
  g_autoptr (GPtrArray) expected = offload_run (SOURCE "fakesink name=sink", NULL);
  GstStructure *stats;
  g_autoptr (GPtrArray) frames = offload_run (line, &stats);

  for (guint i = 0; i < expected->len; i++)
    offload_invert (g_ptr_array_index (expected, i));
  offload_compare (frames, expected);
  fail_unless_equals_uint64 (offload_number (stats, "copies"), 0);
  gst_structure_free (stats);
}

GST_START_TEST (test_a_limited_pool_of_downstream_does_not_stall)
{
  for (guint max_buffers = 1; max_buffers <= 4; max_buffers++) {
    run_before_a_pool_of (max_buffers, 0, "");
    run_before_a_pool_of (max_buffers, 4, "");
  }
  for (guint max_buffers = 2; max_buffers <= 6; max_buffers++)
    run_before_a_pool_of (max_buffers, 3, "queue-depth=2 accelerator=puppet-in-place");
}

GST_END_TEST;

GST_START_TEST (test_a_pool_of_downstream_has_buffers_for_the_frames_in_flight)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (CAPS_RGBA);
  GstBufferPool *pool = gst_xlnk_buffer_pool_new_with_config (xlnk_allocator, caps, 0, 5, 0), *lent;
  Downstream downstream = {.pool = pool,.size = SIZE_RGBA,.min = 5 };
  GstHarness *h = accel_harness_with (&downstream, "accelerator", "puppet-in-place", "queue-depth", 3, NULL);
  GstQuery *query;
  guint min;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  lent = accel_query_pool (query, NULL, &min, NULL);
  fail_unless (lent == pool);
  fail_unless_equals_int (min, 5 + 3);
  gst_object_unref (lent);
  gst_query_unref (query);
  accel_harness_done (h);
  gst_object_unref (pool);
}

GST_END_TEST;

/*** streaming without a queue ***/

GST_START_TEST (test_no_pull_mode_with_a_core)
{
  GstElement *pipeline = gst_parse_launch ("filesrc name=file ! xlnkaccel name=accel accelerator=puppet", NULL);
  GstElement *accel = gst_bin_get_by_name (GST_BIN (pipeline), "accel");
  GstPad *pad = gst_element_get_static_pad (accel, "src");
  GstQuery *query = gst_query_new_scheduling ();

  gst_child_proxy_set (GST_CHILD_PROXY (pipeline), "file::location", "/proc/self/exe", NULL);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  fail_unless (gst_pad_query (pad, query));
  fail_if (gst_query_has_scheduling_mode (query, GST_PAD_MODE_PULL));
  gst_query_unref (query);
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_if (gst_pad_activate_mode (pad, GST_PAD_MODE_PULL, TRUE));
  gst_element_set_state (pipeline, GST_STATE_NULL);

  gst_object_unref (pad);
  gst_object_unref (accel);
  gst_object_unref (pipeline);
}

GST_END_TEST;

/*** a core that nothing brings back ***/

GST_START_TEST (test_a_core_that_could_not_be_reset_gets_no_other_job)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", "puppet", "timeout", 20 * GST_MSECOND, "queue-depth", 3, NULL);

  puppet_time = -1;
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  for (guint i = 0; i < 2; i++)
    fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, i)), GST_FLOW_OK);
  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 2)), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY, "did not answer within 20 ms");
  fail_unless (puppet_is_lost);
  /* Who goes on all the same. */
  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 3)), GST_FLOW_ERROR);
  gst_harness_set_src_caps_str (h, "video/x-raw,format=RGBA,width=32,height=48,framerate=30/1");
  gst_harness_push_event (h, gst_event_new_eos ());
  fail_unless_equals_int (puppet_submits, 1);
  fail_unless_equals_int (puppet_submits_when_lost, 0);
  fail_unless_equals_int (puppet_configures_when_lost, 0);

  /* What the job held is kept, until the core is idle at last. */
  fail_unless_equals_uint64 (accel_stat (h->element, "quarantined-buffers"), 2);
  accel_harness_done (h);
  fail_unless_equals_uint64 (board_live_buffers (), 2);
  puppet_time = 0;
  h = accel_harness_with (NULL, "accelerator", "puppet", NULL);
  accel_harness_done (h);
}

GST_END_TEST;

/* An accelerator of somebody else's may be early with its timeout; the memory must wait all the same. */
GST_START_TEST (test_a_flush_waits_for_the_core_to_be_done)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", "puppet", "queue-depth", 2, NULL);
  gint64 start = g_get_monotonic_time ();

  puppet_time = 100000;
  puppet_is_hasty = TRUE;
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 1)), GST_FLOW_OK);
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  fail_unless (g_get_monotonic_time () - start >= puppet_time);
  accel_harness_done (h);
}

GST_END_TEST;

/*** quality of service ***/

static guint
count_late_buffers_that_pass (const char *caps)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", "puppet", "qos", TRUE, "queue-depth", 1, NULL);
  guint passed;

  gst_harness_set_src_caps_str (h, caps);
  gst_buffer_unref (accel_push_and_pull (h, accel_xlnk_buffer (SIZE_RGBA, 1)));
  gst_harness_push_upstream_event (h, gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.0, GST_SECOND, GST_MSECOND));
  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 2)), GST_FLOW_OK);
  passed = gst_harness_buffers_in_queue (h);
  accel_harness_done (h);
  return passed;
}

/* What follows may need each byte of what is late. */
GST_START_TEST (test_only_raw_video_is_dropped_when_late)
{
  fail_unless_equals_int (count_late_buffers_that_pass (CAPS_RGBA), 0);
  fail_unless_equals_int (count_late_buffers_that_pass ("video/x-h264"), 1);
}

GST_END_TEST;

/*** latency ***/

static guint
count_latency_messages (void)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop_filtered (accel_bus, GST_MESSAGE_LATENCY))) {
    gst_message_unref (message);
    n++;
  }
  return n;
}

/* A frame that waits for the next one, as in a pause, was not all the time in the core. */
GST_START_TEST (test_a_pause_is_no_latency)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", "puppet", "queue-depth", 2, NULL);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 1)), GST_FLOW_OK);
  g_usleep (400000);
  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 2)), GST_FLOW_OK);
  gst_buffer_unref (gst_harness_pull (h));
  fail_unless (gst_harness_query_latency (h) >= GST_SECOND / 30);
  fail_unless (gst_harness_query_latency (h) <= 3 * GST_SECOND / 30);
  accel_harness_done (h);
}

GST_END_TEST;

GST_START_TEST (test_a_new_frame_rate_announces_a_new_latency)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", "puppet", "queue-depth", 2, NULL);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 1)), GST_FLOW_OK);
  count_latency_messages ();
  gst_harness_set_src_caps_str (h, "video/x-raw,format=RGBA,width=64,height=48,framerate=5/1");
  count_latency_messages ();    /* of the frame that the new caps drained */
  gst_harness_set_src_caps_str (h, "video/x-raw,format=RGBA,width=64,height=48,framerate=2/1");
  fail_unless_equals_int (count_latency_messages (), 1);
  fail_unless (gst_harness_query_latency (h) >= GST_SECOND / 2);
  accel_harness_done (h);
}

GST_END_TEST;

/*** frames that are none ***/

static void
refuse_empty_buffer (gboolean require_zero_copy, GQuark domain, gint code)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", "puppet", "require-zero-copy", require_zero_copy, NULL);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  fail_unless_equals_int (gst_harness_push (h, gst_buffer_new ()), GST_FLOW_ERROR);
  accel_expect_error (domain, code, "empty");
  fail_unless_equals_int (puppet_submits, 0);
  accel_harness_done (h);
}

GST_START_TEST (test_an_empty_buffer_is_refused)
{
  refuse_empty_buffer (FALSE, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED);
  refuse_empty_buffer (TRUE, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED);
}

GST_END_TEST;

/* The core is told the size in the caps, and would read past the end. */
GST_START_TEST (test_a_frame_smaller_than_its_caps_is_refused)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", "puppet", NULL);
  GstBuffer *buffer = accel_xlnk_buffer (SIZE_RGBA / 2, 1);

  gst_buffer_add_video_meta (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGBA, 64, 24);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "64x24");
  fail_unless_equals_int (puppet_submits, 0);
  accel_harness_done (h);
}

GST_END_TEST;

/* What comes out is memory of ours, whatever the caps say. */
GST_START_TEST (test_caps_of_other_memory_are_refused)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", "puppet", NULL);

  gst_harness_set_src_caps_str (h, "video/x-raw(memory:DMABuf),format=RGBA,width=64,height=48,framerate=30/1");
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "system memory");
  accel_harness_done (h);
}

GST_END_TEST;

static Suite *
offload_limits_suite (void)
{
  Suite *suite = suite_create ("offload-limits");
  TCase *tcase = tcase_create ("limits");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, puppet_setup, xlnk_check_teardown);
  tcase_add_test (tcase, test_pools_smaller_than_the_queue_do_not_stall);
  tcase_add_test (tcase, test_a_sink_that_keeps_the_last_result_does_not_stall_a_limit_of_one);
  tcase_add_test (tcase, test_a_limited_pool_of_downstream_does_not_stall);
  tcase_add_test (tcase, test_a_pool_of_downstream_has_buffers_for_the_frames_in_flight);
  tcase_add_test (tcase, test_no_pull_mode_with_a_core);
  tcase_add_test (tcase, test_a_core_that_could_not_be_reset_gets_no_other_job);
  tcase_add_test (tcase, test_a_flush_waits_for_the_core_to_be_done);
  tcase_add_test (tcase, test_only_raw_video_is_dropped_when_late);
  tcase_add_test (tcase, test_a_pause_is_no_latency);
  tcase_add_test (tcase, test_a_new_frame_rate_announces_a_new_latency);
  tcase_add_test (tcase, test_an_empty_buffer_is_refused);
  tcase_add_test (tcase, test_a_frame_smaller_than_its_caps_is_refused);
  tcase_add_test (tcase, test_caps_of_other_memory_are_refused);
  return suite;
}

GST_CHECK_MAIN (offload_limits);
