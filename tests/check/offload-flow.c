/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload-flow.c: what upstream is told, and downstream sees, of frames that were in flight while something else happened.
 * The core is the test's own: it is done when somebody waits for it, and touches no memory.
 */
#include "accelcheck.h"

/*** a core that waits for the test ***/

typedef struct
{
  GstXlnkAccelerator parent;
} Gate;

typedef GstXlnkAcceleratorClass GateClass;

GType gate_get_type (void);
G_DEFINE_TYPE (Gate, gate, GST_TYPE_XLNK_ACCELERATOR)

static gboolean gate_fails;
static GstXlnkAcceleratorMode gate_mode;
static guint gate_jobs;

static GstXlnkAcceleratorMode
gate_get_mode (GstXlnkAccelerator * accelerator G_GNUC_UNUSED)
{
  return gate_mode;
}

static gboolean
gate_submit (GstXlnkAccelerator * accelerator G_GNUC_UNUSED, const GstXlnkJob * job G_GNUC_UNUSED,
    GError ** error G_GNUC_UNUSED)
{
  gate_jobs++;
  return TRUE;
}

/* It opens for who must have the result; a mere look at it has a deadline that has passed. */
static GstXlnkWait
gate_wait (GstXlnkAccelerator * accelerator G_GNUC_UNUSED, gint64 deadline, GError ** error)
{
  if (deadline <= g_get_monotonic_time ())
    return GST_XLNK_WAIT_TIMEOUT;
  if (!gate_fails)
    return GST_XLNK_WAIT_DONE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_FAILED, "the gate is stuck");
  return GST_XLNK_WAIT_ERROR;
}

static gboolean
gate_reset (GstXlnkAccelerator * accelerator G_GNUC_UNUSED, GError ** error G_GNUC_UNUSED)
{
  return TRUE;
}

static void
gate_class_init (GateClass * klass)
{
  klass->get_mode = gate_get_mode;
  klass->submit = gate_submit;
  klass->wait = gate_wait;
  klass->reset = gate_reset;
}

static void
gate_init (Gate * self G_GNUC_UNUSED)
{
}

static void
setup (void)
{
  xlnk_check_setup ();
  gst_xlnk_accelerator_register ("gate", gate_get_type ());
  gate_fails = FALSE;
  gate_jobs = 0;
  gate_mode = GST_XLNK_ACCELERATOR_TRANSFORM;
}

static GstBuffer *
make_frame (guint number, guint flags)
{
  GstBuffer *buffer = accel_xlnk_buffer (SIZE_RGBA, number);

  GST_BUFFER_PTS (buffer) = number * (GST_SECOND / 30);
  GST_BUFFER_FLAG_SET (buffer, flags);
  return buffer;
}

static GstHarness *
make_harness (guint depth)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", "gate", "queue-depth", depth, NULL);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  return h;
}

static void
push_frames (GstHarness * h, guint n)
{
  for (guint i = 0; i < n; i++)
    fail_unless_equals_int (gst_harness_push (h, make_frame (i, i == 0 ? GST_BUFFER_FLAG_DISCONT : 0)), GST_FLOW_OK);
}

/*** what upstream is told ***/

static guint taken, enough;
static GstFlowReturn answer;
static GstBuffer *kept;         /* the last, as sinks do */

static GstFlowReturn
take_enough (GstPad * pad G_GNUC_UNUSED, GstObject * parent G_GNUC_UNUSED, GstBuffer * buffer)
{
  gst_buffer_replace (&kept, buffer);
  gst_buffer_unref (buffer);
  return ++taken >= enough ? GST_FLOW_EOS : GST_FLOW_OK;
}

static void
let_downstream_take (GstHarness * h, guint n)
{
  taken = 0;
  enough = n;
  gst_pad_set_chain_function (h->sinkpad, take_enough);
}

static void
drop_harness (GstHarness * h)
{
  gst_buffer_replace (&kept, NULL);
  accel_harness_done (h);
}

static GstEvent *
make_gap (void)
{
  return gst_event_new_gap (GST_SECOND, GST_SECOND);
}

