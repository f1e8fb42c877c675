/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.c: the command line.
 */
#include "runner.h"
#include "versions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char summary[] =
    "Runs COMMAND as if on a Zynq board with a /dev/xlnk: contiguous memory, physical\n"
    "addresses and a cache that is not coherent with the hardware. COMMAND and all its\n"
    "children see the board; nothing else does. At exit a report says what leaked, what\n"
    "would have gone wrong on a board, and which cache maintenance was needed.";

static const char description[] =
    "Driver versions:\n"
    "  3.13     user pointers for id and address, ids to 255, offset id << 24\n"
    "  2016.4   packed argument block, ids to 255, offset id << 24, standard mode\n"
    "  4.9a     ids to 4095, offset id << 24, standard mode, MEMOP\n"
    "  4.9      ids to 4095, offset id << 16, standard mode, MEMOP\n"
    "  2018.3   as PYNQ shipped it; interrupts (the default)\n"
    "  5.10     frees the buffers of an open file when that goes\n"
    "\n"
    "Faults: REQUEST:N:RESULT, separated by commas. The N-th use of the request, counted\n"
    "over the heap, fails with an errno name or returns a positive number of bytes that\n"
    "could not be copied. SIGKILL lets the request happen and the process die in it:\n"
    "  --fault alloc:3:ENOMEM,mmap:2:EAGAIN,alloc:5:+16\n"
    "Requests: open read write mmap munmap alloc free adddmabuf cleardmabuf dmarequest\n"
    "dmasubmit dmawait dmarelease devregister dmaregister devunregister mcdmaregister\n"
    "cachectrl memop config irqregister irqunregister irqwait shutdown recres\n"
    "\n"
    "Faults of one caller: CALL@OBJECT[+OFFSET]:N:RESULT. The N-th such call that is made by\n"
    "the program or library whose file has that name fails, on whatever file it is; N- means\n"
    "all later ones too. With an offset, only those count that have this return address on\n"
    "their stack. Calls of others are neither counted nor touched. The driver's requests fail\n"
    "before they reach it:\n"
    "  --fault rename@libgstxlnk-1.0.so.0:1:ENOSPC,alloc@libgstxlnk-1.0.so.0+0x1f2c:2:+96\n"
    "Calls: open close read write ioctl alloc free cachectrl recres mmap munmap madvise mlock\n"
    "stat statfs access realpath opendir readdir flock fcntl ftruncate fallocate fchmod unlink\n"
    "rename mkdir eventfd ppoll getrandom. --trace FILE appends a line for each of them: process,\n"
    "call, - or the fault it met, and the return addresses, from the innermost outwards.\n"
    "\n"
    "Exit status: COMMAND's, or 128 + the signal that ended it. 70 if COMMAND returned 0\n"
    "but --strict found a fault. 64: bad options. 125: the emulator failed. 126, 127:\n"
    "COMMAND cannot be run, or is not there.\n"
    "\n"
    "Counters, one number per file, are in /sys/kernel/debug/xlnk: live_blocks live_bytes\n"
    "allocs frees flushes invalidates flushed_bytes invalidated_bytes.\n"
    "\n"
    "Examples:\n"
    "  xlnk-emulate -- gst-launch-1.0 videotestsrc num-buffers=100 ! xlnkaccel ! fakesink\n"
    "  xlnk-emulate --strict --arch arm64 --seed 7 -- ./my-test\n"
    "  xlnk-emulate --heap board.heap -- ./leaks ; xlnk-emulate --heap board.heap -- ./next";

typedef struct
{
  char *cma, *driver, *arch, *seed, *faults, **cores;
  int line, first_id;
} Raw;

static gboolean
parse_strict (const gchar * name, const gchar * value, gpointer data, GError ** error)
{
  Options *options = data;

  if (!value)
    options->strict = MAX (options->strict, STRICT_LEAKS);
  else if (g_str_equal (value, "redundant"))
    options->strict = STRICT_REDUNDANT;
  else {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "%s takes nothing, or =redundant, not “%s”", name, value);
    return FALSE;
  }
  return TRUE;
}

