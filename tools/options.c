/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include "xlnk-ctl.h"
#include "xlnklog.h"

static GOptionContext *
make_context (Options * options, const GOptionEntry * entries, const char *summary)
{
  const GOptionEntry common[] = {
    {"device", 'd', G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, &options->device, "the device node (/dev/xlnk)", "NODE"},
    {"json", 'j', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &options->json, "print JSON", NULL},
    {NULL, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, NULL, NULL, NULL}
  };
  GOptionContext *context = g_option_context_new (NULL);

  g_option_context_set_summary (context, summary);
  if (entries)
    g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_main_entries (context, common, NULL);
  g_option_context_set_help_enabled (context, FALSE);
  return context;
}

/* GOptionContext's own help would leave the process in the middle. */
static gboolean
wants_help (int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    if (g_str_equal (argv[i], "--help") || g_str_equal (argv[i], "-h"))
      return TRUE;
  }
  return FALSE;
}

static void
print_help (GOptionContext * context)
{
  char *help = g_option_context_get_help (context, TRUE, NULL);

  g_print ("%s", help);
  g_free (help);
}

gboolean
options_parse (Options * options, const GOptionEntry * entries, const char *summary, int argc, char **argv,
    int *status)
{
  GOptionContext *context = make_context (options, entries, summary);
  GError *error = NULL;
  gboolean go_on = FALSE;

  if (wants_help (argc, argv)) {
    print_help (context);
    *status = 0;
  } else if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("xlnk-ctl: %s\n", error->message);
    g_error_free (error);
    *status = XLNK_CTL_USAGE;
  } else if (argc > 1) {
    g_printerr ("xlnk-ctl: '%s' is not expected here\n", argv[1]);
    *status = XLNK_CTL_USAGE;
  } else if (options->device && !*options->device) {
    g_printerr ("xlnk-ctl: --device wants a node; without it that is /dev/xlnk\n");
    *status = XLNK_CTL_USAGE;
  } else {
    go_on = TRUE;
  }
  g_option_context_free (context);
  return go_on;
}

void
options_clear (Options * options)
{
  g_free (options->device);
}

int
options_fail (GError * error)
{
  g_printerr ("xlnk-ctl: %s\n", error->message);
  g_error_free (error);
  return 1;
}

static void G_GNUC_PRINTF (5, 0)
print_warning (XlnkLogLevel level, const char *file G_GNUC_UNUSED, const char *function G_GNUC_UNUSED,
    int line G_GNUC_UNUSED, const char *format, va_list args)
{
  char *text;

  if (level > XLNK_LOG_WARNING)
    return;
  text = g_strdup_vprintf (format, args);
  g_printerr ("xlnk-ctl: %s\n", text);
  g_free (text);
}

XlnkDevice *
options_open_device (const Options * options)
{
  GError *error = NULL;
  XlnkDevice *device;

  xlnk_log_set_handler (print_warning);
  device = xlnk_device_open_to_look (options->device, &error);
  if (!device)
    options_fail (error);
  return device;
}