GST_START_TEST (the_first_frame_does_not_make_each_one_wait)
{
  GstHarness *h = make_harness (3);

  push_frames (h, 2);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 0);
  push_frames (h, 1);           /* marked discontinuous: what was in flight comes first */
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 2);
  accel_harness_done (h);
}
GST_END_TEST

/* As a sink that wants so many buffers does. */
GST_START_TEST (upstream_learns_when_downstream_has_enough)
{
  GstHarness *h = make_harness (2);

  let_downstream_take (h, 2);
  push_frames (h, 2);
  fail_unless_equals_int (gst_harness_push (h, make_frame (2, 0)), GST_FLOW_EOS);
  fail_unless_equals_int (taken, 2);
  drop_harness (h);
}
GST_END_TEST

static GstFlowReturn
refuse (GstPad * pad G_GNUC_UNUSED, GstObject * parent G_GNUC_UNUSED, GstBuffer * buffer)
{
  gst_buffer_unref (buffer);
  return answer;
}

/* Nobody comes after it, and an application waits. */
GST_START_TEST (what_was_said_to_the_last_frames_is_no_secret)
{
  static const GstFlowReturn answers[] = { GST_FLOW_NOT_LINKED, GST_FLOW_NOT_NEGOTIATED, GST_FLOW_ERROR, GST_FLOW_EOS };
  GstHarness *h = make_harness (4);

  answer = answers[__i__];
  gst_pad_set_chain_function (h->sinkpad, refuse);
  push_frames (h, 2);
  fail_unless_equals_int (gst_harness_push_event (h, gst_event_new_eos ()), answer == GST_FLOW_EOS);
  if (__i__ < 2)
    accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "data stream");
  /* And the next stream has nothing to do with it. */
  let_downstream_take (h, 9);
  gst_harness_push_event (h, gst_event_new_stream_start ("next"));
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  push_frames (h, 2);
  drop_harness (h);
}
GST_END_TEST

GST_START_TEST (upstream_learns_what_was_said_to_frames_before_an_event)
{
  GstHarness *h = make_harness (3);
  guint jobs;

  let_downstream_take (h, 1);
  push_frames (h, 2);
  gst_harness_push_event (h, make_gap ());
  fail_unless_equals_int (taken, 1);
  jobs = gate_jobs;
  fail_unless_equals_int (gst_harness_push (h, make_frame (2, 0)), GST_FLOW_EOS);
  fail_unless_equals_int (gate_jobs, jobs);
  drop_harness (h);
}
GST_END_TEST

GST_START_TEST (upstream_learns_what_was_said_to_frames_before_a_discontinuity)
{
  GstHarness *h = make_harness (3);

  let_downstream_take (h, 1);
  push_frames (h, 1);
  fail_unless_equals_int (gst_harness_push (h, make_frame (1, GST_BUFFER_FLAG_DISCONT)), GST_FLOW_EOS);
  drop_harness (h);
}
GST_END_TEST

GST_START_TEST (upstream_learns_of_a_job_that_failed_before_an_event)
{
  GstHarness *h = make_harness (3);

  push_frames (h, 1);
  gate_fails = TRUE;
  gst_harness_push_event (h, make_gap ());
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "stuck");
  fail_unless_equals_int (gst_harness_push (h, make_frame (1, 0)), GST_FLOW_ERROR);
  gate_fails = FALSE;
  drop_harness (h);
}
GST_END_TEST

/* The pool has less than the queue, and downstream keeps a buffer: to get another one, what is in flight goes there. That it
 * wants no more is known before the next job. */
GST_START_TEST (upstream_learns_what_was_said_when_the_pool_was_empty)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", "gate", "queue-depth", 2, "max-buffers", 2, NULL);
  GstFlowReturn ret = GST_FLOW_OK;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  let_downstream_take (h, 3);
  for (guint i = 0; i < 10 && ret == GST_FLOW_OK; i++)
    ret = gst_harness_push (h, make_frame (i, 0));
  fail_unless_equals_int (ret, GST_FLOW_EOS);
  fail_unless_equals_int (taken, 3);
  fail_unless_equals_int (gate_jobs, 3);
  drop_harness (h);
}
GST_END_TEST

