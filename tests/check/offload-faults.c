/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload-faults.c: cores that misbehave. Each fault is an element error of its own, within the timeout; what the core
 * may still write to is kept from everybody; and the pipeline starts again as soon as the hardware can.
 *
 * The cores are the board's, so each case has one to itself.
 */
#include <dlfcn.h>

#include "../../emulator/xlnkemulator.h"
#include "offloadcheck.h"

#define TIMEOUT_MS 300
#define STRIDES ",src-stride=0x38,dst-stride=0x40,format=0x48"
#define SOURCE "videotestsrc num-buffers=10 ! video/x-raw,format=RGBA,width=320,height=180 ! "
#define ACCEL(description) "xlnkaccel name=accel timeout=300000000 accelerator=\"" description "\" "

static GstElement *
make_pipeline (const char *accel)
{
  g_autofree char *line = g_strconcat (SOURCE, accel, "! fakesink name=sink", NULL);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  fail_unless (pipeline != NULL && error == NULL, "%s", error ? error->message : line);
  return pipeline;
}

/* Plays until the first message of an end; NULL if that is EOS, else the element's error. */
static GError *
play (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GError *error = NULL;
  GstMessage *message;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL, "the pipeline neither ends nor fails");
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    fail_unless (g_str_has_prefix (GST_MESSAGE_SRC_NAME (message), "accel"), "%s", error->message);
  }
  gst_message_unref (message);
  gst_object_unref (bus);
  return error;
}

static void
stop (GstElement * pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

static void
expect_error (GstElement * pipeline, GQuark domain, gint code, const char *text)
{
  g_autoptr (GError) error = play (pipeline);

  fail_unless (error != NULL, "no error, where `%s' was expected", text);
  fail_unless (strstr (error->message, text) != NULL, "`%s' is not in: %s", text, error->message);
  fail_unless (g_error_matches (error, domain, code), "error %d: %s", error->code, error->message);
  stop (pipeline);
}

static void
expect_success (GstElement * pipeline)
{
  g_autoptr (GError) error = play (pipeline);

  fail_unless (error == NULL, "%s", error ? error->message : "");
  stop (pipeline);
}

static void
pulse_reset_line (const char *core)
{
  int (*reset_core) (const char *name);

  *(void **) &reset_core = dlsym (RTLD_DEFAULT, "xlnk_emulator_reset_core");
  fail_unless (reset_core != NULL && reset_core (core) == 0);
}

/*** cores that do not answer ***/

GST_START_TEST (test_an_hls_core_that_hangs_keeps_its_buffers_until_it_is_idle)
{
  GstElement *pipeline = make_pipeline (ACCEL ("hls,uio=hangs,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30"));
  gint64 start = g_get_monotonic_time ();

  expect_error (pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY, "hangs (/dev/uio");
  fail_unless (g_get_monotonic_time () - start < 10 * TIMEOUT_MS * 1000);
  /* What goes in and what comes out, and not one buffer more. */
  fail_unless_equals_uint64 (board_live_buffers (), 2);

  expect_error (pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY, "");
  fail_unless_equals_uint64 (board_live_buffers (), 2);

  pulse_reset_line ("hangs");
  expect_success (pipeline);
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  gst_object_unref (pipeline);
}

GST_END_TEST;

GST_START_TEST (test_a_dma_that_hangs_is_reset_and_starts_again)
{
  GstElement *pipeline = make_pipeline (ACCEL ("axidma,uio=dmahangs,length-width=26"));

  expect_error (pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY, "DMASR");
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  expect_success (pipeline);
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  gst_object_unref (pipeline);
}

GST_END_TEST;

/*** cores that fail ***/

GST_START_TEST (test_a_dma_error_is_named_and_the_dma_starts_again)
{
  GstElement *pipeline = make_pipeline (ACCEL ("axidma,uio=dmafails,length-width=26"));

  expect_error (pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "DMASlvErr");
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  expect_success (pipeline);
  gst_object_unref (pipeline);
}

GST_END_TEST;

/*** jobs that are refused before they start ***/

GST_START_TEST (test_an_output_that_is_too_small_is_refused)
{
  GstElement *pipeline = make_pipeline (ACCEL ("hls,uio=idle,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30")
      "output-caps=video/x-raw,width=160 ");

  expect_error (pipeline, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "smaller than the input");
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  gst_object_unref (pipeline);
}

GST_END_TEST;

/* The second plane of such a picture is at an odd address. */
GST_START_TEST (test_an_address_that_is_not_aligned_is_refused)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=2 ! video/x-raw,format=NV12,width=20,height=21 ! "
      ACCEL ("hls,uio=idle,src=<0x10,0x60>,dst=<0x1c,0x78>,address-bits=64,width=0x28,height=0x30,alignment=256,"
          "src-stride=<0x38,0x90>,dst-stride=<0x40,0xa0>,format=0x48") "! fakesink", NULL);

  fail_unless (pipeline != NULL);
  expect_error (pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "not a multiple of 256");
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  gst_object_unref (pipeline);
}

