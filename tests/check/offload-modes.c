/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload-modes.c: accelerators of each mode, and accelerators that do as little as a subtype may: they have no reset, or
 * fail without a reason. The core is the test's own and touches no memory.
 */
#include "accelcheck.h"
#include "stranger.h"

G_DECLARE_FINAL_TYPE (Puppet, puppet, TEST, PUPPET, GstXlnkAccelerator)

struct _Puppet
{
  GstXlnkAccelerator parent;
};

G_DEFINE_TYPE (Puppet, puppet, GST_TYPE_XLNK_ACCELERATOR)

static GstXlnkAcceleratorMode puppet_mode;
static const char *puppet_refuses;      /* what, without a reason: "submit", say */
static GstXlnkWait puppet_result;
static guint puppet_jobs, puppet_flushes, puppet_opened;
static GstXlnkJob puppet_job;

static GstXlnkAcceleratorMode
puppet_get_mode (GstXlnkAccelerator * accelerator G_GNUC_UNUSED)
{
  return puppet_mode;
}

static gboolean
puppet_agrees (const char *what)
{
  return g_strcmp0 (puppet_refuses, what) != 0;
}

static gboolean
puppet_describe (GstXlnkAccelerator * accelerator G_GNUC_UNUSED, const GstStructure * description G_GNUC_UNUSED,
    GError ** error G_GNUC_UNUSED)
{
  return puppet_agrees ("describe");
}

static gboolean
puppet_open (GstXlnkAccelerator * accelerator G_GNUC_UNUSED, GError ** error G_GNUC_UNUSED)
{
  puppet_opened += puppet_agrees ("open");
  return puppet_agrees ("open");
}

static void
puppet_close (GstXlnkAccelerator * accelerator G_GNUC_UNUSED)
{
  puppet_opened--;
}

static gboolean
puppet_configure (GstXlnkAccelerator * accelerator G_GNUC_UNUSED, GstCaps * in_caps G_GNUC_UNUSED,
    GstCaps * out_caps G_GNUC_UNUSED, GError ** error G_GNUC_UNUSED)
{
  return puppet_agrees ("configure");
}

static gboolean
puppet_submit (GstXlnkAccelerator * accelerator G_GNUC_UNUSED, const GstXlnkJob * job, GError ** error G_GNUC_UNUSED)
{
  puppet_job = *job;
  puppet_jobs++;
  return puppet_agrees ("submit");
}

static GstXlnkWait
puppet_wait (GstXlnkAccelerator * accelerator G_GNUC_UNUSED, gint64 deadline G_GNUC_UNUSED, GError ** error G_GNUC_UNUSED)
{
  return puppet_result;
}

static void
puppet_set_flushing (GstXlnkAccelerator * accelerator G_GNUC_UNUSED, gboolean flushing)
{
  puppet_flushes += flushing;
}

static void
puppet_class_init (PuppetClass * klass)
{
  GstXlnkAcceleratorClass *accelerator_class = GST_XLNK_ACCELERATOR_CLASS (klass);

  accelerator_class->describe = puppet_describe;
  accelerator_class->open = puppet_open;
  accelerator_class->get_mode = puppet_get_mode;
  accelerator_class->configure = puppet_configure;
  accelerator_class->submit = puppet_submit;
  accelerator_class->wait = puppet_wait;
  accelerator_class->close = puppet_close;
  accelerator_class->set_flushing = puppet_set_flushing;
}

static void
puppet_init (Puppet * self G_GNUC_UNUSED)
{
}

static void
puppet_setup (void)
{
  xlnk_check_setup ();
  gst_xlnk_accelerator_register ("puppet", puppet_get_type ());
  puppet_mode = GST_XLNK_ACCELERATOR_TRANSFORM;
  puppet_refuses = NULL;
  puppet_result = GST_XLNK_WAIT_DONE;
}

static GstHarness *
make_harness (GstXlnkAcceleratorMode mode)
{
  GstHarness *h;

  puppet_mode = mode;
  h = accel_harness_with (NULL, "accelerator", "puppet", "queue-depth", 1, NULL);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  return h;
}

static guint64
phys_of (GstBuffer * buffer)
{
  return gst_xlnk_memory_get_phys_addr (gst_buffer_peek_memory (buffer, 0));
}

/*** modes ***/