GST_START_TEST (a_flush_forgets_what_was_said)
{
  GstHarness *h = make_harness (3);
  GstSegment segment;

  let_downstream_take (h, 1);
  push_frames (h, 1);
  gst_harness_push_event (h, make_gap ());
  fail_unless_equals_int (taken, 1);
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  enough = G_MAXUINT;
  push_frames (h, 1);
  drop_harness (h);
}
GST_END_TEST

/*** what downstream sees ***/

static void
tell_lateness (GstHarness * h, GstClockTime time)
{
  gst_harness_push_upstream_event (h, gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.0, 0, time));
}

/* The base class marks the next buffer that comes out, which was before the gap. */
GST_START_TEST (the_frame_behind_one_that_was_late_is_marked)
{
  GstHarness *h = make_harness (3);
  GstBuffer *buffer;

  g_object_set (h->element, "qos", TRUE, NULL);
  push_frames (h, 2);
  tell_lateness (h, 2 * (GST_SECOND / 30));
  fail_unless_equals_int (gst_harness_push (h, make_frame (2, 0)), GST_FLOW_OK);
  fail_unless_equals_int (gst_harness_push (h, make_frame (3, 0)), GST_FLOW_OK);
  fail_unless_equals_int (gst_harness_push (h, make_frame (4, 0)), GST_FLOW_OK);
  gst_harness_push_event (h, make_gap ());
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 4);
  for (guint number = 0; number < 5; number++) {
    if (number == 2)            /* it was late */
      continue;
    buffer = gst_harness_pull (h);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), number * (GST_SECOND / 30));
    if (number >= 3)
      fail_unless_equals_int (GST_BUFFER_IS_DISCONT (buffer), number == 3);
    gst_buffer_unref (buffer);
  }
  accel_harness_done (h);
}
GST_END_TEST

static gboolean
is_gap_behind (GstXlnkAcceleratorMode mode)
{
  GstHarness *h;
  GstBuffer *buffer;
  gboolean gap;

  gate_mode = mode;
  h = make_harness (1);
  buffer = accel_push_and_pull (h, make_frame (0, GST_BUFFER_FLAG_GAP));
  gap = GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP);
  gst_buffer_unref (buffer);
  accel_harness_done (h);
  return gap;
}

/* Nobody knows what a core makes of silence. */
GST_START_TEST (what_a_core_wrote_is_no_gap)
{
  fail_if (is_gap_behind (GST_XLNK_ACCELERATOR_TRANSFORM));
  fail_if (is_gap_behind (GST_XLNK_ACCELERATOR_IN_PLACE));
  fail_if (is_gap_behind (GST_XLNK_ACCELERATOR_WRITE));
  fail_unless (is_gap_behind (GST_XLNK_ACCELERATOR_READ));
}
GST_END_TEST

static Suite *
offload_flow_suite (void)
{
  Suite *suite = suite_create ("offload-flow");
  TCase *test_case = tcase_create ("flow");

  suite_add_tcase (suite, test_case);
  tcase_add_checked_fixture (test_case, setup, xlnk_check_teardown);
  tcase_add_test (test_case, the_first_frame_does_not_make_each_one_wait);
  tcase_add_test (test_case, upstream_learns_when_downstream_has_enough);
  tcase_add_test (test_case, upstream_learns_what_was_said_to_frames_before_an_event);
  tcase_add_loop_test (test_case, what_was_said_to_the_last_frames_is_no_secret, 0, 4);
  tcase_add_test (test_case, upstream_learns_what_was_said_to_frames_before_a_discontinuity);
  tcase_add_test (test_case, upstream_learns_of_a_job_that_failed_before_an_event);
  tcase_add_test (test_case, upstream_learns_what_was_said_when_the_pool_was_empty);
  tcase_add_test (test_case, a_flush_forgets_what_was_said);
  tcase_add_test (test_case, the_frame_behind_one_that_was_late_is_marked);
  tcase_add_test (test_case, what_a_core_wrote_is_no_gap);
  return suite;
}

GST_CHECK_MAIN (offload_flow);
