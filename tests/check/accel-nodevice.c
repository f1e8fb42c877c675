/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xlnkaccel on a machine without the board, and without the emulated one: GST_XLNK_DEVICE names a node that is not
 * there. */
#include <string.h>

#include <gst/check/gstcheck.h>

GST_START_TEST (a_pipeline_fails_with_an_error_that_names_xlnk_emulate)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=1 ! xlnkaccel name=accel ! fakesink", NULL);
  GstElement *accel = gst_bin_get_by_name (GST_BIN (pipeline), "accel");
  GstBus *bus = gst_element_get_bus (pipeline);

  /* The second time as the first: a failure is not remembered, nor anything half-open left. */
  for (guint i = 0; i < 2; i++) {
    GstMessage *message;
    GError *error;

    fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
    message = gst_bus_timed_pop_filtered (bus, GST_SECOND, GST_MESSAGE_ERROR);
    fail_unless (message != NULL && GST_MESSAGE_SRC (message) == GST_OBJECT (accel));
    gst_message_parse_error (message, &error, NULL);
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND));
    fail_unless (strstr (error->message, "xlnk-emulate") != NULL, "%s", error->message);
    fail_unless (strstr (error->message, "/nonexistent/xlnk") != NULL, "%s", error->message);
    g_error_free (error);
    gst_message_unref (message);
    gst_element_set_state (pipeline, GST_STATE_NULL);
  }
  gst_object_unref (accel);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}
GST_END_TEST

GST_START_TEST (the_element_can_be_made_and_read_without_a_device)
{
  GstElement *element = gst_element_factory_make ("xlnkaccel", NULL);
  GstStructure *stats;
  guint64 total;

  fail_unless (element != NULL);
  g_object_get (element, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, "cma-total", &total) && total == 0);
  gst_structure_free (stats);
  gst_object_unref (element);
}
GST_END_TEST

static Suite *
accel_nodevice_suite (void)
{
  Suite *suite = suite_create ("accel-nodevice");
  TCase *test_case = tcase_create ("general");

  suite_add_tcase (suite, test_case);
  tcase_add_test (test_case, a_pipeline_fails_with_an_error_that_names_xlnk_emulate);
  tcase_add_test (test_case, the_element_can_be_made_and_read_without_a_device);
  return suite;
}

GST_CHECK_MAIN (accel_nodevice);