/* READ and WRITE: the job has one side, and what goes in comes out. */
GST_START_TEST (a_core_of_one_side_gets_that_buffer_alone)
{
  gboolean writes = __i__;
  GstHarness *h = make_harness (writes ? GST_XLNK_ACCELERATOR_WRITE : GST_XLNK_ACCELERATOR_READ);
  GstBuffer *buffer = accel_xlnk_buffer (SIZE_RGBA, 1), *result;
  guint64 phys = phys_of (buffer);

  result = accel_push_and_pull (h, buffer);
  fail_unless (result == buffer);
  fail_unless_equals_int (puppet_jobs, 1);
  fail_unless_equals_int (puppet_job.in.n_planes, writes ? 0 : 1);
  fail_unless_equals_int (puppet_job.out.n_planes, writes ? 1 : 0);
  fail_unless_equals_uint64 ((writes ? puppet_job.out : puppet_job.in).phys_addr[0], phys);
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 0);
  gst_buffer_unref (result);
  accel_harness_done (h);
}

GST_END_TEST;

GST_START_TEST (a_core_in_place_gets_one_buffer_on_both_sides)
{
  GstHarness *h = make_harness (GST_XLNK_ACCELERATOR_IN_PLACE);
  GstBuffer *buffer = accel_xlnk_buffer (SIZE_RGBA, 1), *held = gst_buffer_ref (buffer), *result;

  /* Somebody else looks at it: the core works on a copy. */
  result = accel_push_and_pull (h, buffer);
  fail_unless (result != held);
  fail_unless_equals_uint64 (puppet_job.in.phys_addr[0], phys_of (result));
  fail_unless_equals_uint64 (puppet_job.out.phys_addr[0], phys_of (result));
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 1);
  gst_buffer_unref (result);

  result = accel_push_and_pull (h, held);
  fail_unless (result == held);
  fail_unless_equals_uint64 (puppet_job.out.phys_addr[0], phys_of (result));
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 1);
  gst_buffer_unref (result);
  accel_harness_done (h);
}

GST_END_TEST;

static GstStateChangeReturn
start_with_output_caps (GstElement * element, const char *output_caps)
{
  GstCaps *caps = gst_caps_from_string (output_caps);
  GstStateChangeReturn ret;

  g_object_set (element, "output-caps", caps, NULL);
  gst_caps_unref (caps);
  ret = gst_element_set_state (element, GST_STATE_READY);
  gst_element_set_state (element, GST_STATE_NULL);
  return ret;
}

/* Else a picture would be announced as a JPEG, and whoever reads it would find none. */
GST_START_TEST (output_caps_need_a_core_that_writes)
{
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("xlnkaccel", NULL));

  accel_bus = gst_bus_new ();
  gst_element_set_bus (element, accel_bus);
  fail_unless_equals_int (start_with_output_caps (element, "ANY"), GST_STATE_CHANGE_SUCCESS);
  fail_unless_equals_int (start_with_output_caps (element, "image/jpeg"), GST_STATE_CHANGE_FAILURE);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "there is none: set accelerator");
  g_object_set (element, "accelerator", "puppet", NULL);
  for (puppet_mode = GST_XLNK_ACCELERATOR_TRANSFORM; puppet_mode <= GST_XLNK_ACCELERATOR_WRITE; puppet_mode++) {
    gboolean writes = puppet_mode != GST_XLNK_ACCELERATOR_READ;

    fail_unless_equals_int (start_with_output_caps (element, "image/jpeg"),
        writes ? GST_STATE_CHANGE_SUCCESS : GST_STATE_CHANGE_FAILURE);
    if (!writes)
      accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "only reads what passes");
    fail_unless_equals_int (puppet_opened, 0);
  }
  puppet_mode = GST_XLNK_ACCELERATOR_TRANSFORM;
  fail_unless_equals_int (start_with_output_caps (element, "video/x-raw,format=RGB;video/x-raw(memory:DMABuf)"),
      GST_STATE_CHANGE_FAILURE);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "goes by the name of system memory");
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_object_unref (accel_bus);
}

GST_END_TEST;

#define REST ",width=64,height=48,framerate=30/1"
#define WITH_OVERLAY "video/x-raw(meta:GstVideoOverlayComposition)"

