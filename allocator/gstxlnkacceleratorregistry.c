/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkacceleratorregistry.c: the kinds of accelerators of this process, by name, and how one is made from text.
 */
#include "gstxlnkaccelerator.h"

#include <string.h>

#include "gstxlnkdescription.h"
#include "gstxlnkerror.h"

/* Name to GType. Names are never taken back: a type cannot be either. */
static GHashTable *registry;
static GMutex registry_lock;

static gboolean
is_name (const gchar * name)
{
  return g_ascii_isalpha (name[0])
      && name[strspn (name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_")] == '\0';
}

gboolean
gst_xlnk_accelerator_register (const gchar * name, GType type)
{
  GType known;

  g_return_val_if_fail (name != NULL && is_name (name), FALSE);
  g_return_val_if_fail (g_type_is_a (type, GST_TYPE_XLNK_ACCELERATOR), FALSE);
  g_return_val_if_fail (!G_TYPE_IS_ABSTRACT (type), FALSE);

  g_mutex_lock (&registry_lock);
  if (!registry)
    registry = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  known = GPOINTER_TO_SIZE (g_hash_table_lookup (registry, name));
  if (known == G_TYPE_INVALID)
    g_hash_table_insert (registry, g_strdup (name), GSIZE_TO_POINTER (type));
  g_mutex_unlock (&registry_lock);
  return known == G_TYPE_INVALID || known == type;
}

static GType
look_up (const gchar * name)
{
  GType type;

  g_mutex_lock (&registry_lock);
  type = registry ? GPOINTER_TO_SIZE (g_hash_table_lookup (registry, name)) : G_TYPE_INVALID;
  g_mutex_unlock (&registry_lock);
  return type;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar * const *) a, *(const gchar * const *) b);
}

/* "axidma, hls" */
static gchar *
list_names (void)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  gchar *text;

  g_mutex_lock (&registry_lock);
  if (registry) {
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init (&iter, registry);
    while (g_hash_table_iter_next (&iter, &name, NULL))
      g_ptr_array_add (names, name);
  }
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  text = g_strjoinv (", ", (gchar **) names->pdata);
  g_mutex_unlock (&registry_lock);
  return text;
}

static void
load_plugin (const gchar * name)
{
  GstPlugin *plugin = gst_plugin_load_by_name (name);

  if (plugin)
    gst_object_unref (plugin);
}

/* GStreamer loads a plugin when one of its elements is wanted. That of xlnkaccel brings accelerators, which an application
 * may want without; others may have no element. */
static GType
look_in_plugins (const gchar * name)
{
  g_autofree gchar *own_plugin = g_strconcat ("xlnk", name, NULL);
  GType type;

  load_plugin ("xlnk");
  type = look_up (name);
  if (type != G_TYPE_INVALID)
    return type;
  load_plugin (own_plugin);
  return look_up (name);
}

static GType
find_type (const gchar * description, GError ** error)
{
  g_autofree gchar *name = gst_xlnk_description_get_name (description, error);
  g_autofree gchar *there_are = NULL;
  GType type;

  if (!name)
    return G_TYPE_INVALID;
  type = look_up (name);
  if (type == G_TYPE_INVALID)
    type = look_in_plugins (name);
  if (type != G_TYPE_INVALID)
    return type;
  there_are = list_names ();
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_DESCRIPTION, "there is no accelerator `%s'; there are: %s", name,
      *there_are ? there_are : "none");
  return G_TYPE_INVALID;
}

/* The subtype is somebody else's: who reads the error must find one. */
static gboolean
call_describe (GstXlnkAccelerator * self, const GstStructure * structure, GError ** error)
{
  if (GST_XLNK_ACCELERATOR_GET_CLASS (self)->describe (self, structure, error))
    return TRUE;
  if (error && !*error)
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_DESCRIPTION, "%s does not take the description of `%s', and did "
        "not say why", G_OBJECT_TYPE_NAME (self), gst_structure_get_name (structure));
  return FALSE;
}

static gboolean
describe (GstXlnkAccelerator * self, const GstStructure * structure, GError ** error)
{
  if (GST_XLNK_ACCELERATOR_GET_CLASS (self)->describe)
    return call_describe (self, structure, error);
  if (gst_structure_n_fields (structure) == 0)
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_DESCRIPTION, "`%s' has no field `%s', or any other",
      gst_structure_get_name (structure), gst_structure_nth_field_name (structure, 0));
  return FALSE;
}

GstXlnkAccelerator *
gst_xlnk_accelerator_make (const gchar * description, GError ** error)
{
  GstXlnkAccelerator *self;
  GstStructure *structure;
  GType type;

  g_return_val_if_fail (description != NULL, NULL);

  type = find_type (description, error);
  if (type == G_TYPE_INVALID)
    return NULL;
  structure = gst_xlnk_description_parse (description, error);
  if (!structure)
    return NULL;
  self = g_object_new (type, NULL);
  gst_object_ref_sink (self);
  if (!describe (self, structure, error)) {
    gst_object_unref (self);
    self = NULL;
  }
  gst_structure_free (structure);
  return self;
}
