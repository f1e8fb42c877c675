/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnklog.h: where the device ring's log lines go. The ring knows no GStreamer; the library above routes them to the
 * debug category `xlnkdevice`. Without a handler they are dropped.
 */
#ifndef XLNK_LOG_H
#define XLNK_LOG_H

#include <glib.h>
#include <stdarg.h>

G_BEGIN_DECLS

/* The numbers are those of GstDebugLevel. */
typedef enum
{
  XLNK_LOG_ERROR = 1,
  XLNK_LOG_WARNING = 2,
  XLNK_LOG_INFO = 4,
  XLNK_LOG_DEBUG = 5,
  XLNK_LOG_TRACE = 7,
} XlnkLogLevel;

typedef void (*XlnkLogHandler) (XlnkLogLevel level, const char *file, const char *function, int line,
    const char *format, va_list args);

/* To be called before the first device is opened; NULL drops the lines. */
void xlnk_log_set_handler (XlnkLogHandler handler);

void xlnk_log_line (XlnkLogLevel level, const char *file, const char *function, int line, const char *format, ...)
    G_GNUC_PRINTF (5, 6);

#define xlnk_log(level, ...) xlnk_log_line (level, __FILE__, __func__, __LINE__, __VA_ARGS__)

G_END_DECLS

#endif /* XLNK_LOG_H */
