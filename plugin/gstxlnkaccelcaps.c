/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkaccelcaps.h"

#include "gstxlnkaccelpool.h"

GST_DEBUG_CATEGORY_EXTERN (gst_xlnk_accel_debug);
#define GST_CAT_DEFAULT gst_xlnk_accel_debug

/* What describes the colours of one format says nothing about another's. */
static void
drop_colours (GstStructure * structure)
{
  gst_structure_remove_fields (structure, "colorimetry", "chroma-site", NULL);
}

static gboolean
copy_field (GQuark field, const GValue * value, gpointer user_data)
{
  gst_structure_id_set_value (user_data, field, value);
  return TRUE;
}

static gboolean
remove_field (GQuark field, const GValue * value, gpointer user_data)
{
  (void) value;
  gst_structure_remove_field (user_data, g_quark_to_string (field));
  return TRUE;
}

/* What comes out when @in goes in. */
static GstStructure *
replace_fields (const GstStructure * in, const GstStructure * output)
{
  GstStructure *result = gst_structure_copy (in);

  gst_structure_set_name (result, gst_structure_get_name (output));
  if (gst_structure_has_field (output, "format"))
    drop_colours (result);
  gst_structure_foreach (output, copy_field, result);
  return result;
}

/* What may go in when @out comes out, of the same kind: anything, as far as output-caps replaces it. */
static GstStructure *
open_fields (const GstStructure * out, const GstStructure * output)
{
  GstStructure *result = gst_structure_copy (out);

  if (gst_structure_has_field (output, "format"))
    drop_colours (result);
  gst_structure_foreach (output, remove_field, result);
  return result;
}

/* Those that structure @i of output-caps names, or NULL: the input's stay. */
static GstCapsFeatures *
get_named_features (GstCaps * output_caps, guint i)
{
  GstCapsFeatures *features = gst_caps_get_features (output_caps, i);

  if (!features || gst_caps_features_is_any (features)
      || gst_caps_features_is_equal (features, GST_CAPS_FEATURES_MEMORY_SYSTEM_MEMORY))
    return NULL;
  return features;
}

static GstCapsFeatures *
copy_features (const GstCapsFeatures * features)
{
  return features ? gst_caps_features_copy (features) : NULL;
}

static gboolean
is_of_system_memory (GstCapsFeatures * features, GstStructure * structure, gpointer user_data)
{
  (void) structure;
  (void) user_data;
  return !gst_xlnk_accel_are_foreign_features (features);
}

/* Takes the reference. A core works in contiguous memory, which goes by the name of system memory. */
static GstCaps *
remove_foreign_memory (GstCaps * caps)
{
  caps = gst_caps_make_writable (caps);
  gst_caps_filter_and_map_in_place (caps, is_of_system_memory, NULL);
  return caps;
}

/* The first structure of output-caps that downstream takes counts. What upstream might send in other memory is not promised;
 * if it has settled on that, it is refused in words when it comes. */
static GstCaps *
from_sink (GstCaps * caps, GstCaps * output_caps)
{
  GstCaps *result;

  if (gst_caps_is_any (caps))
    return gst_caps_ref (output_caps);
  caps = gst_caps_ref (caps);
  if (!gst_caps_is_fixed (caps))
    caps = remove_foreign_memory (caps);
  result = gst_caps_new_empty ();
  for (guint o = 0; o < gst_caps_get_size (output_caps); o++) {
    const GstStructure *output = gst_caps_get_structure (output_caps, o);
    const GstCapsFeatures *named = get_named_features (output_caps, o);

    for (guint i = 0; i < gst_caps_get_size (caps); i++)
      result = gst_caps_merge_structure_full (result, replace_fields (gst_caps_get_structure (caps, i), output),
          copy_features (named ? named : gst_caps_get_features (caps, i)));
  }
  gst_caps_unref (caps);
  return result;
}

