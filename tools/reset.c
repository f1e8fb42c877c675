/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reset.c: `xlnk-ctl reset --yes`: the driver's own cure, which frees the buffers of everybody.
 */
#include "xlnk-ctl.h"

#include "format.h"
#include "options.h"
#include "report.h"

static const char summary[] =
    "Frees every buffer of every process, running ones included: what they and their devices write from then on goes\n"
    "into memory that the kernel gives to others. Without --yes it says whom it would hit, and does nothing.";

static guint
count_living (const Snapshot * snapshot)
{
  guint n = 0;

  for (guint i = 0; i < snapshot->holders->len; i++) {
    const SnapshotHolder *holder = g_ptr_array_index (snapshot->holders, i);

    n += holder->holder.alive && holder->entries->len > 0;
  }
  return n;
}

static void
print_victims (const Snapshot * snapshot, gboolean yes)
{
  char *known = format_bytes (snapshot->bytes), *others = format_bytes (snapshot_get_others (snapshot));
  gboolean cma = snapshot->cma_total > 0;
  GString *text = g_string_new (NULL);

  report_append_text (text, snapshot, 0);
  g_printerr ("%s\nA reset %s all of these buffers (%s), and those of processes without a ledger or with one elsewhere "
      "(%s%s). Processes in this list that still use theirs: %u. Who else does is not known.\n", text->str, yes ? "frees" : "would free", known,
      cma ? "up to " : "the kernel does not say how much", cma ? others : "", count_living (snapshot));
  g_string_free (text, TRUE);
  g_free (others);
  g_free (known);
}

static void
print_json (const Snapshot * snapshot, gboolean done)
{
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "reset");
  json_builder_add_boolean_value (builder, done);
  report_build_json (builder, snapshot);
  json_builder_end_object (builder);
  report_print_json (builder);
  g_object_unref (builder);
}

/* Returns the exit status. */
static int
reset (XlnkDevice * device, const Options * options, gboolean yes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Snapshot) snapshot = snapshot_take (device);

  if (snapshot->incomplete)
    g_printerr ("xlnk-ctl: %s\n", snapshot->incomplete->message);
  if (!options->json)
    print_victims (snapshot, yes);
  if (yes && !xlnk_device_reset (device, &error))
    return options_fail (g_steal_pointer (&error));
  if (options->json)
    print_json (snapshot, yes);
  if (!yes)
    g_printerr ("Nothing was done. To go on, add --yes; to free only what dead processes left, use `xlnk-ctl reclaim`.\n");
  return yes ? 0 : 1;
}

int
xlnk_ctl_reset (int argc, char **argv)
{
  gboolean yes = FALSE;
  const GOptionEntry entries[] = {
    {"yes", 'y', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &yes, "do it", NULL},
    {NULL, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, NULL, NULL, NULL}
  };
  g_auto (Options) options = { NULL, FALSE };
  XlnkDevice *device;
  int status;

  if (!options_parse (&options, entries, summary, argc, argv, &status))
    return status;
  device = options_open_device (&options);
  if (!device)
    return 1;
  status = reset (device, &options, yes);
  xlnk_device_unref (device);
  return status;
}
