/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ctl.c: `xlnk-ctl status`, `watch`, `reclaim` and `reset` as people and scripts see them, with processes that hold
 * buffers, live and die. XLNK_CTL is the tool.
 *
 *   ctl hold N [exposed]   is such a process: holds N buffers of 64 KiB, says so on stdout, and waits for its end
 */
#include <json-glib/json-glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "xlnkblock.h"

#define SIZE 65536

static const char *program;

/*** a process that holds buffers ***/

static int
hold (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  XlnkDevice *device = xlnk_device_open (NULL, &error);
  bool exposed = argc > 3 && g_str_equal (argv[3], "exposed");

  g_assert_no_error (error);
  for (int n = atoi (argv[2]); n > 0; n--) {
    XlnkBlock *block = xlnk_block_new (device, SIZE, true, &error);

    g_assert_no_error (error);
    if (exposed)
      g_assert_true (xlnk_block_expose (block, &error));
  }
  puts ("holding");
  fflush (stdout);
  pause ();
  return 0;
}

static GPid
start_holder (const char *n, const char *how)
{
  const char *argv[] = { program, "hold", n, how, NULL };
  g_autoptr (GError) error = NULL;
  char word[8] = "";
  GPid pid;
  int out;

  g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL, &out, NULL,
      &error);
  g_assert_no_error (error);
  g_assert_cmpint (read (out, word, 7), ==, 7);
  g_assert_cmpstr (word, ==, "holding");
  close (out);
  return pid;
}

static void
kill_holder (GPid pid)
{
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
  g_spawn_close_pid (pid);
}

/*** the tool ***/

typedef struct
{
  int status;
  char *out, *err;
  JsonParser *parser;
} Run;

G_GNUC_NULL_TERMINATED static void
run (Run * result, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  const char *argument;
  va_list arguments;
  int status;

  g_ptr_array_add (argv, (gpointer) g_getenv ("XLNK_CTL"));
  va_start (arguments, result);
  while ((argument = va_arg (arguments, const char *)))
    g_ptr_array_add (argv, (gpointer) argument);
  va_end (arguments);
  g_ptr_array_add (argv, NULL);
  g_spawn_sync (NULL, (char **) argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &result->out, &result->err, &status,
      &error);
  g_assert_no_error (error);
  result->status = WIFEXITED (status) ? WEXITSTATUS (status) : -1;
  result->parser = json_parser_new ();
  g_test_message ("%s%s", result->out, result->err);
}

static void
clear (Run * result)
{
  g_free (result->out);
  g_free (result->err);
  g_object_unref (result->parser);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, clear)

static JsonObject *
parse (Run * result)
{
  g_autoptr (GError) error = NULL;

  json_parser_load_from_data (result->parser, result->out, -1, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (result->parser));
}

/* The holder with this pid, or NULL. */
static JsonObject *
find_holder (JsonObject * status, GPid pid)
{
  JsonArray *holders = json_object_get_array_member (status, "holders");

  for (guint i = 0; i < json_array_get_length (holders); i++) {
    JsonObject *holder = json_array_get_object_element (holders, i);

    if (json_object_get_int_member (holder, "pid") == pid)
      return holder;
  }
  return NULL;
}

static void
assert_holds (GPid pid, gboolean alive, guint n)
{
  g_auto (Run) result = { 0 };
  JsonObject *holder;

  run (&result, "status", "--json", NULL);
  g_assert_cmpint (result.status, ==, 0);
  holder = find_holder (parse (&result), pid);
  if (n == 0 && !holder)
    return;
  g_assert_nonnull (holder);
  g_assert_cmpint (json_object_get_boolean_member (holder, "alive"), ==, alive);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (holder, "buffers")), ==, n);
  /* In pages, one of them for the cookie. */
  g_assert_cmpint (json_object_get_int_member (holder, "bytes"), ==, n * (SIZE + 4096));
  g_assert_true (strstr (program, json_object_get_string_member (holder, "command")) != NULL);
}

static gint64
reclaim (const char *option, const char *member)
{
  g_auto (Run) result = { 0 };

  run (&result, "reclaim", "--json", option, NULL);
  g_assert_cmpint (result.status, ==, 0);
  return json_object_get_int_member (parse (&result), member);
}

/*** tests ***/

