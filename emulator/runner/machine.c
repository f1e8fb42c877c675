/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * machine.c: the directory of a run, the tree of listable directories, and the environment in which programs see the board.
 */
#include "runner.h"
#include "config-emulator.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TEMPLATE "xlnk-emulate-XXXXXX"

static gboolean
has_room (const char *path, guint64 bytes)
{
  struct statvfs st;

  return statvfs (path, &st) == 0 && (guint64) st.f_bavail * st.f_frsize >= bytes;
}

/*
 * Shared memory if there is enough: the planes would otherwise be written to disk again and again. Containers often have
 * little of it, and a sparse file that cannot grow is a SIGBUS in the program.
 */
static char *
make_directory (const BoardConfig * config, GError ** error)
{
  char *path = g_strdup ("/dev/shm/" TEMPLATE);

  leftovers_sweep ("/dev/shm", TEMPLATE);
  leftovers_sweep (g_get_tmp_dir (), TEMPLATE);
  if (has_room ("/dev/shm", 4 * config->cma + (16 << 20)) && g_mkdtemp (path))
    return path;
  g_free (path);
  return g_dir_make_tmp (TEMPLATE, error);
}

static const char *const counters[] = {
  "live_blocks", "live_bytes", "allocs", "frees", "flushes", "invalidates", "flushed_bytes", "invalidated_bytes",
  "buffers",
};

static gboolean
make_tree (Machine * machine, GError ** error)
{
  char *directory = g_build_filename (machine->tree, "sys", "kernel", "debug", "xlnk", NULL);
  gboolean good = g_mkdir_with_parents (directory, 0700) == 0 || failure_of_file (error, errno, "cannot make", directory);

  for (gsize i = 0; i < G_N_ELEMENTS (counters) && good; i++) {
    char *file = g_build_filename (directory, counters[i], NULL);
    const int fd = g_open (file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);

    good = fd >= 0 || failure_of_file (error, errno, "cannot make", file);
    if (fd >= 0)
      close (fd);
    g_free (file);
  }
  g_free (directory);
  return good;
}

/* For programs that are somewhere else. (GLib has had g_canonicalize_filename since 2.58.) */
static char *
make_absolute (const char *path)
{
  char *here = g_get_current_dir ();
  char *absolute = g_path_is_absolute (path) ? g_strdup (path) : g_build_filename (here, path, NULL);

  g_free (here);
  return absolute;
}

