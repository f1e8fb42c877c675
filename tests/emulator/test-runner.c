/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-runner.c: xlnk-emulate itself: exit statuses, reports, heaps, faults, signals. Runs outside the board.
 */
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

static const char *runner, *tool, *preload;
static char *directory;

typedef struct
{
  int status;
  char *out, *err;
} Result;

static void
clear (Result * result)
{
  g_free (result->out);
  g_free (result->err);
}

/* xlnk-emulate OPTIONS -- client-tool WORDS. */
static Result
run (const char *options, const char *words)
{
  char *line = g_strdup_printf ("%s %s -- %s %s", runner, options, tool, words);
  Result result = { 0 };
  GError *error = NULL;
  int status;

  g_spawn_command_line_sync (line, &result.out, &result.err, &status, &error);
  g_assert_no_error (error);
  result.status = WIFEXITED (status) ? WEXITSTATUS (status) : -1;
  g_free (line);
  return result;
}

static int
status_of (const char *options, const char *words)
{
  Result result = run (options, words);
  const int status = result.status;

  clear (&result);
  return status;
}

#define assert_contains(text, part) \
  G_STMT_START { \
    if (!strstr ((text), (part))) \
      g_error ("“%s” is not in: %s", (part), (text)); \
  } G_STMT_END

static void
test_status_of_the_command (void)
{
  g_assert_cmpint (status_of ("", "pingpong"), ==, 0);
  g_assert_cmpint (status_of ("", "no-such-verb"), ==, 8);
  g_assert_cmpint (status_of ("--strict", "no-such-verb"), ==, 8);
  g_assert_cmpint (status_of ("", "die 15"), ==, 128 + 15);
  g_assert_cmpint (status_of ("--strict", "die 9 4096"), ==, 128 + 9);
}

static void
test_bad_options (void)
{
  const char *const bad[] = {
    "--cma 0", "--cma 3", "--cma 12X", "--cma -1M", "--cma 2G", "--cma 99999999999999999999", "--driver 3.14", "--arch x86",
    "--line 48", "--first-id 0", "--first-id 4096", "--driver 2016.4 --first-id 256", "--seed x", "--strict=all",
    "--driver 3.13 --arch arm64", "--fault alloc", "--fault alloc:1", "--fault alloc:0:ENOMEM", "--fault alloc:1:EFOO",
    "--fault mmap:1:+3", "--fault alloc:1:+0", "--fault alloc:1:+65536", "--fault frob:1:ENOMEM", "--fault alloc:1:ENOMEM,", "--frob",
    "--fault alloc@:1:ENOMEM", "--fault frob@x:1:EIO", "--fault read@x:0:EIO", "--fault read@x:1:+4", "--fault read@x:1:EFOO",
    "--fault read@x:1", "--fault read@x:-:EIO",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    Result result = run (bad[i], "leak 4096");

    if (result.status != 64 || !g_str_has_prefix (result.err, "xlnk-emulate: "))
      g_error ("%s: status %d, %s", bad[i], result.status, result.err);
    clear (&result);
  }
}

static void
test_command_that_is_not_there (void)
{
  int status;
  char *line = g_strdup_printf ("%s -- /no/such/program", runner);

  g_assert_true (g_spawn_command_line_sync (line, NULL, NULL, &status, NULL));
  g_assert_cmpint (WEXITSTATUS (status), ==, 127);
  g_free (line);
}

