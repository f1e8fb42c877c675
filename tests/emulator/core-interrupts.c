/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core-interrupts.c: /dev/uioN: counts, masking, level interrupts; interrupts that are lost, spurious, late or not there;
 * and the node as a file: sysfs, locks, permissions.
 */
#include "core-client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd;

typedef struct
{
  Unit unit;
  Buffer buffer;
} Fixture;

static void
set_up (Fixture * self, gconstpointer name)
{
  g_assert_cmpint (reset_core (name), ==, 0);
  self->unit = unit_open (name);
  self->buffer = client_take (fd, 8192, true);
  flush (fd, &self->buffer);
  unit_unmask (&self->unit, 1);
  put_address (&self->unit, SRC, self->buffer.phys);
  put_address (&self->unit, DST, self->buffer.phys + 4096);
  put (&self->unit, WIDTH, 8);
  put (&self->unit, HEIGHT, 8);
  put (&self->unit, GIE, 1);
  put (&self->unit, IER, 1);
}

static void
tear_down (Fixture * self, gconstpointer name)
{
  g_assert_cmpint (reset_core (name), ==, 0);
  unit_unmask (&self->unit, 1);
  unit_close (&self->unit);
  client_give (fd, &self->buffer);
}

static void
acknowledge (const Unit * unit)
{
  put (unit, ISR, get (unit, ISR));
}

static void
test_one_per_job (Fixture * self, gconstpointer name)
{
  const uint64_t before = core_statistics (name).interrupts;
  int32_t count = 0;

  g_assert_cmpint (unit_poll (&self->unit, 0), ==, 0);
  for (int i = 0; i < 20; i++) {
    unit_start (&self->unit);
    g_assert_cmpint (unit_poll (&self->unit, 2000), ==, 1);
    if (i == 0)
      count = unit_count (&self->unit);
    else
      g_assert_cmpint (unit_count (&self->unit), ==, count + i);
    g_assert_cmpint (unit_poll (&self->unit, 0), ==, 0);
    g_assert_cmphex (get (&self->unit, ISR), ==, 1);
    g_assert_cmphex (get (&self->unit, CTRL), ==, DONE | IDLE);
    acknowledge (&self->unit);
    g_assert_cmpint (unit_unmask (&self->unit, 1), ==, 0);
  }
  g_assert_cmpint (core_statistics (name).interrupts, ==, before + 20);
}

/* The line is a level: unmasked without acknowledging, it comes again at once. */
static void
test_level (Fixture * self, gconstpointer name)
{
  int32_t count;

  (void) name;
  unit_start (&self->unit);
  g_assert_cmpint (unit_poll (&self->unit, 2000), ==, 1);
  count = unit_count (&self->unit);
  unit_unmask (&self->unit, 1);
  g_assert_cmpint (unit_poll (&self->unit, 2000), ==, 1);
  g_assert_cmpint (unit_count (&self->unit), ==, count + 1);
  acknowledge (&self->unit);
  unit_unmask (&self->unit, 1);
  g_assert_cmpint (unit_poll (&self->unit, 20), ==, 0);
}

/* Masked by itself after each interrupt, and by writing 0; a job that ends meanwhile shows when it is unmasked. */
static void
test_mask (Fixture * self, gconstpointer name)
{
  (void) name;
  g_assert_cmpint (unit_unmask (&self->unit, 0), ==, 0);
  unit_run (&self->unit);
  g_assert_cmpint (unit_poll (&self->unit, 20), ==, 0);
  g_assert_cmpint (unit_unmask (&self->unit, 1), ==, 0);
  g_assert_cmpint (unit_poll (&self->unit, 2000), ==, 1);
  g_assert_cmpint (unit_count (&self->unit), >, 0);

  acknowledge (&self->unit);
  unit_run (&self->unit);
  g_assert_cmphex (get (&self->unit, ISR), ==, 1);
  g_assert_cmpint (unit_poll (&self->unit, 20), ==, 0);
}

static void
test_enables (Fixture * self, gconstpointer name)
{
  (void) name;
  put (&self->unit, GIE, 0);
  unit_run (&self->unit);
  g_assert_cmpint (unit_poll (&self->unit, 20), ==, 0);
  put (&self->unit, GIE, 1);
  g_assert_cmpint (unit_poll (&self->unit, 2000), ==, 1);
  g_assert_cmpint (unit_count (&self->unit), >, 0);
  acknowledge (&self->unit);
  unit_unmask (&self->unit, 1);

  put (&self->unit, IER, 0);
  unit_run (&self->unit);
  g_assert_cmpint (unit_poll (&self->unit, 20), ==, 0);
}

