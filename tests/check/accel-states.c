/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The element by itself: properties, states, and what goes wrong when it starts. */
#include "accelcheck.h"

static GstElement *
make_element (void)
{
  GstElement *element = gst_element_factory_make ("xlnkaccel", NULL);

  fail_unless (element != NULL);
  gst_object_ref_sink (element);
  accel_bus = gst_bus_new ();
  gst_element_set_bus (element, accel_bus);
  return element;
}

static void
drop_element (GstElement * element)
{
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_object_unref (accel_bus);
}

GST_START_TEST (properties_keep_what_is_set_and_have_the_documented_defaults)
{
  GstElement *element = make_element ();
  gchar *device, *accelerator;
  gboolean cacheable, zero_copy;
  guint max, depth;
  guint64 timeout;
  GstCaps *caps;

  g_object_get (element, "device", &device, "accelerator", &accelerator, "cacheable", &cacheable,
      "require-zero-copy", &zero_copy, "max-buffers", &max, "queue-depth", &depth, "timeout", &timeout, "output-caps",
      &caps, NULL);
  fail_unless (device == NULL && accelerator == NULL && cacheable && !zero_copy && max == 0);
  fail_unless (depth == 0 && timeout == GST_SECOND && caps == NULL);

  g_object_set (element, "device", "/dev/xlnk", "accelerator", "passthrough", "cacheable", FALSE,
      "require-zero-copy", TRUE, "max-buffers", 7, "queue-depth", 5, "timeout", G_GUINT64_CONSTANT (5000000000), NULL);
  g_object_get (element, "device", &device, "accelerator", &accelerator, "cacheable", &cacheable,
      "require-zero-copy", &zero_copy, "max-buffers", &max, "queue-depth", &depth, "timeout", &timeout, NULL);
  fail_unless (depth == 5 && timeout == 5 * GST_SECOND);
  fail_unless_equals_string (device, "/dev/xlnk");
  fail_unless_equals_string (accelerator, "passthrough");
  fail_unless (!cacheable && zero_copy && max == 7);

  g_free (device);
  g_free (accelerator);
  drop_element (element);
}
GST_END_TEST

GST_START_TEST (stats_have_exactly_the_documented_numbers)
{
  static const char *const names[] = { "frames", "copies", "copied-bytes", "memory-copies", "flushed-bytes",
    "invalidated-bytes", "runtime-allocations", "core-time", "live-buffers", "cma-free", "cma-total"
  };
  GstElement *element = make_element ();
  GstStructure *stats;

  g_object_get (element, "stats", &stats, NULL);
  fail_unless_equals_int (gst_structure_n_fields (stats), G_N_ELEMENTS (names));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    fail_unless (gst_structure_has_field_typed (stats, names[i], G_TYPE_UINT64), "%s", names[i]);
  gst_structure_free (stats);
  drop_element (element);
}
GST_END_TEST

/* The fixture holds an allocator, so the registry is what tells. */
GST_START_TEST (loading_the_plugin_and_making_the_element_open_nothing)
{
  GstElement *element = make_element ();
  GstAllocator *allocator;

  fail_unless (gst_allocator_find (GST_ALLOCATOR_XLNK) == NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  allocator = gst_allocator_find (GST_ALLOCATOR_XLNK);
  fail_unless (allocator == GST_ALLOCATOR (xlnk_allocator));
  gst_object_unref (allocator);
  drop_element (element);
}
GST_END_TEST

GST_START_TEST (states_go_up_and_down_many_times_and_keep_nothing)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=2 ! video/x-raw,width=64,height=48 ! xlnkaccel "
      "! fakesink sync=false", NULL);

  for (guint i = 0; i < 20; i++) {
    fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
    fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE),
        GST_STATE_CHANGE_SUCCESS);
    gst_element_set_state (pipeline, i % 2 ? GST_STATE_READY : GST_STATE_NULL);
    fail_unless_equals_uint64 (board_live_buffers (), 0);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}
GST_END_TEST

GST_START_TEST (an_unknown_accelerator_is_an_error_that_names_the_known_ones)
{
  static const char *const wrong[] = { "hls,uio=sobel", "passthrough,width=3", "no such (thing", "copy" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    GstElement *element = make_element ();

    g_object_set (element, "accelerator", wrong[i], NULL);
    fail_unless_equals_int (gst_element_set_state (element, GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
    accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "'passthrough', without fields, is none");
    drop_element (element);
  }
}
GST_END_TEST

GST_START_TEST (an_accelerator_set_in_ready_is_checked_before_paused)
{
  GstElement *element = make_element ();

  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  g_object_set (element, "accelerator", "nonsense", NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "`nonsense'");

  g_object_set (element, "accelerator", "passthrough", NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED), GST_STATE_CHANGE_SUCCESS);
  drop_element (element);
}
GST_END_TEST

GST_START_TEST (a_missing_device_is_an_error_and_the_next_start_works)
{
  GstElement *element = make_element ();

  g_object_set (element, "device", "/nonexistent/xlnk", NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "xlnk-emulate");

  g_object_set (element, "device", "/dev/xlnk", NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  drop_element (element);
}
GST_END_TEST

GST_START_TEST (a_node_of_another_driver_is_an_error_of_its_own)
{
  GstElement *element = make_element ();

  g_object_set (element, "device", "/dev/null", NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE, "/dev/null");
  drop_element (element);
}
GST_END_TEST

static Suite *
accel_states_suite (void)
{
  Suite *suite = suite_create ("accel-states");
  TCase *test_case = xlnk_check_add_case (suite, "general");

  tcase_add_test (test_case, properties_keep_what_is_set_and_have_the_documented_defaults);
  tcase_add_test (test_case, stats_have_exactly_the_documented_numbers);
  tcase_add_test (test_case, loading_the_plugin_and_making_the_element_open_nothing);
  tcase_add_test (test_case, states_go_up_and_down_many_times_and_keep_nothing);
  tcase_add_test (test_case, an_unknown_accelerator_is_an_error_that_names_the_known_ones);
  tcase_add_test (test_case, an_accelerator_set_in_ready_is_checked_before_paused);
  tcase_add_test (test_case, a_missing_device_is_an_error_and_the_next_start_works);
  tcase_add_test (test_case, a_node_of_another_driver_is_an_error_of_its_own);
  return suite;
}

GST_CHECK_MAIN (accel_states);
