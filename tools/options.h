/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.h: what the commands that speak to the board have in common: --device, --json, and how they fail.
 */
#ifndef XLNK_CTL_OPTIONS_H
#define XLNK_CTL_OPTIONS_H

#include <glib.h>

#include "xlnkdevice.h"

typedef struct
{
  char *device;                 /* as given, or NULL */
  gboolean json;
} Options;

/* Takes the options out of @argv, those of @entries (nullable, as GOptionContext wants them) among them. @summary is what
 * the command's --help says. Returns TRUE if the command is to go on; else *@status is what it returns, and what was wrong
 * is told. */
gboolean options_parse (Options * options, const GOptionEntry * entries, const char *summary, int argc, char **argv,
    int *status);
void options_clear (Options * options);

/* To look: opening frees nothing. From here on what the device ring warns of is told on stderr. NULL if it cannot be opened, which is told. */
XlnkDevice *options_open_device (const Options * options);

/* Says on stderr what went wrong, frees @error and returns the exit status 1. */
int options_fail (GError * error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

#endif /* XLNK_CTL_OPTIONS_H */