#define FAIL(error, ...) \
  (g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, __VA_ARGS__), FALSE)

static gboolean
parse_number (const char *option, const char *text, guint64 * number, char **rest, GError ** error)
{
  errno = 0;
  *number = g_ascii_strtoull (text, rest, 0);
  if (*rest == text || errno || text[0] == '-')
    return FAIL (error, "%s: “%s” is not a number", option, text);
  return TRUE;
}

static gboolean
parse_size (const char *text, uint64_t * size, GError ** error)
{
  guint64 number;
  char *rest;
  unsigned shift = 0;

  if (!parse_number ("--cma", text, &number, &rest, error))
    return FALSE;
  switch (*rest) {
    case 'K':
    case 'k':
      shift = 10;
      break;
    case 'M':
    case 'm':
      shift = 20;
      break;
    case 'G':
    case 'g':
      shift = 30;
      break;
    default:
      break;
  }
  if (rest[shift != 0] != '\0' || number > (G_MAXUINT64 >> shift))
    return FAIL (error, "--cma: “%s” is not a size; try 128M", text);
  *size = number << shift;
  return TRUE;
}

static gboolean
check_size (const BoardConfig * config, GError ** error)
{
  const uint64_t most = board_most_cma (config->arch);

  if (config->cma < BOARD_PAGE || config->cma % BOARD_PAGE != 0 || config->cma > most)
    return FAIL (error, "--cma: must be whole pages of 4 KiB, at most %u MiB on this architecture",
        (unsigned) (most >> 20));
  return TRUE;
}

static gboolean
take_board (Options * options, const Raw * raw, GError ** error)
{
  BoardConfig *config = &options->config;
  int driver = board_version_by_name (raw->driver ? raw->driver : "2018.3");

  if (driver < 0)
    return FAIL (error, "--driver: “%s” is none of 3.13, 2016.4, 4.9a, 4.9, 2018.3, 5.10", raw->driver);
  config->driver = (unsigned) driver;
  if (raw->arch && !g_str_equal (raw->arch, "arm") && !g_str_equal (raw->arch, "arm64"))
    return FAIL (error, "--arch: “%s” is neither arm nor arm64", raw->arch);
  config->arch = raw->arch && g_str_equal (raw->arch, "arm64") ? BOARD_ARM64 : BOARD_ARM;
  if (config->arch == BOARD_ARM64 && !board_versions[driver].lp64)
    return FAIL (error, "--arch: driver %s knows no 64-bit machine", board_versions[driver].name);
  return TRUE;
}

static gboolean
take_numbers (Options * options, const Raw * raw, GError ** error)
{
  BoardConfig *config = &options->config;
  const int slots = (int) board_versions[config->driver].slots;
  char *rest;

  if (raw->line != 0 && raw->line != 32 && raw->line != 64)
    return FAIL (error, "--line: a cache line has 32 or 64 bytes, not %d", raw->line);
  config->line = raw->line ? (unsigned) raw->line : config->arch == BOARD_ARM ? 32 : 64;
  if (raw->first_id < 1 || raw->first_id >= slots)
    return FAIL (error, "--first-id: %d is not from 1 to %d", raw->first_id, slots - 1);
  config->first_id = (unsigned) raw->first_id;
  config->seeded = raw->seed != NULL;
  if (raw->seed) {
    guint64 seed;

    if (!parse_number ("--seed", raw->seed, &seed, &rest, error))
      return FALSE;
    if (*rest)
      return FAIL (error, "--seed: “%s” is not a number", raw->seed);
    config->seed = seed;
  }
  config->cma = 128u << 20;
  return (!raw->cma || parse_size (raw->cma, &config->cma, error)) && check_size (config, error);
}

