/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnklog.h"

static XlnkLogHandler log_handler;

void
xlnk_log_set_handler (XlnkLogHandler handler)
{
  log_handler = handler;
}

void
xlnk_log_line (XlnkLogLevel level, const char *file, const char *function, int line, const char *format, ...)
{
  va_list args;

  if (!log_handler)
    return;
  va_start (args, format);
  log_handler (level, file, function, line, format, args);
  va_end (args);
}