static const struct
{
  const char *output_caps, *input, *downstream, *result;
} conversions[] = {
  {"video/x-raw,format=RGB;video/x-raw,format=RGBA", "video/x-raw,format=GRAY8" REST, "video/x-raw,format=RGBA",
      "video/x-raw,format=RGBA" REST},
  {"video/x-raw,format=RGB;video/x-raw,format=RGBA", "video/x-raw,format=GRAY8" REST, "video/x-raw",
      "video/x-raw,format=RGB" REST},
  {"video/x-raw,format=RGB;image/jpeg", "video/x-raw,format=GRAY8" REST, "image/jpeg", "image/jpeg,format=GRAY8" REST},
  {"image/jpeg;video/x-raw,format=RGB", "image/png", "image/jpeg;video/x-raw", "image/jpeg"},
  /* Features that are named come out, whatever goes in; the input's stay if none are. */
  {WITH_OVERLAY ",format=RGBA", "video/x-raw,format=GRAY8" REST, WITH_OVERLAY, WITH_OVERLAY ",format=RGBA" REST},
  {WITH_OVERLAY ",format=RGBA", WITH_OVERLAY ",format=GRAY8" REST, WITH_OVERLAY, WITH_OVERLAY ",format=RGBA" REST},
  {"video/x-raw,format=RGBA", WITH_OVERLAY ",format=GRAY8" REST, WITH_OVERLAY ";video/x-raw",
      WITH_OVERLAY ",format=RGBA" REST},
};

GST_START_TEST (output_caps_may_have_several_structures_and_features)
{
  GstCaps *output = gst_caps_from_string (conversions[__i__].output_caps), *now, *accepted, *input;
  GstCaps *expected = gst_caps_from_string (conversions[__i__].result);
  GstHarness *h = accel_harness_with (NULL, "accelerator", "puppet", "output-caps", output, NULL);

  gst_harness_set_sink_caps_str (h, conversions[__i__].downstream);
  accepted = gst_pad_peer_query_caps (h->srcpad, NULL);
  input = gst_caps_from_string (conversions[__i__].input);
  fail_unless (gst_caps_is_subset (input, accepted), "%" GST_PTR_FORMAT, accepted);
  gst_harness_set_src_caps (h, input);
  now = gst_pad_get_current_caps (h->sinkpad);
  fail_unless (now && gst_caps_is_equal (now, expected), "%" GST_PTR_FORMAT, now);
  gst_caps_unref (now);
  gst_caps_unref (accepted);
  gst_caps_unref (expected);
  gst_caps_unref (output);
  accel_harness_done (h);
}

GST_END_TEST;

/*** buffers that cannot be the device's ***/

static const GstXlnkAcceleratorMode modes[] = {
  GST_XLNK_ACCELERATOR_TRANSFORM, GST_XLNK_ACCELERATOR_READ, GST_XLNK_ACCELERATOR_WRITE, GST_XLNK_ACCELERATOR_IN_PLACE
};

/* Mapped by somebody who writes, while the core would read or write. */
GST_START_TEST (a_buffer_that_is_mapped_is_refused)
{
  GstHarness *h = make_harness (modes[__i__]);
  GstBuffer *buffer = accel_xlnk_buffer (SIZE_RGBA, 1);
  GstMemory *mem = gst_memory_ref (gst_buffer_peek_memory (buffer, 0));
  guint64 live;
  GstMapInfo map;

  fail_unless (gst_memory_map (mem, &map, GST_MAP_WRITE));
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "cannot be mapped for the core");
  fail_unless_equals_int (puppet_jobs, 0);
  gst_memory_unmap (mem, &map);
  live = board_live_buffers ();
  gst_memory_unref (mem);
  fail_unless_equals_uint64 (board_live_buffers (), live - 1);
  accel_harness_done (h);
}

GST_END_TEST;

/* Without a meta, the caps say how long it has to be. */
GST_START_TEST (a_buffer_shorter_than_its_frame_is_refused)
{
  GstHarness *h = make_harness (modes[__i__]);

  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA - 4, 1)), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "do not fit into its buffer of 12284 bytes");
  fail_unless_equals_int (puppet_jobs, 0);
  accel_harness_done (h);
}

GST_END_TEST;

GST_START_TEST (no_memory_for_the_output_is_an_error_that_says_how_much_is_left)
{
  GstHarness *h = make_harness (GST_XLNK_ACCELERATOR_TRANSFORM);
  GstBuffer *buffer = accel_xlnk_buffer (SIZE_RGBA, 1);
  GPtrArray *taken = xlnk_check_exhaust (4096);

  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "bytes are free");
  fail_unless_equals_uint64 (board_live_buffers (), taken->len);
  xlnk_check_release (taken);
  accel_harness_done (h);
}

GST_END_TEST;

/*** metas of what goes in ***/

typedef struct
{
  const char *name;
  const char *tags[4];
  gboolean is_kept, is_kept_on_resize;
} Kind;

static const Kind kinds[] = {
  {"Plain", {NULL}, TRUE, TRUE},
  {"Caption", {GST_META_TAG_VIDEO_STR, NULL}, TRUE, TRUE},
  {"Turn", {GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_ORIENTATION_STR, NULL}, TRUE, TRUE},
  {"Region", {GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_SIZE_STR, GST_META_TAG_VIDEO_ORIENTATION_STR, NULL}, TRUE, FALSE},
  {"Colour", {GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_COLORSPACE_STR, NULL}, FALSE, FALSE},
  {"Sound", {"audio", NULL}, FALSE, FALSE},
};

