/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reclaim.c: `xlnk-ctl reclaim`: gives back what dead processes left.
 */
#include "xlnk-ctl.h"

#include "format.h"
#include "options.h"
#include "report.h"

static const char summary[] =
    "Gives back the buffers of processes that died. Without options only those that provably are still theirs,\n"
    "whose address nobody was given and that no core was working on. Buffers of the living are never touched.";

typedef struct
{
  gboolean dry_run, exposed, force;
} Wishes;

static XlnkReclaimFlags
choose_flags (const Wishes * wishes)
{
  XlnkReclaimFlags flags = 0;

  if (wishes->dry_run)
    flags |= XLNK_RECLAIM_DRY_RUN;
  if (wishes->exposed || wishes->force)
    flags |= XLNK_RECLAIM_EXPOSED;
  if (wishes->force)
    flags |= XLNK_RECLAIM_COOKIE_LESS | XLNK_RECLAIM_ARMED;
  return flags;
}

static void
print_json (const XlnkReclaimResult * result, gboolean dry_run)
{
  const struct
  {
    const char *name;
    guint64 value;
  } members[] = {
    {"dead-processes", result->files},
    {"freed", result->freed},
    {"freed-bytes", result->freed_bytes},
    {"dropped", result->dropped},
    {"kept-exposed", result->kept_exposed},
    {"kept-cookie-less", result->kept_cookie_less},
    {"kept-wrong-cookie", result->kept_wrong_cookie},
    {"kept-armed", result->kept_armed},
    {"failed", result->failed},
    {"unreadable", result->unreadable},
  };
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "dry-run");
  json_builder_add_boolean_value (builder, dry_run);
  for (guint i = 0; i < G_N_ELEMENTS (members); i++) {
    json_builder_set_member_name (builder, members[i].name);
    json_builder_add_int_value (builder, (gint64) members[i].value);
  }
  json_builder_end_object (builder);
  report_print_json (builder);
  g_object_unref (builder);
}

static void
print_kept (guint n, const char *why, const char *advice)
{
  if (n > 0)
    g_print ("  kept %u %s: %s\n", n, why, advice);
}

static void
print_text (const XlnkReclaimResult * result, gboolean dry_run)
{
  char *bytes = format_bytes (result->freed_bytes);

  g_print ("%s %u buffers, %s, of %u dead processes\n", dry_run ? "would free" : "freed", result->freed, bytes,
      result->files);
  if (result->dropped > 0)
    g_print ("  %u more were gone already\n", result->dropped);
  print_kept (result->kept_exposed, "whose address was given away",
      "when no device can be using it any more, add --exposed");
  print_kept (result->kept_armed, "that a core was working on",
      "they go back when the core is next opened; when it surely stands still, add --force");
  print_kept (result->kept_cookie_less, "that may be somebody else's by now",
      "their owner died before it could mark them; to free them nevertheless, add --force");
  print_kept (result->kept_wrong_cookie, "with other bytes where their mark was",
      "their ids were handed out again, or something wrote past their ends; nothing frees them but their new owner, if "
      "there is one, `xlnk-ctl reset`, or a reboot");
  print_kept (result->failed, "because something failed, which stderr says", "try again");
  if (result->unreadable > 0)
    g_print ("  passed over %u files that cannot be read, or are no ledgers, which stderr names\n", result->unreadable);
  g_free (bytes);
}

int
xlnk_ctl_reclaim (int argc, char **argv)
{
  Wishes wishes = { FALSE, FALSE, FALSE };
  const GOptionEntry entries[] = {
    {"dry-run", 'n', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &wishes.dry_run, "only say what would be freed", NULL},
    {"exposed", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &wishes.exposed, "also buffers whose address was given away",
        NULL},
    {"force", 'f', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &wishes.force,
        "also those, those a core worked on, and those that cannot be told from a stranger's", NULL},
    {NULL, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, NULL, NULL, NULL}
  };
  g_auto (Options) options = { NULL, FALSE };
  g_autoptr (GError) error = NULL;
  XlnkReclaimResult result = { 0 };
  XlnkDevice *device;
  gboolean done;
  int status;

  if (!options_parse (&options, entries, summary, argc, argv, &status))
    return status;
  device = options_open_device (&options);
  if (!device)
    return 1;
  done = xlnk_reclaim (device, choose_flags (&wishes), &result, &error);
  xlnk_device_unref (device);
  if (!done)
    return options_fail (g_steal_pointer (&error));
  if (options.json)
    print_json (&result, wishes.dry_run);
  else
    print_text (&result, wishes.dry_run);
  return result.failed + result.unreadable > 0;
}
