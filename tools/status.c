/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * status.c: `xlnk-ctl status`: how much contiguous memory there is, and who holds what.
 */
#include "xlnk-ctl.h"

#include "options.h"
#include "report.h"

#define BAR 20

static void
print_json (const Snapshot * snapshot)
{
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  report_build_json (builder, snapshot);
  json_builder_end_object (builder);
  report_print_json (builder);
  g_object_unref (builder);
}

static void
print_text (const Snapshot * snapshot)
{
  GString *text = g_string_new (NULL);

  report_append_text (text, snapshot, BAR);
  g_print ("%s", text->str);
  g_string_free (text, TRUE);
}

int
xlnk_ctl_status (int argc, char **argv)
{
  g_auto (Options) options = { NULL, FALSE };
  g_autoptr (Snapshot) snapshot = NULL;
  XlnkDevice *device;
  int status;

  if (!options_parse (&options, NULL, "Says how much contiguous memory there is, and who holds what. Changes nothing.",
          argc, argv, &status))
    return status;
  device = options_open_device (&options);
  if (!device)
    return 1;
  snapshot = snapshot_take (device);
  xlnk_device_unref (device);
  if (options.json)
    print_json (snapshot);
  else
    print_text (snapshot);
  return snapshot->incomplete ? options_fail (g_steal_pointer (&snapshot->incomplete)) : 0;
}
