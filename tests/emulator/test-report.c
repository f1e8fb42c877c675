/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-report.c: the report for programs, where it cannot be written and with names that JSON has to mind. Runs outside
 * the board.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *runner, *tool;
static char *directory;

static int
run (const char *const *words, char **out, char **err)
{
  GError *error = NULL;
  int status;

  g_spawn_sync (NULL, (char **) words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, out, err, &status, &error);
  g_assert_no_error (error);
  return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

/* Too little for a buffer of stdio, and more than one. */
static void
test_no_room (gconstpointer count)
{
  const char *words[128] = { runner, "--report", "/dev/full", "--", "sh", "-c",
    "echo $XLNK_EMULATOR_TREE; exec \"$0\" \"$@\"", tool, "leak"
  };
  char *tree, *err;
  unsigned used = 9;

  for (int i = 0; i < GPOINTER_TO_INT (count); i++)
    words[used++] = "4096";
  g_assert_cmpint (run (words, &tree, &err), ==, 125);
  g_assert_nonnull (strstr (err, "xlnk-emulate: cannot write /dev/full: "));
  g_assert_true (g_str_has_suffix (g_strchomp (tree), "/tree"));
  g_assert_false (g_file_test (tree, G_FILE_TEST_EXISTS));
  g_free (tree);
  g_free (err);
}

/* What is wrong with the text as JSON; NULL: nothing that a name could do. */
static const char *
find_mistake (const char *text)
{
  gboolean string = FALSE;

  if (!g_utf8_validate (text, -1, NULL))
    return "not UTF-8";
  for (; *text; text++) {
    if (string && (unsigned char) *text < 0x20)
      return "a control character in a string";
    if (string && *text == '\\' && !strchr ("\"\\/bfnrtu", *++text))
      return "an escape that there is not";
    else if (*text == '"' && text[-1] != '\\')
      string = !string;
  }
  return string ? "a string without an end" : NULL;
}

/* The board keeps 47 bytes of a program's name: here the last one is half a letter. */
static void
test_names (void)
{
  char *name = g_strconcat ("a\"b", "0123456789012345678901234567890123456789012é", NULL);
  char *program = g_build_filename (directory, name, NULL), *file = g_build_filename (directory, "report", NULL), *text;
  const char *const words[] = { runner, "--report", file, "--core", "bär\t\"1=copy", "--", program, "leak", "4096", NULL };

  g_assert_cmpint (symlink (tool, program), ==, 0);
  g_assert_cmpint (run (words, NULL, NULL), ==, 0);
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  g_assert_cmpstr (find_mistake (text), ==, NULL);
  g_assert_nonnull (strstr (text, "\"name\": \"bär\\u0009\\\"1\""));
  g_assert_nonnull (strstr (text, "\"command\": \"a\\\"b0123456789012345678901234567890123456789012\357\277\275\""));
  g_unlink (program);
  g_unlink (file);
  g_free (name);
  g_free (program);
  g_free (file);
  g_free (text);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  runner = g_getenv ("TEST_RUNNER");
  tool = g_getenv ("TEST_TOOL");
  g_assert_true (runner && tool);
  directory = g_dir_make_tmp ("xlnk-report-XXXXXX", NULL);
  g_test_add_data_func ("/report/no-room", GINT_TO_POINTER (1), test_no_room);
  g_test_add_data_func ("/report/no-room-for-many", GINT_TO_POINTER (100), test_no_room);
  g_test_add_func ("/report/names", test_names);
  result = g_test_run ();
  g_rmdir (directory);
  g_free (directory);
  return result;
}