static GType kind_apis[G_N_ELEMENTS (kinds)];

static gboolean
init_kind (GstMeta * meta G_GNUC_UNUSED, gpointer params G_GNUC_UNUSED, GstBuffer * buffer G_GNUC_UNUSED)
{
  return TRUE;
}

static gboolean
transform_kind (GstBuffer * dest, GstMeta * meta, GstBuffer * buffer G_GNUC_UNUSED, GQuark type, gpointer data G_GNUC_UNUSED)
{
  return GST_META_TRANSFORM_IS_COPY (type) && gst_buffer_add_meta (dest, meta->info, NULL);
}

static void
add_kinds (GstBuffer * buffer)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree char *api = g_strconcat (kinds[i].name, "API", NULL);

    kind_apis[i] = gst_meta_api_type_register (api, (const gchar **) kinds[i].tags);
    fail_unless (gst_buffer_add_meta (buffer, gst_meta_register (kind_apis[i], kinds[i].name, sizeof (GstMeta), init_kind,
                NULL, transform_kind), NULL) != NULL);
  }
}

/* A region of the picture is the same one in a result of the same size. */
GST_START_TEST (metas_that_hold_for_the_result_are_kept)
{
  gboolean is_resized = __i__;
  GstCaps *caps = gst_caps_from_string (is_resized ? "video/x-raw,width=32" : "video/x-raw,format=GRAY8");
  GstHarness *h = accel_harness_with (NULL, "accelerator", "puppet", "output-caps", caps, "queue-depth", 1, NULL);
  GstBuffer *buffer = accel_xlnk_buffer (SIZE_RGBA, 1);

  add_kinds (buffer);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  buffer = accel_push_and_pull (h, buffer);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    fail_unless ((gst_buffer_get_meta (buffer, kind_apis[i]) != NULL) == (is_resized ? kinds[i].is_kept_on_resize
            : kinds[i].is_kept), "%s", kinds[i].name);
  gst_buffer_unref (buffer);
  gst_caps_unref (caps);
  accel_harness_done (h);
}

GST_END_TEST;

/*** what a subtype leaves out ***/

GST_START_TEST (a_core_that_refuses_without_a_reason_is_named)
{
  GstHarness *h = make_harness (GST_XLNK_ACCELERATOR_TRANSFORM);

  puppet_refuses = "submit";
  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 1)), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "Puppet failed and did not say why");
  accel_harness_done (h);
}

GST_END_TEST;

/* Without its core the element must not run as if all were well. */
GST_START_TEST (a_core_that_does_not_open_and_gives_no_reason_is_an_error)
{
  static const char *const functions[] = { "describe", "open" };
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("xlnkaccel", NULL));

  accel_bus = gst_bus_new ();
  gst_element_set_bus (element, accel_bus);
  g_object_set (element, "accelerator", "puppet", NULL);
  puppet_refuses = functions[__i__];
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  accel_expect_error (GST_RESOURCE_ERROR, __i__ ? GST_RESOURCE_ERROR_OPEN_READ_WRITE : GST_RESOURCE_ERROR_SETTINGS,
      __i__ ? "Puppet failed and did not say why" : "Puppet does not take the description of `puppet'");
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_object_unref (accel_bus);
}

GST_END_TEST;

GST_START_TEST (a_core_that_refuses_caps_without_a_reason_is_named)
{
  GstHarness *h;

  puppet_refuses = "configure";
  h = make_harness (GST_XLNK_ACCELERATOR_TRANSFORM);
  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 1)), GST_FLOW_NOT_NEGOTIATED);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "Puppet failed and did not say why");
  accel_harness_done (h);
}

GST_END_TEST;

/* A kind of puppet that has a reset, but one that never works. */
typedef Puppet Stubborn;
typedef PuppetClass StubbornClass;

static GType stubborn_get_type (void);

G_DEFINE_TYPE (Stubborn, stubborn, GST_TYPE_XLNK_ACCELERATOR)

static gboolean
stubborn_reset (GstXlnkAccelerator * accelerator G_GNUC_UNUSED, GError ** error G_GNUC_UNUSED)
{
  return FALSE;
}

static void
stubborn_class_init (StubbornClass * klass)
{
  GstXlnkAcceleratorClass *accelerator_class = GST_XLNK_ACCELERATOR_CLASS (klass);

  puppet_class_init (klass);
  accelerator_class->reset = stubborn_reset;
}

