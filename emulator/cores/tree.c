/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tree.c: what stands for the cores' files, in the tree that the preload library shows to programs:
 *
 *   cores                         the table and the windows
 *   dev/uioN                      a FIFO: it can be polled and locked, and dup, fork and exec treat it as a node
 *   dev/mem                       an empty file: for its locks and its inode
 *   sys/class/uio/uioN/…          as the UIO driver's
 */
#include "engines.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
fail (GError ** error, const char *path)
{
  const int number = errno;

  g_set_error (error, G_FILE_ERROR, (gint) g_file_error_from_errno (number), "cannot make %s: %s", path,
      g_strerror (number));
  return FALSE;
}

static gboolean G_GNUC_PRINTF (4, 5)
make_attribute (const char *directory, const char *name, GError ** error, const char *format, ...)
{
  char *path = g_build_filename (directory, name, NULL);
  char *parent = g_path_get_dirname (path), *text;
  gboolean good;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  good = (g_mkdir_with_parents (parent, 0755) == 0 || fail (error, parent)) && g_file_set_contents (path, text, -1,
      error);
  if (good)
    g_chmod (path, 0444);
  g_free (text);
  g_free (parent);
  g_free (path);
  return good;
}

/* %pa of the kernel: as many digits as a physical address has. */
static gboolean
make_attributes (const char *directory, const CoreConfig * config, GError ** error)
{
  const unsigned long long base = config->base;

  return make_attribute (directory, "name", error, "%s\n", config->name)
      && make_attribute (directory, "version", error, "devicetree\n")
      && make_attribute (directory, "event", error, "0\n")
      && make_attribute (directory, "maps/map0/name", error, "/amba_pl/%s@%llx\n", config->name, base)
      && make_attribute (directory, "maps/map0/addr", error, "0x%08llx\n", base)
      && make_attribute (directory, "maps/map0/size", error, "0x%08x\n", CORE_WINDOW)
      && make_attribute (directory, "maps/map0/offset", error, "0x0\n");
}

static gboolean
make_node (Cores * cores, unsigned number, const char *directory, GError ** error)
{
  Engine *engine = &cores->engines[number];
  char *path = g_strdup_printf ("%s/dev/uio%u", directory, number);
  struct stat st;
  gboolean good;

  good = mkfifo (path, 0600) == 0 && (engine->node = g_open (path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0)) >= 0
      && fstat (engine->node, &st) == 0;
  if (good) {
    cores->table->cores[number].node = st.st_ino;
    cores->table->device = st.st_dev;
  } else {
    fail (error, path);
  }
  g_free (path);
  return good;
}

static gboolean
make_core (Cores * cores, unsigned number, const char *tree, GError ** error)
{
  Engine *engine = &cores->engines[number];
  char *directory = g_strdup_printf ("%s/sys/class/uio/uio%u", tree, number);
  char *event = g_build_filename (directory, "event", NULL);
  gboolean good = make_attributes (directory, &cores->table->cores[number].config, error)
      && make_node (cores, number, tree, error);

  if (good) {
    g_chmod (event, 0644);
    engine->event_file = g_open (event, O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0);
    good = engine->event_file >= 0 || fail (error, event);
  }
  g_free (event);
  g_free (directory);
  return good;
}

static gboolean
make_memory_node (Cores * cores, const char *tree, GError ** error)
{
  char *directory = g_build_filename (tree, "dev", NULL), *path = g_build_filename (directory, "mem", NULL);
  struct stat st;
  gboolean good = g_mkdir_with_parents (directory, 0700) == 0;
  const int fd = good ? g_open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;

  good = fd >= 0 && fstat (fd, &st) == 0;
  if (good)
    cores->table->memory_node = st.st_ino;
  else
    fail (error, path);
  if (fd >= 0)
    close (fd);
  g_free (path);
  g_free (directory);
  return good;
}

static gboolean
make_table (Cores * cores, const char *tree, const CoreConfig * configs, unsigned count, GError ** error)
{
  char *path = g_build_filename (tree, "cores", NULL);
  const int fd = g_open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const int result = fd >= 0 ? cores_create (fd, configs, count) : -errno;

  if (result == 0)
    cores->table = cores_attach (fd);
  else
    errno = -result;
  if (!cores->table)
    fail (error, path);
  if (fd >= 0)
    close (fd);
  g_free (path);
  return cores->table != NULL;
}

gboolean
cores_make_tree (Cores * cores, const char *tree, const CoreConfig * configs, unsigned count, GError ** error)
{
  for (unsigned i = 0; i < CORES_MAX; i++)
    cores->engines[i].node = cores->engines[i].event_file = -1;
  if (!make_table (cores, tree, configs, count, error) || !make_memory_node (cores, tree, error))
    return FALSE;
  for (unsigned i = 0; i < count; i++) {
    if (!make_core (cores, i, tree, error))
      return FALSE;
  }
  return TRUE;
}

void
cores_close_tree (Cores * cores)
{
  for (unsigned i = 0; i < CORES_MAX; i++) {
    if (cores->engines[i].node >= 0)
      close (cores->engines[i].node);
    if (cores->engines[i].event_file >= 0)
      close (cores->engines[i].event_file);
  }
}