/* What downstream takes of structure @o of output-caps, with any features if it names none, but in system memory. */
static GstCaps *
intersect_nth (GstCaps * caps, GstCaps * output_caps, guint o)
{
  GstCaps *output = gst_caps_copy_nth (output_caps, o), *result;

  if (!get_named_features (output_caps, o))
    gst_caps_set_features (output, 0, gst_caps_features_new_any ());
  result = gst_caps_intersect_full (caps, output, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (output);
  return remove_foreign_memory (result);
}

/* What raw video may go in for @possible to come out. A core needs system memory; any features at all would be more than
 * that. */
static GstCaps *
add_inputs (GstCaps * result, GstCaps * possible, const GstStructure * output, gboolean features_are_named)
{
  for (guint i = 0; i < gst_caps_get_size (possible); i++) {
    const GstStructure *structure = gst_caps_get_structure (possible, i);
    const GstCapsFeatures *features = gst_caps_get_features (possible, i);
    gboolean any = features && gst_caps_features_is_any (features);

    if (features_are_named || any)
      result = gst_caps_merge_structure_full (result, open_fields (structure, output), NULL);
    if (!any)
      result = gst_caps_merge_structure_full (result, open_fields (structure, output), copy_features (features));
  }
  return result;
}

static gboolean
limit_field (GQuark field, const GValue * limit, gpointer user_data)
{
  const GValue *value = gst_structure_id_get_value (user_data, field);
  GValue both = G_VALUE_INIT;

  if (!value)
    return TRUE;
  if (!gst_value_intersect (&both, value, limit))
    return FALSE;
  gst_structure_id_take_value (user_data, field, &both);
  return TRUE;
}

/* What of @in may go in for @out to come out, which has the fields that output-caps does not name from it; NULL if nothing.
 * Fields that it has not are downstream's to say. */
static GstStructure *
limit_input (const GstStructure * in, const GstStructure * out, const GstStructure * output)
{
  GstStructure *limits = open_fields (out, output), *result = gst_structure_copy (in);

  if (!gst_structure_foreach (limits, limit_field, result)) {
    gst_structure_free (result);
    result = NULL;
  }
  gst_structure_free (limits);
  return result;
}

/* The features that must be those of the output, or NULL for system memory. */
static GstCapsFeatures *
get_input_features (GstCaps * caps, guint i)
{
  GstCapsFeatures *features = gst_caps_get_features (caps, i);

  return features && gst_caps_features_is_any (features) ? NULL : features;
}

static gboolean
are_possible_features (const GstCapsFeatures * in, const GstCapsFeatures * out)
{
  if (out && gst_caps_features_is_any (out))
    return TRUE;
  return gst_caps_features_is_equal (in ? in : GST_CAPS_FEATURES_MEMORY_SYSTEM_MEMORY,
      out ? out : GST_CAPS_FEATURES_MEMORY_SYSTEM_MEMORY);
}

/* What of @offered, which upstream has, may go in for @possible to come out: of what a core makes its output, output-caps
 * does not say. It is raw video before anything else where raw video comes out, which add_inputs() has seen to. */
static GstCaps *
add_offered (GstCaps * result, GstCaps * offered, GstCaps * possible, GstCaps * output_caps, guint o)
{
  const GstStructure *output = gst_caps_get_structure (output_caps, o);
  gboolean is_video = gst_structure_has_name (output, "video/x-raw");

  for (guint i = 0; i < gst_caps_get_size (offered); i++) {
    const GstStructure *in = gst_caps_get_structure (offered, i);
    GstCapsFeatures *features = get_input_features (offered, i);

    if (is_video && gst_structure_has_name (in, "video/x-raw"))
      continue;
    for (guint p = 0; p < gst_caps_get_size (possible); p++) {
      GstStructure *limited = NULL;

      if (get_named_features (output_caps, o) || are_possible_features (features, gst_caps_get_features (possible, p)))
        limited = limit_input (in, gst_caps_get_structure (possible, p), output);
      if (limited)
        result = gst_caps_merge_structure_full (result, limited, copy_features (features));
    }
  }
  return result;
}

/* Raw video first, in the order of @filter, then the rest of it. Without a filter (nullable) there are no words for the rest
 * but ANY. */
static GstCaps *
from_src (GstCaps * caps, GstCaps * output_caps, GstCaps * filter)
{
  GstCaps *raw = gst_caps_new_empty (), *others = gst_caps_new_empty (), *result;
  GstCaps *offered = filter && !gst_caps_is_any (filter) ? remove_foreign_memory (gst_caps_ref (filter)) : NULL;

  for (guint o = 0; o < gst_caps_get_size (output_caps); o++) {
    const GstStructure *output = gst_caps_get_structure (output_caps, o);
    GstCaps *possible = intersect_nth (caps, output_caps, o);

    if (gst_structure_has_name (output, "video/x-raw"))
      raw = add_inputs (raw, possible, output, get_named_features (output_caps, o) != NULL);
    if (offered)
      others = add_offered (others, offered, possible, output_caps, o);
    else if (!gst_caps_is_empty (possible))
      others = gst_caps_merge (others, gst_caps_new_any ());
    gst_caps_unref (possible);
  }
  result = offered ? gst_caps_intersect_full (offered, raw, GST_CAPS_INTERSECT_FIRST) : gst_caps_new_empty ();
  gst_caps_replace (&offered, NULL);
  gst_caps_unref (raw);
  return gst_caps_merge (result, others);
}

/* Returns (transfer full) what output-caps says, or NULL if that is nothing. */
static GstCaps *
get_output_caps (GstXlnkAccel * self)
{
  GstCaps *caps = gst_xlnk_accel_get_output_caps (self);

  if (caps && (gst_caps_is_any (caps) || gst_caps_is_empty (caps)))
    gst_caps_replace (&caps, NULL);
  return caps;
}

static gboolean
names_foreign_memory (GstCaps * caps)
{
  for (guint i = 0; i < gst_caps_get_size (caps); i++) {
    if (gst_xlnk_accel_are_foreign_features (gst_caps_get_features (caps, i)))
      return TRUE;
  }
  return FALSE;
}

static void
keep_output_caps (GstXlnkAccel * self, GstCaps * caps)
{
  GST_OBJECT_LOCK (self);
  gst_caps_replace (&self->checked_output_caps, caps);
  GST_OBJECT_UNLOCK (self);
}

/* What nothing converts would only get another name, and who reads it would trust that. */
gboolean
gst_xlnk_accel_check_output_caps (GstXlnkAccel * self, GstXlnkAccelerator * accelerator)
{
  GstCaps *caps = get_output_caps (self);
  const gchar *problem = NULL;

  keep_output_caps (self, caps);
  if (!caps)
    return TRUE;
  if (!accelerator)
    problem = "and there is none: set accelerator, or leave output-caps unset";
  else if (gst_xlnk_accelerator_get_mode (accelerator) == GST_XLNK_ACCELERATOR_READ)
    problem = "and this one only reads what passes: let it write, by its mode, or leave output-caps unset";
  else if (names_foreign_memory (caps))
    problem = "which is contiguous memory, and goes by the name of system memory: name no other one";
  if (problem)
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("output-caps says what comes out of an accelerator, %s.", problem),
        ("%" GST_PTR_FORMAT, caps));
  gst_caps_unref (caps);
  return problem == NULL;
}