static void
stubborn_init (Stubborn * self G_GNUC_UNUSED)
{
}

GST_START_TEST (a_reset_that_fails_without_a_reason_is_not_idle)
{
  GstHarness *h;

  gst_xlnk_accelerator_register ("stubborn", stubborn_get_type ());
  h = accel_harness_with (NULL, "accelerator", "stubborn", "queue-depth", 1, NULL);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  puppet_result = GST_XLNK_WAIT_ERROR;
  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 1)), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "Stubborn failed and did not say why");
  fail_unless_equals_uint64 (accel_stat (h->element, "quarantined-buffers"), 2);
  accel_harness_done (h);
}

GST_END_TEST;

/* Nothing stops it, so what it may still write to is kept for ever. */
GST_START_TEST (the_buffers_of_a_core_without_a_reset_stay_in_quarantine)
{
  GstHarness *h = make_harness (GST_XLNK_ACCELERATOR_TRANSFORM);
  GstXlnkAccelerator *accelerator;
  GError *error = NULL;

  puppet_result = GST_XLNK_WAIT_ERROR;
  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 1)), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "Puppet failed and did not say why");
  fail_unless_equals_uint64 (accel_stat (h->element, "quarantined-buffers"), 2);
  accel_harness_done (h);
  fail_unless_equals_uint64 (board_live_buffers (), 2);

  accelerator = gst_xlnk_accelerator_make ("puppet", NULL);
  fail_if (gst_xlnk_accelerator_reset (accelerator, &error));
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_IDLE));
  fail_unless (strstr (error->message, "has no reset") != NULL);
  g_error_free (error);
  gst_object_unref (accelerator);
}

GST_END_TEST;

/* As above, in the middle of a frame: it is the stop that finds out. */
GST_START_TEST (a_core_that_fails_during_a_flush_keeps_its_buffers)
{
  GstHarness *h;

  puppet_mode = GST_XLNK_ACCELERATOR_TRANSFORM;
  h = accel_harness_with (NULL, "accelerator", "puppet", "queue-depth", 3, NULL);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  puppet_result = GST_XLNK_WAIT_TIMEOUT;
  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 1)), GST_FLOW_OK);
  puppet_result = GST_XLNK_WAIT_ERROR;
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  fail_unless (puppet_flushes > 0);
  fail_unless_equals_uint64 (accel_stat (h->element, "quarantined-buffers"), 2);
  accel_harness_done (h);
}

GST_END_TEST;

/* What is in quarantine stays until the board is reset. */
static void
leave_quarantine (void)
{
  g_clear_object (&xlnk_allocator);
  fail_unless_equals_uint64 (board_live_buffers (), 2);
  stranger_reset ();
}

static Suite *
offload_modes_suite (void)
{
  Suite *suite = suite_create ("offload-modes");
  TCase *tcase = tcase_create ("modes"), *lost = tcase_create ("lost");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, puppet_setup, xlnk_check_teardown);
  tcase_add_loop_test (tcase, a_core_of_one_side_gets_that_buffer_alone, 0, 2);
  tcase_add_test (tcase, a_core_in_place_gets_one_buffer_on_both_sides);
  tcase_add_test (tcase, output_caps_need_a_core_that_writes);
  tcase_add_loop_test (tcase, output_caps_may_have_several_structures_and_features, 0, G_N_ELEMENTS (conversions));
  tcase_add_loop_test (tcase, a_buffer_that_is_mapped_is_refused, 0, G_N_ELEMENTS (modes));
  tcase_add_loop_test (tcase, a_buffer_shorter_than_its_frame_is_refused, 0, G_N_ELEMENTS (modes));
  tcase_add_test (tcase, no_memory_for_the_output_is_an_error_that_says_how_much_is_left);
  tcase_add_loop_test (tcase, metas_that_hold_for_the_result_are_kept, 0, 2);
  tcase_add_test (tcase, a_core_that_refuses_without_a_reason_is_named);
  tcase_add_loop_test (tcase, a_core_that_does_not_open_and_gives_no_reason_is_an_error, 0, 2);
  tcase_add_test (tcase, a_core_that_refuses_caps_without_a_reason_is_named);
  suite_add_tcase (suite, lost);
  tcase_add_checked_fixture (lost, puppet_setup, leave_quarantine);
  tcase_add_test (lost, the_buffers_of_a_core_without_a_reset_stay_in_quarantine);
  tcase_add_test (lost, a_reset_that_fails_without_a_reason_is_not_idle);
  tcase_add_test (lost, a_core_that_fails_during_a_flush_keeps_its_buffers);
  return suite;
}

GST_CHECK_MAIN (offload_modes);