/* read() and write() know one size, and a node without an interrupt knows neither. */
static void
test_sizes (Fixture * self, gconstpointer name)
{
  char bytes[8] = { 0 };

  (void) name;
  g_assert_cmpint (write (self->unit.fd, bytes, 3), ==, -1);
  g_assert_cmpint (errno, ==, EINVAL);
  g_assert_cmpint (read (self->unit.fd, bytes, 8), ==, -1);
  g_assert_cmpint (errno, ==, EINVAL);
  fcntl (self->unit.fd, F_SETFL, O_NONBLOCK);
  g_assert_cmpint (read (self->unit.fd, bytes, 4), ==, -1);
  g_assert_cmpint (errno, ==, EAGAIN);
}

static void
test_none (Fixture * self, gconstpointer name)
{
  g_assert_cmpint (unit_count (&self->unit), ==, -EIO);
  g_assert_cmpint (unit_unmask (&self->unit, 1), ==, -EIO);
  unit_run (&self->unit);
  g_assert_cmphex (get (&self->unit, ISR), ==, 1);
  g_assert_cmpint (unit_poll (&self->unit, 20), ==, 0);
  g_assert_cmpint (core_statistics (name).interrupts, ==, 0);
}

/* irq=lost:3 */
static void
test_lost (Fixture * self, gconstpointer name)
{
  const uint64_t before = core_statistics (name).lost;
  unsigned missing = 0;

  for (unsigned i = 0; i < 9; i++) {
    unit_start (&self->unit);
    if (unit_poll (&self->unit, 400) == 1) {
      g_assert_cmpint (unit_count (&self->unit), >, 0);
    } else {
      missing++;
      g_assert_cmphex (get (&self->unit, ISR), ==, 1);
      /* unmasking again does not bring it */
      unit_unmask (&self->unit, 1);
      g_assert_cmpint (unit_poll (&self->unit, 10), ==, 0);
    }
    g_assert_true (unit_wait (&self->unit, CTRL, DONE, 1000));
    acknowledge (&self->unit);
    unit_unmask (&self->unit, 1);
  }
  g_assert_cmpint (missing, ==, 3);
  g_assert_cmpint (core_statistics (name).lost, ==, before + 3);
}

/* irq=spurious: one in the middle of each job, which says that it is not done. */
static void
test_spurious (Fixture * self, gconstpointer name)
{
  const uint64_t before = core_statistics (name).spurious;

  for (unsigned i = 0; i < 3; i++) {
    unit_start (&self->unit);
    g_assert_cmpint (unit_poll (&self->unit, 2000), ==, 1);
    g_assert_cmpint (unit_count (&self->unit), >, 0);
    g_assert_cmphex (get (&self->unit, ISR), ==, 0);
    g_assert_cmphex (get (&self->unit, CTRL), ==, START);
    unit_unmask (&self->unit, 1);
    g_assert_cmpint (unit_poll (&self->unit, 2000), ==, 1);
    g_assert_cmpint (unit_count (&self->unit), >, 0);
    g_assert_cmphex (get (&self->unit, CTRL), ==, DONE | IDLE);
    acknowledge (&self->unit);
    unit_unmask (&self->unit, 1);
  }
  g_assert_cmpint (core_statistics (name).spurious, ==, before + 3);
}

/* irq-delay=50ms */
static void
test_late (Fixture * self, gconstpointer name)
{
  gint64 done;

  (void) name;
  unit_run (&self->unit);
  done = g_get_monotonic_time ();
  g_assert_cmpint (unit_poll (&self->unit, 2000), ==, 1);
  g_assert_cmpint (g_get_monotonic_time () - done, >, 30000);
}

/* What came before the node was opened is not seen; what comes while another has it open is not taken from him. */
static void
test_opening (Fixture * self, gconstpointer name)
{
  Unit other;

  unit_start (&self->unit);
  g_assert_cmpint (unit_poll (&self->unit, 2000), ==, 1);
  other = unit_open (name);
  g_assert_cmpint (unit_poll (&self->unit, 0), ==, 1);
  unit_close (&other);
  close (self->unit.fd);
  self->unit.fd = open ("/dev/uio0", O_RDWR);
  g_assert_cmpint (unit_poll (&self->unit, 10), ==, 0);
  acknowledge (&self->unit);
}

static void
test_blocking_read (Fixture * self, gconstpointer name)
{
  const gint64 start = g_get_monotonic_time ();

  (void) name;
  unit_start (&self->unit);
  g_assert_cmpint (unit_count (&self->unit), >, 0);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 20000);
}