static void
test_help (void)
{
  Result result = run ("--help", "");
  const char *const parts[] = {
    "--heap=FILE", "--report=FILE", "--cma=SIZE", "--driver", "--arch", "--line", "--first-id=N", "--seed=N",
    "--strict", "--fault=LIST", "Exit status", "alloc:3:ENOMEM", "live_blocks",
  };

  g_assert_cmpint (result.status, ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    assert_contains (result.out, parts[i]);
  clear (&result);
}

/* Negative controls: the same program, one step left out. */
static void
test_strict (void)
{
  g_assert_cmpint (status_of ("--strict", "pingpong"), ==, 0);
  g_assert_cmpint (status_of ("--strict", "leak 4096"), ==, 70);
  g_assert_cmpint (status_of ("", "leak 4096"), ==, 0);
  g_assert_cmpint (status_of ("--strict", "pingpong flush"), ==, 3);
  g_assert_cmpint (status_of ("--strict", "pingpong invalidate"), ==, 3);
  g_assert_cmpint (status_of ("--strict", "pingpong nothing-twice"), ==, 0);
  g_assert_cmpint (status_of ("--strict=redundant", "pingpong nothing-twice"), ==, 70);
  g_assert_cmpint (status_of ("--strict=redundant", "pingpong"), ==, 0);
}

/* A hazard alone, in a program that is content: it never looked at what the device got. */
static void
test_strict_on_a_hazard (void)
{
  Result result = run ("--strict --cma 8M", "careless");

  g_assert_cmpint (status_of ("--cma 8M", "careless"), ==, 0);
  g_assert_cmpint (result.status, ==, 70);
  assert_contains (result.err, "device read a line still dirty");
  clear (&result);
}

static void
test_report_for_people (void)
{
  Result result = run ("", "leak 4096 100000"), good = run ("", "pingpong");

  assert_contains (result.err, "driver 2018.3 on arm, CMA 128.0");
  assert_contains (result.err, "leaked       2 buffers");
  assert_contains (result.err, "id 2, 100000 bytes at 0x18");
  assert_contains (result.err, "by client-tool[");
  assert_contains (good.err, "no leak, no hazard");
  assert_contains (good.err, "3 needed, 0 redundant");
  clear (&result);
  clear (&good);
}

/* Enough of a parser to know that a real one will get through: strings, and brackets that match. */
static gboolean
is_balanced (const char *text)
{
  char stack[64];
  unsigned depth = 0;
  gboolean string = FALSE;

  for (; *text; text++) {
    if (string) {
      if (*text == '\\')
        text++;
      else if (*text == '"')
        string = FALSE;
    } else if (*text == '"') {
      string = TRUE;
    } else if (*text == '{' || *text == '[') {
      stack[depth++] = *text == '{' ? '}' : ']';
    } else if ((*text == '}' || *text == ']') && (depth == 0 || stack[--depth] != *text)) {
      return FALSE;
    }
  }
  return depth == 0 && !string;
}

static void
test_report_for_programs (void)
{
  char *file = g_build_filename (directory, "report.json", NULL), *text = NULL;
  char *options = g_strdup_printf ("--driver 5.10 --arch arm64 --cma 64M --strict --report %s", file);

  g_assert_cmpint (status_of (options, "pingpong flush"), ==, 3);
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  g_assert_true (is_balanced (text));
  assert_contains (text, "\"driver\": \"5.10\"");
  assert_contains (text, "\"arch\": \"arm64\"");
  assert_contains (text, "\"cma\": 67108864");
  assert_contains (text, "\"exit-status\": 3");
  assert_contains (text, "\"device-read-dirty\": { \"count\": 1");
  assert_contains (text, "\"live-blocks\": 0");
  g_unlink (file);
  g_free (options);
  g_free (file);
  g_free (text);
}

static void
test_heap_survives (void)
{
  char *file = g_build_filename (directory, "heap", NULL);
  char *options = g_strdup_printf ("--heap %s", file);
  char *other = g_strdup_printf ("--heap %s --cma 64M", file);
  char *per_file = g_strdup_printf ("--heap %s-2 --driver 5.10", file);

  g_assert_cmpint (status_of (options, "leak 4096 4096"), ==, 0);
  g_assert_cmpint (status_of (options, "die 9 4096"), ==, 128 + 9);
  g_assert_cmpint (status_of (options, "count"), ==, 3);
  /* another machine would not fit what lies in it */
  g_assert_cmpint (status_of (other, "count"), ==, 125);
  g_assert_cmpint (status_of (options, "recover"), ==, 0);
  g_assert_cmpint (status_of (options, "count"), ==, 0);
  g_assert_cmpint (status_of (per_file, "die 9 4096"), ==, 128 + 9);
  g_assert_cmpint (status_of (per_file, "count"), ==, 0);
  g_free (options);
  g_free (other);
  g_free (per_file);
  g_free (file);
}

static void
test_kill_9_is_in_the_report (void)
{
  Result result = run ("", "die 9 4096"), per_file = run ("--driver 5.10", "die 9 4096");

  assert_contains (result.err, "leaked       1 buffer");
  assert_contains (per_file.err, "no leak, no hazard");
  clear (&result);
  clear (&per_file);
}

static void
test_faults (void)
{
  Result result = run ("--fault alloc:3:ENOMEM,mmap:2:EAGAIN,alloc:5:+16,open:2:EMFILE,munmap:2:EINTR", "faults");

  g_assert_cmpstr (result.out, ==,
      "alloc 0 1\nalloc 0 2\nalloc -12 0\nalloc 0 3\nalloc 16 4\nalloc 0 5\n"
      "mmap 0\nmunmap 0\nmmap -11\nmmap 0\nmunmap -4\nopen -24\n");
  clear (&result);
}

/* The request is done, the process is gone: what a kill inside the kernel leaves. */
static void
test_death_in_a_request (void)
{
  Result result = run ("--fault alloc:2:SIGKILL", "faults");

  g_assert_cmpint (result.status, ==, 128 + 9);
  g_assert_cmpstr (result.out, ==, "");
  assert_contains (result.err, "leaked       2 buffers");
  clear (&result);
  g_assert_cmpint (status_of ("--fault open:1:SIGKILL", "faults"), ==, 128 + 9);
  g_assert_cmpint (status_of ("--fault mmap:3:SIGKILL", "faults"), ==, 128 + 9);
  g_assert_cmpint (status_of ("--fault mmap:4:SIGKILL", "faults"), ==, 0);
}

/* Only what the named file calls, and there only its own count. */
static void
test_faults_of_a_caller (void)
{
  Result own = run ("--fault alloc@client-tool:2:ENOMEM,alloc@client-tool:4:+16,open@client-tool:2:EMFILE,"
      "mmap@client-tool:1:EAGAIN", "faults");
  Result onwards = run ("--fault alloc@client-tool:3-:ENOMEM,mmap@client-tool:2-:EAGAIN", "faults");
  Result others = run ("--fault alloc@libc.so:2:ENOMEM,open@client:2:EMFILE,alloc@client-tool+0x1:1:ENOMEM", "faults");

  g_assert_cmpstr (own.out, ==,
      "alloc 0 1\nalloc -12 0\nalloc 0 2\nalloc 16 3\nalloc 0 4\nalloc 0 5\n"
      "mmap -11\nmmap 0\nmunmap 0\nmmap 0\nmunmap 0\nopen -24\n");
  g_assert_cmpstr (onwards.out, ==,
      "alloc 0 1\nalloc 0 2\nalloc -12 0\nalloc -12 0\nalloc -12 0\nalloc -12 0\n"
      "mmap 0\nmunmap 0\nmmap -11\nmmap -11\nopen 0\n");
  g_assert_cmpstr (others.out, ==,
      "alloc 0 1\nalloc 0 2\nalloc 0 3\nalloc 0 4\nalloc 0 5\nalloc 0 6\n"
      "mmap 0\nmunmap 0\nmmap 0\nmunmap 0\nmmap 0\nmunmap 0\nopen 0\n");
  g_assert_cmpint (status_of ("--fault munmap@client-tool:1:SIGKILL", "faults"), ==, 128 + 9);
  clear (&own);
  clear (&onwards);
  clear (&others);
}

/* What the trace says is where a fault can be put. */
static void
test_trace (void)
{
  char *directory = g_dir_make_tmp ("xlnk-trace-XXXXXX", NULL), *file = g_build_filename (directory, "trace", NULL);
  char *options = g_strconcat ("--trace ", file, " --fault alloc@client-tool:2:ENOMEM", NULL), *text, **lines;
  Result result = run (options, "faults"), again;
  GPtrArray *places = g_ptr_array_new_with_free_func (g_free);

  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++) {
    char **words = g_strsplit (*line, " ", 6);

    if (g_strv_length (words) > 4 && g_str_equal (words[1], "alloc")) {
      g_assert_cmpstr (words[2], ==, places->len == 1 ? "ENOMEM" : "-");
      g_ptr_array_add (places, g_strdup (words[4]));
    }
    g_strfreev (words);
  }
  g_assert_cmpuint (places->len, ==, 6);
  g_free (options);
  options = g_strdup_printf ("--fault alloc@%s:6:ENOMEM", (char *) places->pdata[0]);
  again = run (options, "faults");
  assert_contains (again.out, "alloc 0 5\nalloc -12 0\n");
  g_strfreev (lines);
  g_free (text);
  g_free (options);
  g_ptr_array_free (places, TRUE);
  g_assert_cmpint (g_remove (file), ==, 0);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
  g_free (file);
  g_free (directory);
  clear (&result);
  clear (&again);
}