/* Takes the reference to @caps. */
static GstCaps *
apply_filter (GstCaps * caps, GstCaps * filter)
{
  GstCaps *result;

  if (!filter)
    return caps;
  result = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (caps);
  return result;
}

GstCaps *
gst_xlnk_accel_transform_caps (GstBaseTransform * trans, GstPadDirection direction, GstCaps * caps, GstCaps * filter)
{
  GstCaps *output_caps = get_output_caps (GST_XLNK_ACCEL (trans));
  GstCaps *result;

  if (!output_caps)
    result = apply_filter (gst_caps_ref (caps), filter);
  else if (direction == GST_PAD_SINK)
    result = apply_filter (from_sink (caps, output_caps), filter);
  else
    result = from_src (caps, output_caps, filter);
  gst_caps_replace (&output_caps, NULL);
  return result;
}

/*** what has no size ***/

static gboolean
is_called_raw_video (GstCaps * caps)
{
  return caps && gst_caps_get_size (caps) > 0
      && gst_structure_has_name (gst_caps_get_structure (caps, 0), "video/x-raw");
}

gboolean
gst_xlnk_accel_refuse_open_video (GstXlnkAccel * self, GstCaps * in_caps, GstCaps * out_caps)
{
  GstVideoInfo info;

  if (!is_called_raw_video (out_caps) || is_called_raw_video (in_caps) || gst_xlnk_accel_parse_video (out_caps, &info))
    return FALSE;
  GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("What goes in has no size and format that raw video could be of: output-caps has "
          "to name format, width, height and framerate."), ("%" GST_PTR_FORMAT " to %" GST_PTR_FORMAT, in_caps, out_caps));
  return TRUE;
}