static gboolean
take_cores (Options * options, const Raw * raw, GError ** error)
{
  for (char **core = raw->cores; core && *core; core++) {
    if (!cores_parse (options->cores, &options->core_count, *core, error))
      return FALSE;
  }
  return cores_place (options->cores, options->core_count, options->config.arch, error);
}

static gboolean
take_all (Options * options, const Raw * raw, GError ** error)
{
  return take_board (options, raw, error) && take_numbers (options, raw, error) && take_cores (options, raw, error)
      && (!raw->faults || options_parse_faults (options, raw->faults, error));
}

/* GLib leaves a first "--" in place when options stood before it. */
static gboolean
take_command (Options * options, int argc, char **argv, GError ** error)
{
  int first = 1;

  if (argc > 1 && g_str_equal (argv[1], "--"))
    first++;
  if (first >= argc)
    return FAIL (error, "no COMMAND to run; see --help");
  options->command = argv + first;
  return TRUE;
}

gboolean
options_parse (Options * options, int *argc, char ***argv, GError ** error)
{
  Raw raw = {.first_id = 1 };
  const GOptionEntry entries[] = {
    {"heap", 0, 0, G_OPTION_ARG_FILENAME, &options->heap,
        "keep the board's memory in FILE; what an earlier run left is still there", "FILE"},
    {"report", 0, 0, G_OPTION_ARG_FILENAME, &options->report, "write the report as JSON too", "FILE"},
    {"cma", 0, 0, G_OPTION_ARG_STRING, &raw.cma, "contiguous memory, with K, M or G (128M)", "SIZE"},
    {"driver", 0, 0, G_OPTION_ARG_STRING, &raw.driver,
        "version of the kernel driver (2018.3)", "3.13|2016.4|4.9a|4.9|2018.3|5.10"},
    {"arch", 0, 0, G_OPTION_ARG_STRING, &raw.arch, "architecture whose caches to have (arm)", "arm|arm64"},
    {"line", 0, 0, G_OPTION_ARG_INT, &raw.line, "bytes in a cache line (arm: 32, arm64: 64)", "32|64"},
    {"first-id", 0, 0, G_OPTION_ARG_INT, &raw.first_id, "lowest buffer id to give out (1)", "N"},
    {"seed", 0, 0, G_OPTION_ARG_STRING, &raw.seed,
        "random lines leave the cache at random times, repeatably", "N"},
    {"strict", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, (gpointer) parse_strict,
        "exit 70 on a leak or hazard; =redundant: on redundant maintenance too", "redundant"},
    {"core", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw.cores,
        "an FPGA core, as /dev/uioN and in /dev/mem; see below", "NAME=MODEL[,KEY=VALUE…]"},
    {"fault", 0, 0, G_OPTION_ARG_STRING, &raw.faults, "let requests and calls fail; see below", "LIST"},
    {"trace", 0, 0, G_OPTION_ARG_FILENAME, &options->trace, "write down who makes which call; see below", "FILE"},
    {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}
  };
  GOptionContext *context = g_option_context_new ("-- COMMAND [ARGUMENT…]");
  GOptionGroup *group = g_option_group_new ("board", "", "", options, NULL);
  gboolean good;
  char *text;

  g_option_group_add_entries (group, entries);
  g_option_context_set_main_group (context, group);
  g_option_context_set_summary (context, summary);
  text = g_strconcat (cores_help, "\n", description, NULL);
  g_option_context_set_description (context, text);
  g_free (text);
  g_option_context_set_strict_posix (context, TRUE);
  good = g_option_context_parse (context, argc, argv, error) && take_all (options, &raw, error)
      && take_command (options, *argc, *argv, error);
  g_option_context_free (context);
  g_free (raw.cma);
  g_free (raw.driver);
  g_free (raw.arch);
  g_free (raw.seed);
  g_free (raw.faults);
  g_strfreev (raw.cores);
  return good;
}