static void
test_status_of_an_idle_board (void)
{
  g_auto (Run) text = { 0 };
  g_auto (Run) json = { 0 };
  JsonObject *status;

  run (&text, "status", NULL);
  g_assert_cmpint (text.status, ==, 0);
  g_assert_nonnull (strstr (text.out, "32.0 MiB"));
  g_assert_nonnull (strstr (text.out, "No process"));
  run (&json, "status", "--json", NULL);
  status = parse (&json);
  g_assert_cmpint (json_object_get_int_member (status, "cma-total"), ==, 32 * 1024 * 1024);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (status, "holders")), ==, 0);
}

static void
test_the_living_are_listed_and_safe (void)
{
  GPid pid = start_holder ("3", NULL);
  g_autofree char *number = g_strdup_printf ("%d", (int) pid);
  g_auto (Run) text = { 0 };

  assert_holds (pid, TRUE, 3);
  run (&text, "status", NULL);
  g_assert_nonnull (strstr (text.out, number));
  g_assert_nonnull (strstr (text.out, "alive"));
  g_assert_cmpint (reclaim (NULL, "freed"), ==, 0);
  g_assert_cmpint (reclaim ("--force", "freed"), ==, 0);
  g_assert_cmpuint (board_live_buffers (), ==, 3);
  kill_holder (pid);
  g_assert_cmpint (reclaim (NULL, "freed"), ==, 3);
}

/* Neither to look nor to ask what would be frees anything. */
static void
test_the_dead_are_listed_until_reclaimed (void)
{
  GPid pid = start_holder ("2", NULL);
  g_auto (Run) text = { 0 };

  kill_holder (pid);
  assert_holds (pid, FALSE, 2);
  run (&text, "status", NULL);
  g_assert_nonnull (strstr (text.out, "DEAD"));
  g_assert_nonnull (strstr (text.out, "xlnk-ctl reclaim"));
  g_assert_cmpint (reclaim ("--dry-run", "freed"), ==, 2);
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  assert_holds (pid, FALSE, 2);
  g_assert_cmpint (reclaim (NULL, "freed"), ==, 2);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  assert_holds (pid, FALSE, 0);
}

static void
test_exposed_buffers_go_on_request (void)
{
  GPid pid = start_holder ("2", "exposed");
  g_auto (Run) text = { 0 };

  kill_holder (pid);
  g_assert_cmpint (reclaim (NULL, "kept-exposed"), ==, 2);
  run (&text, "reclaim", NULL);
  g_assert_nonnull (strstr (text.out, "--exposed"));
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  g_assert_cmpint (reclaim ("--exposed", "freed"), ==, 2);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
}

static void
test_reset_wants_to_be_told_twice (void)
{
  GPid pid = start_holder ("2", NULL);
  g_auto (Run) asked = { 0 };
  g_auto (Run) done = { 0 };
  g_auto (Run) after = { 0 };

  run (&asked, "reset", NULL);
  g_assert_cmpint (asked.status, ==, 1);
  g_assert_nonnull (strstr (asked.err, "--yes"));
  g_assert_nonnull (strstr (asked.err, "theirs: 1."));
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  run (&done, "reset", "--yes", NULL);
  g_assert_cmpint (done.status, ==, 0);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  run (&after, "status", NULL);
  g_assert_nonnull (strstr (after.out, "2 gone"));
  kill_holder (pid);
  g_assert_cmpint (reclaim (NULL, "dropped"), ==, 2);
}

/*** where it looked ***/

/* What is said of a living holder's buffers by one who looks elsewhere: @place, NULL if nowhere. */
static void
assert_says_where (const char *ledger, const char *place, const char *words)
{
  g_autofree char *own = g_strdup (g_getenv ("GST_XLNK_LEDGER"));
  g_auto (Run) text = { 0 };
  g_auto (Run) json = { 0 };
  g_auto (Run) reset = { 0 };
  JsonObject *status;

  g_setenv ("GST_XLNK_LEDGER", ledger, TRUE);
  run (&text, "status", NULL);
  run (&json, "status", "--json", NULL);
  run (&reset, "reset", NULL);
  g_setenv ("GST_XLNK_LEDGER", own, TRUE);
  g_assert_cmpint (text.status, ==, 0);
  g_assert_nonnull (strstr (text.out, words));
  g_assert_nonnull (strstr (reset.err, words));
  g_assert_nonnull (strstr (reset.err, "Who else does is not known"));
  status = parse (&json);
  g_assert_cmpint (json_object_has_member (status, "ledgers"), ==, place != NULL);
  if (place)
    g_assert_cmpstr (json_object_get_string_member (status, "ledgers"), ==, place);
}