/* Returns (transfer full): what downstream takes of output-caps first; empty if nothing. */
static GstCaps *
choose_output (GstXlnkAccel * self, GstCaps * output_caps)
{
  GstCaps *peer = gst_pad_peer_query_caps (GST_BASE_TRANSFORM_SRC_PAD (self), output_caps);
  GstCaps *both = gst_caps_intersect_full (output_caps, peer, GST_CAPS_INTERSECT_FIRST);

  gst_caps_unref (peer);
  return gst_caps_truncate (both);
}

static gboolean
post_open_output (GstXlnkAccel * self, GstCaps * caps)
{
  g_autofree gchar *text = gst_caps_to_string (caps);

  GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("The stream has no caps, so output-caps has to say all of what comes out of the "
          "accelerator, with format, width, height and framerate if it is video. Of what downstream takes, this is "
          "left: %s.", text), (NULL));
  return FALSE;
}

gboolean
gst_xlnk_accel_announce_output_caps (GstXlnkAccel * self)
{
  GstPad *src = GST_BASE_TRANSFORM_SRC_PAD (self);
  GstCaps *output_caps = NULL, *caps;
  gboolean ok = TRUE;

  if (self->jobs && !gst_pad_has_current_caps (GST_BASE_TRANSFORM_SINK_PAD (self)) && !gst_pad_has_current_caps (src))
    output_caps = get_output_caps (self);
  if (!output_caps)
    return TRUE;
  caps = choose_output (self, output_caps);
  if (!gst_caps_is_fixed (caps))
    ok = post_open_output (self, caps);
  else if (gst_xlnk_accel_refuse_open_video (self, NULL, caps))
    ok = FALSE;
  else
    gst_pad_push_event (src, gst_event_new_caps (caps));        /* who does not take it will not take buffers either */
  gst_caps_unref (caps);
  gst_caps_unref (output_caps);
  return ok;
}

/*** what is left open ***/

/* The size and rate that are open are best those of the input. */
GstCaps *
gst_xlnk_accel_fixate_caps (GstBaseTransform * trans, GstPadDirection direction, GstCaps * caps, GstCaps * othercaps)
{
  const GstStructure *given = gst_caps_get_structure (caps, 0);
  GstStructure *wanted;
  gint width, height, num, den;

  (void) trans;
  (void) direction;
  othercaps = gst_caps_make_writable (gst_caps_truncate (othercaps));
  wanted = gst_caps_get_structure (othercaps, 0);
  if (gst_structure_get_int (given, "width", &width) && gst_structure_has_field (wanted, "width"))
    gst_structure_fixate_field_nearest_int (wanted, "width", width);
  if (gst_structure_get_int (given, "height", &height) && gst_structure_has_field (wanted, "height"))
    gst_structure_fixate_field_nearest_int (wanted, "height", height);
  if (gst_structure_get_fraction (given, "framerate", &num, &den) && gst_structure_has_field (wanted, "framerate"))
    gst_structure_fixate_field_nearest_fraction (wanted, "framerate", num, den);
  return gst_caps_fixate (othercaps);
}

static gboolean
is_raw_video (GstPad * pad)
{
  GstCaps *caps = gst_pad_get_current_caps (pad);
  gboolean result = caps && gst_structure_has_name (gst_caps_get_structure (caps, 0), "video/x-raw");

  gst_caps_replace (&caps, NULL);
  return result;
}

/* The base class keeps the time of what it hears of, and drops what comes before it. */
gboolean
gst_xlnk_accel_src_event (GstBaseTransform * trans, GstEvent * event)
{
  GstBaseTransformClass *base = GST_BASE_TRANSFORM_CLASS (g_type_class_peek_parent (GST_BASE_TRANSFORM_GET_CLASS (trans)));
  GstPad *pad = GST_BASE_TRANSFORM_SINK_PAD (trans);

  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS && !is_raw_video (pad))
    return gst_pad_push_event (pad, event);
  return base->src_event (trans, event);
}
