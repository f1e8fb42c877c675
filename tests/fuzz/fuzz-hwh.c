/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-hwh.c: a hardware handoff file through `xlnk-ctl describe`: what it prints must be a description that an
 * accelerator understands, and it ends with 0 only if it printed one.
 */
#include <gst/xlnk/xlnk.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "gstxlnkaccelerators.h"
#include "xlnk-ctl.h"

static GString *printed;
static int fd;

static void
print (const gchar * text)
{
  g_string_append (printed, text);
}

static void
swallow (const gchar * text)
{
  FUZZ_CHECK (text, "nothing is printed");
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  (void) argc;
  (void) argv;
  fuzz_init_gst ();
  gst_xlnk_accelerators_register ();
  g_set_print_handler (print);
  g_set_printerr_handler (swallow);
  printed = g_string_new (NULL);
  fd = memfd_create ("hwh", MFD_CLOEXEC);
  FUZZ_CHECK (fd >= 0, "no file to read from");
  return 0;
}

/* "# name", then the description. */
static unsigned
check_lines (void)
{
  g_auto (GStrv) lines = g_strsplit (printed->str, "\n", -1);
  unsigned n = 0;

  for (char **line = lines; *line; line++) {
    g_autoptr (GError) error = NULL;
    GstXlnkAccelerator *accelerator;

    if (**line == '#' || **line == '\0')
      continue;
    accelerator = gst_xlnk_accelerator_make (*line, &error);
    FUZZ_CHECK (accelerator, "%s: %s", *line, error->message);
    gst_object_unref (accelerator);
    n++;
  }
  return n;
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  char *argv[] = { "describe", path, NULL };
  int status;

  FUZZ_CHECK (ftruncate (fd, 0) == 0 && pwrite (fd, data, size, 0) == (ssize_t) size, "the file cannot be written");
  g_string_truncate (printed, 0);
  status = xlnk_ctl_describe (2, argv);
  FUZZ_CHECK (status == 0 || status == 1, "status %d", status);
  FUZZ_CHECK ((check_lines () > 0) == (status == 0), "status %d after: %s", status, printed->str);
  return 0;
}
