/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core-options.c: --core on the command line, and the cores in the report. Runs outside the board.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *runner, *tool;

static int
run (const char *options, const char *command, char **out, char **err)
{
  char *line = g_strdup_printf ("%s %s -- %s", runner, options, command);
  GError *error = NULL;
  int status;

  g_spawn_command_line_sync (line, out, err, &status, &error);
  g_assert_no_error (error);
  g_free (line);
  return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

static void
test_bad_options (void)
{
  static const char *const bad[] = {
    "", "x", "=copy", "x=", "x=frob", "x=copy,", "x=copy,latency", "x=copy,latency=", "x=copy,latency=5",
    "x=copy,latency=-5ms", "x=copy,latency=nanms", "x=copy,latency=1e30s", "x=copy,rate=5X", "x=copy,rate=M",
    "x=copy,hang-at=0", "x=copy,hang-at=1x", "x=copy,error-at=-1", "x=copy,irq=maybe", "x=copy,irq=lost:0",
    "x=copy,base=0", "x=copy,base=0x43c00004", "x=copy,base=-4096", "x=copy,protocol=none", "x=copy,tools=2019",
    "x=copy,format=RGBB", "x=copy,address-width=40", "x=copy,dre=no", "x=copy,fifo=64", "x=dma-sink,tools=2018.3",
    "x=dma-sink,length-width=27", "x=dma-sink,data-width=33", "x=dma-sink,dre=maybe", "x=copy,frob=1",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    char *options = g_strdup_printf ("--core '%s'", bad[i]), *err;

    g_assert_cmpint (run (options, "true", NULL, &err), ==, 64);
    g_assert_nonnull (strstr (err, "--core"));
    g_free (options);
    g_free (err);
  }
}

static void
test_conflicts (void)
{
  char *err;

  g_assert_cmpint (run ("--core x=copy --core x=sobel", "true", NULL, NULL), ==, 64);
  g_assert_cmpint (run ("--core x=copy,base=0x50000000 --core y=copy,base=0x50008000", "true", NULL, &err), ==, 64);
  g_assert_nonnull (strstr (err, "base of x"));
  g_free (err);
  g_assert_cmpint (run ("--core x=copy,base=0x50000000 --core y=copy,base=0x50010000", "true", NULL, NULL), ==, 0);
}

static void
assert_output (const char *options, const char *command, const char *expected)
{
  char *out;

  g_assert_cmpint (run (options, command, &out, NULL), ==, 0);
  g_assert_cmpstr (out, ==, expected);
  g_free (out);
}

/* The next free window; a base that somebody asked for is not given to another. */
static void
test_addresses (void)
{
#define ADDRESS "cat /sys/class/uio/uio1/maps/map0/addr"
  assert_output ("--core x=copy --core y=sobel", ADDRESS, "0x43c10000\n");
  assert_output ("--core x=copy --core y=dma-sink", ADDRESS, "0x40400000\n");
  assert_output ("--arch arm64 --core x=copy --core y=dma-sink", ADDRESS, "0xa0010000\n");
  assert_output ("--core x=copy,base=0x43c08000 --core y=copy", ADDRESS, "0x43c20000\n");
}

/* What the host has is not the board's, and without --core the board changes nothing. */
static void
test_without_cores (void)
{
  char *plain, *board;

  g_spawn_command_line_sync ("ls -ld /sys/class/uio /dev/uio0 /dev/mem", &plain, NULL, NULL, NULL);
  run ("", "ls -ld /sys/class/uio /dev/uio0 /dev/mem", &board, NULL);
  g_assert_cmpstr (plain, ==, board);
  g_free (plain);
  g_free (board);
  assert_output ("--core x=copy --core y=copy", "ls /sys/class/uio", "uio0\nuio1\n");
}

/* Without a job, but with all its members; tests of the cores look at the numbers. */
static void
test_report (void)
{
  static const char *const parts[] = {
    "\"cores\": [", "\"name\": \"x\", \"model\": \"copy\", \"uio\": 0, \"base\": 1136656384", "\"jobs\": 0", "\"busy-ns\": 0",
    "\"hangs\": 0",
  };
  char *name = g_build_filename (g_get_tmp_dir (), "core-report-XXXXXX", NULL), *options, *json, *err;
  const int fd = g_mkstemp (name);

  close (fd);
  options = g_strdup_printf ("--report %s --core x=copy", name);
  g_assert_cmpint (run (options, "true", NULL, &err), ==, 0);
  g_assert_nonnull (strstr (err, "x (uio0, copy): 0 jobs"));
  g_assert_true (g_file_get_contents (name, &json, NULL, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    g_assert_nonnull (strstr (json, parts[i]));
  g_unlink (name);
  g_free (options);
  g_free (json);
  g_free (err);
  g_free (name);
}

static void
assert_held (const char *core, const char *argument, int status, const char *expected)
{
  char *command = g_strdup_printf ("%s %s", tool, argument), *options, *err;

  options = g_strdup_printf ("--strict --core %s", core);
  g_assert_cmpint (run (options, command, NULL, &err), ==, status);
  g_assert_nonnull (strstr (err, expected));
  g_free (command);
  g_free (options);
  g_free (err);
}

/* What a core that hangs may still write to is not leaked. What it has done with is, and so is the rest. */
static void
test_held_buffers (void)
{
  assert_held ("x=copy,hang-at=1", "", 0, "held         id 2, 32768 bytes, by core x");
  assert_held ("x=copy,hang-at=1", "more", 70, "leaked       1 buffer, 4.0");
  assert_held ("x=copy,latency=5ms", "", 70, "leaked       2 buffers");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  runner = g_getenv ("TEST_RUNNER");
  tool = g_getenv ("TEST_TOOL");
  g_assert_true (runner && tool);
  g_test_add_func ("/core/options/bad", test_bad_options);
  g_test_add_func ("/core/options/conflicts", test_conflicts);
  g_test_add_func ("/core/options/addresses", test_addresses);
  g_test_add_func ("/core/options/without-cores", test_without_cores);
  g_test_add_func ("/core/options/report", test_report);
  g_test_add_func ("/core/options/held-buffers", test_held_buffers);
  return g_test_run ();
}