static void
test_where_it_looked_is_told (void)
{
  GPid pid = start_holder ("1", NULL);
  g_autofree char *directory = g_dir_make_tmp ("ledgers-XXXXXX", NULL);
  g_autofree char *nobody = g_strdup_printf ("No process has recorded a buffer in %s.", directory);
  g_auto (Run) result = { 0 };

  assert_says_where (directory, directory, nobody);
  assert_says_where ("off", NULL, "ledgers are off");
  run (&result, "status", NULL);
  g_assert_nonnull (strstr (result.out, g_getenv ("GST_XLNK_LEDGER")));
  kill_holder (pid);
  g_assert_cmpint (reclaim (NULL, "freed"), ==, 1);
  g_assert_cmpint (rmdir (directory), ==, 0);
}

/* As root who looks while a user's pipeline runs. */
static void
test_directories_of_others_are_named (void)
{
  g_autofree char *own = g_strdup (g_getenv ("GST_XLNK_LEDGER"));
  g_autofree char *other = g_strdup_printf ("/dev/shm/gst-xlnk-4%09d", (int) getpid ());
  g_autofree char *line = g_strdup_printf ("  not read %s\n", other);
  g_auto (Run) text = { 0 };
  g_auto (Run) json = { 0 };
  g_auto (Run) elsewhere = { 0 };

  g_assert_cmpint (mkdir (other, 0700), ==, 0);
  g_unsetenv ("GST_XLNK_LEDGER");
  run (&text, "status", NULL);
  run (&json, "status", "--json", NULL);
  g_setenv ("GST_XLNK_LEDGER", own, TRUE);
  run (&elsewhere, "status", NULL);
  g_assert_cmpint (rmdir (other), ==, 0);
  g_assert_nonnull (strstr (text.out, line));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (parse (&json), "ledgers-elsewhere")), >, 0);
  /* A directory that was named is the only one to speak of. */
  g_assert_null (strstr (elsewhere.out, "not read"));
}

/* The path of something that a reader takes for the ledger of another process of this board. */
static char *
spoil_ledgers (void)
{
  const char *directory = g_getenv ("GST_XLNK_LEDGER");
  GDir *dir = g_dir_open (directory, 0, NULL);
  const char *name = g_dir_read_name (dir);
  g_autofree char *other = NULL;
  char *path;

  g_assert_nonnull (name);
  other = g_strndup (name, (gsize) (strrchr (name, '-') - name));
  path = g_strdup_printf ("%s/%s-1", directory, other);
  g_dir_close (dir);
  g_assert_true (g_file_set_contents (path, "no ledger", -1, NULL));
  return path;
}

/* All others are listed, and served, and the exit status says that this is not all. */
static void
test_what_cannot_be_read_is_told (void)
{
  GPid pid = start_holder ("2", NULL);
  g_autofree char *path = spoil_ledgers ();
  g_autofree char *number = g_strdup_printf ("%d", (int) pid);
  const char *const commands[][2] = { {"status", "--json"}, {"watch", "--count=2"} };
  g_auto (Run) text = { 0 };
  g_auto (Run) reclaim = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    g_auto (Run) result = { 0 };

    run (&result, commands[i][0], commands[i][1], NULL);
    g_assert_cmpint (result.status, ==, 1);
    g_assert_nonnull (strstr (result.out, number));
    g_assert_nonnull (strstr (result.err, path));
    g_assert_nonnull (strstr (result.out, path));
  }
  run (&text, "status", NULL);
  g_assert_nonnull (strstr (text.out, "Not all can be told"));
  kill_holder (pid);
  run (&reclaim, "reclaim", NULL);
  g_assert_cmpint (reclaim.status, ==, 1);
  g_assert_nonnull (strstr (reclaim.out, "freed 2 buffers"));
  g_assert_nonnull (strstr (reclaim.err, path));
  g_assert_cmpint (unlink (path), ==, 0);
}

