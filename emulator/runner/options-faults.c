/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options-faults.c: --fault request:n:result[,…], checked before anything runs.
 */
#include "runner.h"

#include <errno.h>
#include <string.h>

/* Those a driver or the VFS in front of it may give. */
static const struct
{
  const char *name;
  int number;
} errnos[] = {
  {"EPERM", EPERM}, {"ENOENT", ENOENT}, {"EINTR", EINTR}, {"EIO", EIO}, {"ENXIO", ENXIO},
  {"EBADF", EBADF}, {"EAGAIN", EAGAIN}, {"ENOMEM", ENOMEM}, {"EACCES", EACCES}, {"EFAULT", EFAULT},
  {"EBUSY", EBUSY}, {"EEXIST", EEXIST}, {"ENODEV", ENODEV}, {"EINVAL", EINVAL}, {"ENFILE", ENFILE},
  {"EMFILE", EMFILE}, {"ENOTTY", ENOTTY}, {"ENOSPC", ENOSPC}, {"ENOSYS", ENOSYS}, {"ETIMEDOUT", ETIMEDOUT},
};

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

static gboolean
find_errno (const char *name, int32_t * result)
{
  for (gsize i = 0; i < G_N_ELEMENTS (errnos); i++) {
    if (g_str_equal (errnos[i].name, name)) {
      *result = -errnos[i].number;
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
  if (text[0] != '+')
    return find_errno (text, result);
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

gboolean
options_parse_faults (Options * options, const char *text, GError ** error)
{
  char **items = g_strsplit (text, ",", -1);
  gboolean good = TRUE;

  for (char **item = items; *item && good; item++) {
    good = options->fault_count < BOARD_MAX_FAULTS && parse_one (*item, &options->faults[options->fault_count++]);
    if (!good)
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
          "--fault: “%s” is not request:n:result as in alloc:3:ENOMEM or alloc:5:+16; see --help", *item);
  }
  g_strfreev (items);
  return good;
}