GST_END_TEST;

/* The source fails to allocate, and would only say that its stream has an error. */
GST_START_TEST (test_a_lent_pool_that_finds_no_memory_is_explained)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=2 ! video/x-raw,format=RGBA,width=16384,height=4096 ! "
      "xlnkaccel name=accel ! fakesink", NULL);

  fail_unless (pipeline != NULL);
  expect_error (pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "no contiguous buffer of 268435456 bytes");
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  gst_object_unref (pipeline);
}

GST_END_TEST;

GST_START_TEST (test_one_process_has_a_core_at_a_time)
{
  GstElement *first = make_pipeline (ACCEL ("hls,uio=idle,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30"));
  GstElement *second = make_pipeline (ACCEL ("hls,uio=idle,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30"));

  fail_if (gst_element_set_state (first, GST_STATE_READY) == GST_STATE_CHANGE_FAILURE);
  expect_error (second, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY, "idle");
  expect_success (first);
  expect_success (second);
  gst_object_unref (first);
  gst_object_unref (second);
}

GST_END_TEST;

/*** interrupts ***/

static void
check_interrupts (const char *accel, const char *counter)
{
  g_autofree char *line = g_strconcat (SOURCE, accel, "! fakesink name=sink", NULL);
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GPtrArray) frames = offload_run (line, &stats);
  g_autoptr (GPtrArray) expected = offload_run (SOURCE "fakesink name=sink", NULL);

  for (guint i = 0; i < expected->len; i++)
    offload_invert (g_ptr_array_index (expected, i));
  offload_compare (frames, expected);
  fail_unless (offload_number (stats, counter) > 0, "none counted");
}

GST_START_TEST (test_lost_interrupts_cost_no_frame)
{
  check_interrupts (ACCEL ("hls,uio=lost,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30" STRIDES),
      "lost-interrupts");
}

GST_END_TEST;

GST_START_TEST (test_spurious_interrupts_end_no_job_early)
{
  check_interrupts (ACCEL ("hls,uio=spurious,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30" STRIDES),
      "spurious-interrupts");
}

GST_END_TEST;

static Suite *
offload_faults_suite (void)
{
  Suite *suite = suite_create ("offload-faults");
  TCase *tcase = xlnk_check_add_case (suite, "faults");

  tcase_add_test (tcase, test_an_hls_core_that_hangs_keeps_its_buffers_until_it_is_idle);
  tcase_add_test (tcase, test_a_dma_that_hangs_is_reset_and_starts_again);
  tcase_add_test (tcase, test_a_dma_error_is_named_and_the_dma_starts_again);
  tcase_add_test (tcase, test_an_output_that_is_too_small_is_refused);
  tcase_add_test (tcase, test_an_address_that_is_not_aligned_is_refused);
  tcase_add_test (tcase, test_a_lent_pool_that_finds_no_memory_is_explained);
  tcase_add_test (tcase, test_one_process_has_a_core_at_a_time);
  tcase_add_test (tcase, test_lost_interrupts_cost_no_frame);
  tcase_add_test (tcase, test_spurious_interrupts_end_no_job_early);
  return suite;
}

GST_CHECK_MAIN (offload_faults);