static void
test_lock (void)
{
  const int one = open ("/dev/uio0", O_RDWR | O_CLOEXEC), two = open ("/dev/uio0", O_RDWR | O_CLOEXEC);
  const int other = open ("/dev/uio1", O_RDWR | O_CLOEXEC);
  int copy, status;

  g_assert_cmpint (flock (one, LOCK_EX | LOCK_NB), ==, 0);
  g_assert_cmpint (flock (two, LOCK_EX | LOCK_NB), ==, -1);
  g_assert_cmpint (errno, ==, EWOULDBLOCK);
  g_assert_cmpint (flock (other, LOCK_EX | LOCK_NB), ==, 0);
  copy = dup (one);
  close (one);
  g_assert_cmpint (flock (two, LOCK_EX | LOCK_NB), ==, -1);
  if (fork () == 0)
    _exit (flock (two, LOCK_EX | LOCK_NB) == -1 ? 0 : 1);
  wait (&status);
  g_assert_cmpint (status, ==, 0);
  close (copy);
  g_assert_cmpint (flock (two, LOCK_EX | LOCK_NB), ==, 0);
  close (two);
  close (other);
}

static void
assert_attribute (const char *path, const char *expected)
{
  char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, expected);
  g_free (text);
}

static void
test_sysfs (void)
{
  GDir *dir = g_dir_open ("/sys/class/uio", 0, NULL);
  DIR *maps = opendir ("/sys/class/uio/uio1/maps/map0");
  unsigned count = 0;
  const char *name;
  struct dirent *entry;
  int file;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)))
    count += g_str_has_prefix (name, "uio") && g_ascii_isdigit (name[3]);
  g_dir_close (dir);
  g_assert_cmpint (count, ==, 6);
  assert_attribute ("/sys/class/uio/uio0/name", "plain\n");
  assert_attribute ("/sys/class/uio/uio1/name", "none\n");
  assert_attribute ("/sys/class/uio/uio1/maps/map0/addr", "0x43c10000\n");
  assert_attribute ("/sys/class/uio/uio1/maps/map0/size", "0x00010000\n");
  assert_attribute ("/sys/class/uio/uio1/maps/map0/offset", "0x0\n");
  assert_attribute ("/sys/class/uio/uio5/maps/map0/addr", "0x80000000\n");

  g_assert_nonnull (maps);
  for (count = 0; (entry = readdir (maps));)
    count += entry->d_name[0] != '.';
  g_assert_cmpint (count, ==, 4);
  file = openat (dirfd (maps), "addr", O_RDONLY);
  g_assert_cmpint (file, >=, 0);
  close (file);
  closedir (maps);
  g_assert_null (opendir ("/sys/class/uio/uio77"));
  g_assert_cmpint (open ("/sys/class/uio/uio0/name", O_RDONLY | O_DIRECTORY), ==, -1);
}

static void
test_nodes_look_like_devices (void)
{
  const char *const paths[] = { "/dev/uio0", "/dev/uio5", "/dev/mem" };
  struct stat st, again;

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++) {
    const int node = open (paths[i], O_RDWR);

    g_assert_cmpint (stat (paths[i], &st), ==, 0);
    g_assert_cmphex (st.st_mode, ==, S_IFCHR | 0600);
    g_assert_cmpint (st.st_uid, ==, 0);
    g_assert_cmpint (fstat (node, &again), ==, 0);
    g_assert_cmphex (again.st_mode, ==, st.st_mode);
    g_assert_cmpint (again.st_ino, ==, st.st_ino);
    g_assert_cmpint (access (paths[i], R_OK | W_OK), ==, 0);
    g_assert_cmpint (access (paths[i], X_OK), ==, -1);
    close (node);
  }
  g_assert_cmpint (stat ("/dev/uio6", &st), ==, -1);
  g_assert_cmpint (open ("/dev/uio6", O_RDWR), ==, -1);
  g_assert_cmpint (errno, ==, ENOENT);
}

static mode_t
mode_without_name (int file)
{
  struct stat st;
#ifdef STATX_BASIC_STATS        /* glibc 2.28 */
  struct statx wide;

  g_assert_cmpint (statx (file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &wide), ==, 0);
#endif
  g_assert_cmpint (fstatat (file, "", &st, AT_EMPTY_PATH), ==, 0);
#ifdef STATX_BASIC_STATS
  g_assert_cmphex (wide.stx_mode, ==, st.st_mode);
#endif
  return st.st_mode & S_IFMT;
}