static void
test_watch_ends_when_told (void)
{
  g_auto (Run) lines = { 0 };
  g_auto (Run) text = { 0 };
  g_auto (GStrv) objects = NULL;

  run (&lines, "watch", "--json", "--count", "2", "--interval", "0.05", NULL);
  g_assert_cmpint (lines.status, ==, 0);
  objects = g_strsplit (g_strchomp (lines.out), "\n", -1);
  g_assert_cmpuint (g_strv_length (objects), ==, 2);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonNode) node = json_from_string (objects[i], &error);

    g_assert_no_error (error);
    g_assert_true (json_object_has_member (json_node_get_object (node), "holders"));
  }
  run (&text, "watch", "-c", "1", NULL);
  g_assert_nonnull (strstr (text.out, "CMA"));
  g_assert_null (strchr (text.out, '\033'));
}

static void
test_mistakes_are_told (void)
{
  const struct
  {
    const char *command, *option;
    int status;
    const char *message;
  } mistakes[] = {
    {"status", "--nonsense", 64, "nonsense"},
    {"status", "extra", 64, "extra"},
    {"reclaim", "--dry", 64, "dry"},
    {"watch", "--interval=0", 64, "0.05"},
    {"watch", "--interval=nan", 64, "0.05"},
    {"watch", "--count=-3", 64, "count"},
    {"reset", "--device=", 64, "/dev/xlnk"},
    {"status", "--device=/nonexistent/xlnk", 1, "xlnk-emulate"},
    {"reclaim", "--device=/nonexistent/xlnk", 1, "/nonexistent/xlnk"},
    {"reset", "--device=/dev/null", 1, "/dev/null"},
    {"status", "--help", 0, ""},
#if defined (HAVE_LIBXML2)
    {"describe", "--help", 0, ""},
    {"describe", "-h", 0, ""},
    {"describe", "--nonsense", 64, "DESIGN.hwh"},
#endif
  };

  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++) {
    g_auto (Run) result = { 0 };

    run (&result, mistakes[i].command, mistakes[i].option, NULL);
    g_assert_cmpint (result.status, ==, mistakes[i].status);
    g_assert_nonnull (strstr (result.err, mistakes[i].message));
  }
}

/* Nobody else can tell a script that the disk is full, or that there is no stdout: the next descriptor that is opened would
 * be in its place, and it is the device. */
static void
check_lost_output (const char *redirection)
{
  const char *const commands[] = {
    "--help", "status", "status --json", "status --help", "watch --interval 0.05 --count 100", "watch --json --count 2", "reclaim",
    "reclaim --json", "reset --json --yes",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    g_autofree char *line = g_strdup_printf ("\"$XLNK_CTL\" %s %s", commands[i], redirection);
    const char *argv[] = { "sh", "-c", line, NULL };
    g_autofree char *err = NULL;
    g_autoptr (GError) error = NULL;
    int status;

    g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &err, &status, &error);
    g_assert_no_error (error);
    g_test_message ("%s: %s", commands[i], err);
    g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 1);
    g_assert_nonnull (strstr (err, "could be written"));
  }
}

static void
test_lost_output_is_told (void)
{
  check_lost_output (">/dev/full");
  /* Valgrind gives the program another one. */
  if (!g_getenv ("XLNK_TEST_VALGRIND"))
    check_lost_output (">&-");
}

int
main (int argc, char **argv)
{
  program = argv[0];
  if (argc > 2 && g_str_equal (argv[1], "hold"))
    return hold (argc, argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ctl/status-of-an-idle-board", test_status_of_an_idle_board);
  g_test_add_func ("/ctl/the-living-are-listed-and-safe", test_the_living_are_listed_and_safe);
  g_test_add_func ("/ctl/the-dead-are-listed-until-reclaimed", test_the_dead_are_listed_until_reclaimed);
  g_test_add_func ("/ctl/exposed-buffers-go-on-request", test_exposed_buffers_go_on_request);
  g_test_add_func ("/ctl/reset-wants-to-be-told-twice", test_reset_wants_to_be_told_twice);
  g_test_add_func ("/ctl/where-it-looked-is-told", test_where_it_looked_is_told);
  g_test_add_func ("/ctl/directories-of-others-are-named", test_directories_of_others_are_named);
  g_test_add_func ("/ctl/what-cannot-be-read-is-told", test_what_cannot_be_read_is_told);
  g_test_add_func ("/ctl/watch-ends-when-told", test_watch_ends_when_told);
  g_test_add_func ("/ctl/lost-output-is-told", test_lost_output_is_told);
  g_test_add_func ("/ctl/mistakes-are-told", test_mistakes_are_told);
  return g_test_run ();
}