static void
test_seed_repeats (void)
{
  Result first = run ("--seed 7", "pingpong flush"), again = run ("--seed 7", "pingpong flush");

  g_assert_cmpstr (strstr (first.err, "CMA"), ==, strstr (again.err, "CMA"));
  clear (&first);
  clear (&again);
}

/* A client that does everything right is right under every seed, and never does too much. */
static void
test_right_under_every_seed (void)
{
  const int seeds = g_getenv ("XLNK_TEST_VALGRIND") ? 4 : 40;

  for (int seed = 0; seed < seeds; seed++) {
    char *options = g_strdup_printf ("--seed %d --strict=redundant", seed);

    g_assert_cmpint (status_of (options, "pingpong"), ==, 0);
    g_free (options);
  }
}

static GPid
start_waiting (int *out)
{
  const char *const argv[] = { runner, "--", tool, "wait", NULL };
  GPid pid;
  GError *error = NULL;
  char byte = 0;

  g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
      NULL, &pid, NULL, out, NULL, &error);
  g_assert_no_error (error);
  while (byte != '\n' && read (*out, &byte, 1) == 1);
  return pid;
}

static void
test_signals_are_forwarded (void)
{
  const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++) {
    int out, status;
    GPid pid = start_waiting (&out);
    char text[32] = "", *expected = g_strdup_printf ("got %d\n", numbers[i]);

    g_assert_cmpint (kill (pid, numbers[i]), ==, 0);
    g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
    g_assert_cmpint (WEXITSTATUS (status), ==, 5);
    g_assert_cmpint (read (out, text, sizeof text - 1), >, 0);
    g_assert_cmpstr (text, ==, expected);
    close (out);
    g_free (expected);
  }
}