/* As GIO asks about standard input: the descriptor, by an empty path. */
static void
test_empty_path (void)
{
  const int node = open ("/dev/uio0", O_RDWR), directory = open ("/sys/class/uio", O_RDONLY | O_DIRECTORY);
  struct stat st;
  int ends[2], sockets[2];

  g_assert_cmpint (pipe (ends), ==, 0);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, sockets), ==, 0);
  g_assert_cmphex (mode_without_name (ends[0]), ==, S_IFIFO);
  g_assert_cmphex (mode_without_name (sockets[0]), ==, S_IFSOCK);
  g_assert_cmphex (mode_without_name (node), ==, S_IFCHR);
  g_assert_cmphex (mode_without_name (directory), ==, S_IFDIR);
  g_assert_cmpint (fstatat (ends[0], "uio0", &st, 0), ==, -1);
  g_assert_cmpint (errno, ==, ENOTDIR);
  g_assert_cmpint (fstatat (directory, "uio0", &st, 0), ==, 0);
  close (ends[0]);
  close (ends[1]);
  close (sockets[0]);
  close (sockets[1]);
  close (directory);
  close (node);
}

static void
test_event_attribute (Fixture * self, gconstpointer name)
{
  char *expected;

  (void) name;
  unit_start (&self->unit);
  g_assert_cmpint (unit_poll (&self->unit, 2000), ==, 1);
  expected = g_strdup_printf ("%d\n", unit_count (&self->unit));
  assert_attribute ("/sys/class/uio/uio0/event", expected);
  g_free (expected);
}

/* Map 0 is all there is, and it has an end. */
static void
test_mapping_bounds (void)
{
  const int node = open ("/dev/uio0", O_RDWR);
  void *half;

  g_assert_true (mmap (NULL, 4096, PROT_READ, MAP_SHARED, node, 4096) == MAP_FAILED);
  g_assert_cmpint (errno, ==, EINVAL);
  g_assert_true (mmap (NULL, 2 * CORE_SIZE, PROT_READ, MAP_SHARED, node, 0) == MAP_FAILED);
  half = mmap (NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, node, 0);
  g_assert_true (half != MAP_FAILED);
  close (node);
  g_assert_cmphex (*(volatile uint32_t *) half, ==, IDLE);
  munmap (half, 4096);
}

/* What else a SIGBUS is to a sanitizer or to valgrind is none of this test's. */
static void
leave (int number)
{
  _exit (number);
}

/* At its base address, and the same core; where there is none, the bus does not answer. */
static void
test_dev_mem (Fixture * self, gconstpointer name)
{
  Unit memory = unit_open_memory (core_statistics (name).base), two;
  int status;

  put (&memory, WIDTH, 5);
  g_assert_cmphex (get (&self->unit, WIDTH), ==, 5);
  g_assert_cmphex (get (&memory, CTRL), ==, IDLE);
  unit_run (&memory);
  if (fork () == 0) {
    Unit nothing = unit_open_memory (0x50000000);

    signal (SIGBUS, leave);
    leave ((int) *(volatile uint32_t *) nothing.regs);
  }
  wait (&status);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == SIGBUS);

  /* one mapping over two cores */
  two.fd = open ("/dev/mem", O_RDWR | O_SYNC);
  two.regs = mmap (NULL, 2 * CORE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, two.fd,
      (off_t) core_statistics ("plain").base);
  g_assert_true ((void *) two.regs != MAP_FAILED);
  put (&two, CORE_SIZE + HEIGHT, 77);
  g_assert_cmphex (get (&two, HEIGHT), !=, 77);
  g_assert_cmphex (get (&two, CORE_SIZE + HEIGHT), ==, 77);
  munmap ((void *) two.regs, 2 * CORE_SIZE);
  close (two.fd);
  unit_close (&memory);
}

#define ADD(path, core, test) g_test_add ("/core/interrupts/" path, Fixture, core, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fd = client_open ();
  ADD ("one-per-job", "plain", test_one_per_job);
  ADD ("level", "plain", test_level);
  ADD ("mask", "plain", test_mask);
  ADD ("enables", "plain", test_enables);
  ADD ("sizes", "plain", test_sizes);
  ADD ("opening", "plain", test_opening);
  ADD ("event-attribute", "plain", test_event_attribute);
  ADD ("dev-mem", "plain", test_dev_mem);
  ADD ("none", "none", test_none);
  ADD ("lost", "lost", test_lost);
  ADD ("spurious", "spurious", test_spurious);
  ADD ("late", "late", test_late);
  ADD ("blocking-read", "far", test_blocking_read);
  g_test_add_func ("/core/interrupts/lock", test_lock);
  g_test_add_func ("/core/interrupts/sysfs", test_sysfs);
  g_test_add_func ("/core/interrupts/nodes-look-like-devices", test_nodes_look_like_devices);
  g_test_add_func ("/core/interrupts/empty-path", test_empty_path);
  g_test_add_func ("/core/interrupts/mapping-bounds", test_mapping_bounds);
  return g_test_run ();
}
