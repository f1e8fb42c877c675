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

/* What may go in when @out comes out: anything, as far as output-caps replaces it. */
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

/* The first structure of output-caps that downstream takes counts. */
static GstCaps *
from_sink (GstCaps * caps, GstCaps * output_caps)
{
  GstCaps *result;

  if (gst_caps_is_any (caps))
    return gst_caps_ref (output_caps);
  result = gst_caps_new_empty ();
  for (guint o = 0; o < gst_caps_get_size (output_caps); o++) {
    const GstStructure *output = gst_caps_get_structure (output_caps, o);
    const GstCapsFeatures *named = get_named_features (output_caps, o);

    for (guint i = 0; i < gst_caps_get_size (caps); i++)
      result = gst_caps_merge_structure_full (result, replace_fields (gst_caps_get_structure (caps, i), output),
          copy_features (named ? named : gst_caps_get_features (caps, i)));
  }
  return result;
}

/* What downstream takes of structure @o of output-caps, with any features if it names none. */
static GstCaps *
intersect_nth (GstCaps * caps, GstCaps * output_caps, guint o)
{
  GstCaps *output = gst_caps_copy_nth (output_caps, o), *result;

  if (!get_named_features (output_caps, o))
    gst_caps_set_features (output, 0, gst_caps_features_new_any ());
  result = gst_caps_intersect_full (caps, output, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (output);
  return result;
}

/* What may go in for @possible to come out. A core needs system memory; any features at all would be more than that. */
static GstCaps *
add_inputs (GstCaps * result, GstCaps * possible, const GstStructure * output, gboolean features_are_named)
{
  for (guint i = 0; i < gst_caps_get_size (possible); i++) {
    const GstStructure *structure = gst_caps_get_structure (possible, i);
    const GstCapsFeatures *features = gst_caps_get_features (possible, i);
    gboolean any = features && gst_caps_features_is_any (features);

    if (gst_xlnk_accel_are_foreign_features (features))
      continue;
    if (features_are_named || any)
      result = gst_caps_merge_structure_full (result, open_fields (structure, output), NULL);
    if (!any)
      result = gst_caps_merge_structure_full (result, open_fields (structure, output), copy_features (features));
  }
  return result;
}

/* What a core makes something else of, video or not, output-caps does not say. */
static GstCaps *
from_src (GstCaps * caps, GstCaps * output_caps)
{
  GstCaps *result = gst_caps_new_empty ();

  for (guint o = 0; o < gst_caps_get_size (output_caps) && !gst_caps_is_any (result); o++) {
    const GstStructure *output = gst_caps_get_structure (output_caps, o);
    GstCaps *possible = intersect_nth (caps, output_caps, o);

    if (gst_structure_has_name (output, "video/x-raw"))
      result = add_inputs (result, possible, output, get_named_features (output_caps, o) != NULL);
    else if (!gst_caps_is_empty (possible))
      result = gst_caps_merge (result, gst_caps_new_any ());
    gst_caps_unref (possible);
  }
  return result;
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

/* What nothing converts would only get another name, and who reads it would trust that. */
gboolean
gst_xlnk_accel_check_output_caps (GstXlnkAccel * self, GstXlnkAccelerator * accelerator)
{
  GstCaps *caps = get_output_caps (self);
  const gchar *problem = NULL;

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

GstCaps *
gst_xlnk_accel_transform_caps (GstBaseTransform * trans, GstPadDirection direction, GstCaps * caps, GstCaps * filter)
{
  GstCaps *output_caps = get_output_caps (GST_XLNK_ACCEL (trans));
  GstCaps *result;

  if (!output_caps)
    result = gst_caps_ref (caps);
  else if (direction == GST_PAD_SINK)
    result = from_sink (caps, output_caps);
  else
    result = from_src (caps, output_caps);
  gst_caps_replace (&output_caps, NULL);

  if (filter) {
    GstCaps *both = gst_caps_intersect_full (filter, result, GST_CAPS_INTERSECT_FIRST);

    gst_caps_unref (result);
    result = both;
  }
  return result;
}

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