/* The library without its runner, and with a heap that is gone. */
static void
test_inert_without_runner (void)
{
  char *plain = g_strdup_printf ("env ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=%s %s inert", preload, tool);
  char *gone = g_strdup_printf ("env ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=%s XLNK_EMULATOR_HEAP=/no/heap %s inert", preload, tool);
  int status;

  g_assert_true (g_spawn_command_line_sync (plain, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
  g_assert_true (g_spawn_command_line_sync (gone, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
  g_free (plain);
  g_free (gone);
}

static void
test_nothing_is_left_behind (void)
{
  char *line = g_strdup_printf ("%s -- sh -c 'echo $XLNK_EMULATOR_HEAP'", runner), *out = NULL;

  g_assert_true (g_spawn_command_line_sync (line, &out, NULL, NULL, NULL));
  g_strchomp (out);
  g_assert_true (g_str_has_suffix (out, "/heap"));
  g_assert_false (g_file_test (out, G_FILE_TEST_EXISTS));
  g_free (line);
  g_free (out);
}

/* What a killed runner left in shared memory goes with the next one; what a living one uses stays. */
static void
test_leftovers (void)
{
  const char *const argv[] = { runner, "--", "sh", "-c", "echo $XLNK_EMULATOR_TREE; exec cat", NULL };
  const struct utimbuf old = { time (NULL) - 3600, time (NULL) - 3600 };
  char text[128] = "", *home;
  int in, out, status;
  GPid pid;

  g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH
      | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &pid, &in, &out, NULL, NULL);
  g_assert_cmpint (read (out, text, sizeof text - 1), >, 0);
  home = g_path_get_dirname (g_strchomp (text));
  if (!g_str_has_prefix (home, "/dev/shm/"))
    g_test_skip ("too little shared memory");
  g_utime (home, (struct utimbuf *) &old);
  g_assert_cmpint (status_of ("", "pingpong"), ==, 0);
  g_assert_true (g_file_test (home, G_FILE_TEST_EXISTS));
  kill (pid, SIGKILL);
  waitpid (pid, &status, 0);
  close (in);
  close (out);
  g_assert_true (g_file_test (home, G_FILE_TEST_EXISTS));
  if (g_str_has_prefix (home, "/dev/shm/")) {
    g_assert_cmpint (status_of ("", "pingpong"), ==, 0);
    g_assert_false (g_file_test (home, G_FILE_TEST_EXISTS));
  }
  g_free (home);
}

typedef struct
{
  const char *name;
  gboolean lock, full, held, old, stays;
} Leftover;

static char *
make_leftover (const char *parent, const Leftover * leftover, int *fd)
{
  const struct utimbuf old = { time (NULL) - 3600, time (NULL) - 3600 };
  char *path = g_build_filename (parent, leftover->name, NULL), *lock = g_build_filename (path, "lock", NULL);
  char *heap = g_build_filename (path, "heap", NULL);

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  *fd = leftover->lock ? g_open (lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (leftover->held)
    g_assert_cmpint (flock (*fd, LOCK_EX), ==, 0);
  if (leftover->full)
    g_assert_true (g_file_set_contents (heap, "heap", 4, NULL));
  if (leftover->old)
    g_utime (path, (struct utimbuf *) &old);
  g_free (heap);
  g_free (lock);
  return path;
}

/* The same in the directory for temporary files, where others keep things too. */
static void
test_leftovers_on_disk (void)
{
  static const Leftover all[] = {
    {"xlnk-emulate-KILLED", TRUE, TRUE, FALSE, TRUE, FALSE},
    {"xlnk-emulate-ABRUPT", FALSE, FALSE, FALSE, TRUE, FALSE},
    {"xlnk-emulate-ALIVE0", TRUE, TRUE, TRUE, TRUE, TRUE},
    {"xlnk-emulate-YOUNG0", TRUE, TRUE, FALSE, FALSE, TRUE},
    {"xlnk-emulate-OTHERS", FALSE, TRUE, FALSE, TRUE, TRUE},
    {"xlnk-emulate-the-source", TRUE, TRUE, FALSE, TRUE, TRUE},
  };
  char *parent = g_build_filename (directory, "tmp", NULL), *paths[G_N_ELEMENTS (all)], *line;
  int fds[G_N_ELEMENTS (all)], status;

  g_assert_cmpint (g_mkdir (parent, 0700), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    paths[i] = make_leftover (parent, &all[i], &fds[i]);
  line = g_strdup_printf ("env TMPDIR=%s %s -- true", parent, runner);
  g_assert_true (g_spawn_command_line_sync (line, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (all); i++) {
    if (g_file_test (paths[i], G_FILE_TEST_EXISTS) != all[i].stays)
      g_error ("%s is %s", paths[i], all[i].stays ? "gone" : "still there");
    if (fds[i] >= 0)
      close (fds[i]);
    g_free (paths[i]);
  }
  g_free (line);
  line = g_strdup_printf ("rm -r %s", parent);
  g_assert_true (g_spawn_command_line_sync (line, NULL, NULL, &status, NULL));
  g_free (line);
  g_free (parent);
}

/* And the directory of ledgers beside it. */
static void
remove_heap (const char *name)
{
  char *heap = g_build_filename (directory, name, NULL), *ledgers = g_strconcat (heap, ".ledger", NULL);

  g_unlink (heap);
  g_rmdir (ledgers);
  g_free (heap);
  g_free (ledgers);
}

#define ADD(name, test) g_test_add_func ("/runner/" name, test)

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  runner = g_getenv ("TEST_RUNNER");
  tool = g_getenv ("TEST_TOOL");
  preload = g_getenv ("TEST_PRELOAD");
  directory = g_dir_make_tmp ("runner-XXXXXX", NULL);
  ADD ("status-of-the-command", test_status_of_the_command);
  ADD ("bad-options", test_bad_options);
  ADD ("command-that-is-not-there", test_command_that_is_not_there);
  ADD ("help", test_help);
  ADD ("strict", test_strict);
  ADD ("strict-on-a-hazard", test_strict_on_a_hazard);
  ADD ("report-for-people", test_report_for_people);
  ADD ("report-for-programs", test_report_for_programs);
  ADD ("heap-survives", test_heap_survives);
  ADD ("kill-9-is-in-the-report", test_kill_9_is_in_the_report);
  ADD ("faults", test_faults);
  ADD ("faults-of-a-caller", test_faults_of_a_caller);
  ADD ("trace", test_trace);
  ADD ("death-in-a-request", test_death_in_a_request);
  ADD ("seed-repeats", test_seed_repeats);
  ADD ("right-under-every-seed", test_right_under_every_seed);
  ADD ("signals-are-forwarded", test_signals_are_forwarded);
  ADD ("inert-without-runner", test_inert_without_runner);
  ADD ("nothing-is-left-behind", test_nothing_is_left_behind);
  ADD ("leftovers", test_leftovers);
  ADD ("leftovers-on-disk", test_leftovers_on_disk);
  result = g_test_run ();
  remove_heap ("heap");
  remove_heap ("heap-2");
  g_rmdir (directory);
  return result;
}
