/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options-faults.c: --fault request:n:result[,…], checked before anything runs.
 */
#include "runner.h"

#include <string.h>

static gboolean
find_request (const char *name, uint32_t * request)
{
  for (uint32_t i = 0; i < REQUEST_KINDS; i++) {
    if (g_str_equal (board_request_name (i), name)) {
      *request = i;
      return TRUE;
    }
  }
  return FALSE;
}

/* Only ioctls return what could not be copied. */
static gboolean
find_result (const char *text, uint32_t request, int32_t * result)
{
  guint64 number;

  if (g_str_equal (text, "SIGKILL")) {
    *result = BOARD_FAULT_KILL;
    return TRUE;
  }
  if (text[0] != '+') {
    *result = plan_errno (text);
    return *result != 0;
  }
  if (request < REQUEST_ALLOC || !g_ascii_string_to_unsigned (text + 1, 10, 1, 65535, &number, NULL))
    return FALSE;
  *result = (int32_t) number;
  return TRUE;
}

static gboolean
parse_one (const char *text, BoardFault * fault)
{
  char **parts = g_strsplit (text, ":", -1);
  guint64 use = 0;
  gboolean good = g_strv_length (parts) == 3 && find_request (parts[0], &fault->request)
      && g_ascii_string_to_unsigned (parts[1], 10, 1, G_MAXUINT32, &use, NULL)
      && find_result (parts[2], fault->request, &fault->result);

  fault->use = (uint32_t) use;
  g_strfreev (parts);
  return good;
}

/* Those that say who must have made the call are not the board's. */
static gboolean
take_one (Options * options, const char *text)
{
  if (strchr (text, '@'))
    return plan_add (&options->plan, text);
  return options->fault_count < BOARD_MAX_FAULTS && parse_one (text, &options->faults[options->fault_count++]);
}

gboolean
options_parse_faults (Options * options, const char *text, GError ** error)
{
  char **items = g_strsplit (text, ",", -1);
  gboolean good = TRUE;

  for (char **item = items; *item && good; item++) {
    good = take_one (options, *item);
    if (!good)
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
          "--fault: “%s” is not request:n:result as in alloc:3:ENOMEM or alloc:5:+16, or "
          "call@object:n:result; see --help", *item);
  }
  g_strfreev (items);
  return good;
}