/* For those faults that ask who calls. Beside the heap, so that all processes count together. */
static gboolean
make_plan (Machine * machine, const Options * options, GError ** error)
{
  Plan plan = options->plan;
  gboolean good;
  char *trace;
  int fd;

  if (plan.count == 0 && !options->trace)
    return TRUE;
  plan.magic = PLAN_MAGIC;
  trace = options->trace ? make_absolute (options->trace) : NULL;
  g_strlcpy (plan.trace, trace ? trace : "", sizeof plan.trace);
  g_free (trace);
  machine->plan = g_build_filename (machine->directory, "faults", NULL);
  fd = g_open (machine->plan, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  good = fd >= 0 && write (fd, &plan, sizeof plan) == (gssize) sizeof plan;
  if (!good)
    failure_of_file (error, errno, "cannot make", machine->plan);
  if (fd >= 0)
    close (fd);
  return good;
}

/* Beside the heap, of which all boards that are started on it are one. Not its parents: a path may be mistyped. */
static gboolean
make_ledger (const Machine * machine, GError ** error)
{
  if (g_mkdir (machine->ledger, 0700) == 0 || errno == EEXIST)
    return TRUE;
  return failure_of_file (error, errno, "cannot make", machine->ledger);
}

gboolean
machine_start (Machine * machine, const Options * options, GError ** error)
{
  machine->directory = make_directory (&options->config, error);
  if (!machine->directory)
    return FALSE;
  machine->lock = leftovers_lock (machine->directory);
  machine->tree = g_build_filename (machine->directory, "tree", NULL);
  machine->heap = options->heap ? make_absolute (options->heap)
      : g_build_filename (machine->directory, "heap", NULL);
  machine->ledger = options->heap ? g_strconcat (machine->heap, ".ledger", NULL)
      : g_build_filename (machine->directory, "ledger", NULL);
  return make_tree (machine, error) && heap_open (machine, options, error) && make_ledger (machine, error)
      && make_plan (machine, options, error)
      && cores_start (&machine->cores, &machine->board, machine->heap, machine->tree, options->cores,
      options->core_count, error);
}

void
machine_stop (Machine * machine)
{
  cores_free (&machine->cores);
  if (machine->board.state)
    board_detach (&machine->board);
  if (machine->fd >= 0)
    close (machine->fd);
  if (machine->directory)
    leftovers_remove_all (machine->directory);
  if (machine->lock >= 0)
    close (machine->lock);
  g_free (machine->directory);
  g_free (machine->tree);
  g_free (machine->heap);
  g_free (machine->ledger);
  g_free (machine->plan);
}

/* Beside the runner in the build tree, or in the private directory of the installation it belongs to. */
static char *
find_preload (const char *name, GError ** error)
{
  /* Without /proc, in a bare chroot, the name by which we were run must do. */
  char *link = g_file_read_link ("/proc/self/exe", NULL);
  const char *self = link ? link : (const char *) getauxval (AT_EXECFN);
  char *here = self ? g_path_get_dirname (self) : NULL;
  char *candidates[] = {
    here ? g_build_filename (here, name, NULL) : NULL,
    here ? g_build_filename (here, PRELOAD_FROM_BINDIR, name, NULL) : NULL,
    g_build_filename (PRELOAD_DIR, name, NULL),
  };
  char *found = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (candidates); i++) {
    if (!found && candidates[i] && g_file_test (candidates[i], G_FILE_TEST_EXISTS))
      found = make_absolute (candidates[i]);
    g_free (candidates[i]);
  }
  g_free (here);
  g_free (link);
  if (!found)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "cannot find %s, neither beside me nor in %s",
        name, PRELOAD_DIR);
  return found;
}

/* The last in the list, after any sanitizer's runtime that the caller put there. */
static char *
append_library (char *list, const char *name, GError ** error)
{
  char *library = find_preload (name, error);
  char *longer = library ? g_strconcat (list ? list : "", list ? ":" : "", library, NULL) : NULL;

  g_free (library);
  g_free (list);
  return longer;
}

/* Faults come first: a call that is to fail must not reach the board. */
static char *
preload_list (const Machine * machine, GError ** error)
{
  const char *old = g_getenv ("LD_PRELOAD");
  char *list = old && *old ? g_strdup (old) : NULL;

  if (machine->plan) {
    list = append_library (list, FAULTS_NAME, error);
    if (!list)
      return NULL;
  }
  return append_library (list, PRELOAD_NAME, error);
}

/*
 * gcc's ASan wants its runtime to be the first library of all and gives up if it is not. Ours defines no allocator, so
 * the order does no harm; the check goes off for the whole tree of processes, of which any may be so built.
 */
static char *
asan_options (void)
{
  const char *old = g_getenv ("ASAN_OPTIONS");

  return g_strconcat ("verify_asan_link_order=0", old && *old ? ":" : "", old, NULL);
}

char **
machine_environment (const Machine * machine, GError ** error)
{
  char *list = preload_list (machine, error), *asan;
  char **environment;

  if (!list)
    return NULL;
  environment = g_environ_setenv (g_get_environ (), "LD_PRELOAD", list, TRUE);
  asan = asan_options ();
  environment = g_environ_setenv (environment, "ASAN_OPTIONS", asan, TRUE);
  environment = g_environ_setenv (environment, "XLNK_EMULATOR_HEAP", machine->heap, TRUE);
  environment = g_environ_setenv (environment, "XLNK_EMULATOR_TREE", machine->tree, TRUE);
  /* Who keeps notes about buffers keeps them for as long as there are these, and not on the host. */
  environment = g_environ_setenv (environment, "GST_XLNK_LEDGER", machine->ledger,
      g_strcmp0 (g_environ_getenv (environment, "GST_XLNK_LEDGER"), "") == 0);
  if (machine->plan)
    environment = g_environ_setenv (environment, ENV_PLAN, machine->plan, TRUE);
  g_free (asan);
  g_free (list);
  return environment;
}
