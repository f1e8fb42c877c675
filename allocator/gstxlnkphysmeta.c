/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:gstxlnkphysmeta
 * @title: GstXlnkPhysMeta
 * @short_description: marks buffers that are physically contiguous
 */
#include "gstxlnkphysmeta.h"

#include "gstxlnkmemory.h"

GType
gst_xlnk_phys_meta_api_get_type (void)
{
  static gsize type;
  static const gchar *tags[] = { "memory", "memory-reference", NULL };

  if (g_once_init_enter (&type)) {
    GType registered = gst_meta_api_type_register ("GstXlnkPhysMetaAPI", tags);

    g_once_init_leave (&type, registered);
  }
  return type;
}

static gboolean
is_contiguous (GstBuffer * buffer)
{
  guint n = gst_buffer_n_memory (buffer);

  for (guint i = 0; i < n; i++) {
    if (!gst_is_xlnk_memory (gst_buffer_peek_memory (buffer, i)))
      return FALSE;
  }
  return n > 0;
}

static gboolean
gst_xlnk_phys_meta_init (GstMeta * meta G_GNUC_UNUSED, gpointer params G_GNUC_UNUSED, GstBuffer * buffer G_GNUC_UNUSED)
{
  return TRUE;
}

/* Declining is no failure: TRUE all the same. */
static gboolean
gst_xlnk_phys_meta_transform (GstBuffer * dest, GstMeta * meta G_GNUC_UNUSED, GstBuffer * buffer G_GNUC_UNUSED,
    GQuark type, gpointer data)
{
  GstMetaTransformCopy *copy = data;

  if (GST_META_TRANSFORM_IS_COPY (type) && !copy->region && is_contiguous (dest))
    gst_buffer_add_xlnk_phys_meta (dest);
  return TRUE;
}

const GstMetaInfo *
gst_xlnk_phys_meta_get_info (void)
{
  static const GstMetaInfo *info;

  if (g_once_init_enter ((GstMetaInfo **) & info)) {
    const GstMetaInfo *registered = gst_meta_register (GST_XLNK_PHYS_META_API_TYPE, "GstXlnkPhysMeta",
        sizeof (GstXlnkPhysMeta), gst_xlnk_phys_meta_init, NULL, gst_xlnk_phys_meta_transform);

    g_once_init_leave ((GstMetaInfo **) & info, (GstMetaInfo *) registered);
  }
  return info;
}

GstXlnkPhysMeta *
gst_buffer_get_xlnk_phys_meta (GstBuffer * buffer)
{
  return (GstXlnkPhysMeta *) gst_buffer_get_meta (buffer, GST_XLNK_PHYS_META_API_TYPE);
}

GstXlnkPhysMeta *
gst_buffer_add_xlnk_phys_meta (GstBuffer * buffer)
{
  GstXlnkPhysMeta *meta;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);

  meta = gst_buffer_get_xlnk_phys_meta (buffer);
  if (!meta && is_contiguous (buffer))
    meta = (GstXlnkPhysMeta *) gst_buffer_add_meta (buffer, gst_xlnk_phys_meta_get_info (), NULL);
  return meta;
}
