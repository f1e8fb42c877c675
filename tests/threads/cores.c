/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cores.c: the emulated cores and their users in one process. On a board of xlnk-emulate the cores run in another one,
 * where ThreadSanitizer cannot see that a register is the engine's and a program's at once.
 *
 * What the preload library does for a program is done here by hand: a register under the core's lock, memory under the
 * board's. So every order that is seen between an engine and a user is one that the emulator makes.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "axidma.h"
#include "engines.h"
#include "hls.h"
#include "raw.h"
#include "stress.h"

#define USERS 2                 /* per core */
#define WIDTH 64
#define HEIGHT 40
#define SIZE (WIDTH * HEIGHT)   /* no whole number of bursts */
#define GRAY8 25
#define PATIENCE (20 * G_TIME_SPAN_SECOND)

static const char *const kinds[] = {
  "copy=copy", "invert=invert,latency=1ms,irq-delay=200us", "plain=copy", "loop=dma-loopback", "spurious=copy,irq=spurious,latency=300us"
};

#define CORES G_N_ELEMENTS (kinds)

typedef struct
{
  char *directory, *heap;
  int fd;
  Board board;
  Cores cores;
  /* Users of one core take turns, as programs do that lock its node; the engine knows nothing of this. */
  pthread_mutex_t turns[CORES];
  uint64_t src[CORES], dst[CORES];
} Machine;

static Core *
core_of (Machine * machine, unsigned number)
{
  return &machine->cores.table->cores[number];
}

static void
put (Core * core, uint32_t offset, uint32_t value)
{
  core_lock (core);
  core_write (core, offset, value);
  core_unlock (core);
}

static uint32_t
get (Core * core, uint32_t offset)
{
  uint32_t value;

  core_lock (core);
  value = core_read (core, offset);
  core_unlock (core);
  return value;
}

/* A buffer as ALLOCBUF makes it. */
static uint64_t
allocate (Machine * machine, uint32_t length)
{
  Board *board = &machine->board;
  BoardBuffer *buffer;
  uint64_t phys;
  unsigned id;

  board_lock (board);
  phys = board_cma_alloc (board, length);
  id = board_find_slot (board);
  g_assert_true (phys && id);
  board_cma_give (board, phys, length, id);
  buffer = &board->state->buffers[id];
  buffer->length = length;
  buffer->pages = (length + BOARD_PAGE - 1) / BOARD_PAGE;
  buffer->phys = phys;
  board_unlock (board);
  return phys;
}

static void
machine_start (Machine * machine)
{
  const BoardConfig config = {.driver = 3,.arch = BOARD_ARM,.line = 32,.first_id = 1,.cma = 4 << 20 };
  CoreConfig configs[CORES];
  unsigned count = 0;
  g_autoptr (GError) error = NULL;

  memset (machine, 0, sizeof *machine);
  machine->directory = g_dir_make_tmp ("threads-cores-XXXXXX", &error);
  g_assert_no_error (error);
  machine->heap = g_build_filename (machine->directory, "heap", NULL);
  machine->fd = open (machine->heap, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  g_assert_cmpint (board_create (machine->fd, &config), ==, 0);
  g_assert_cmpint (board_attach (&machine->board, machine->fd), ==, 0);
  memset (configs, 0, sizeof configs);
  for (unsigned i = 0; i < CORES; i++) {
    g_assert_true (cores_parse (configs, &count, kinds[i], &error));
    pthread_mutex_init (&machine->turns[i], NULL);
    machine->src[i] = allocate (machine, SIZE);
    machine->dst[i] = allocate (machine, SIZE);
  }
  g_assert_true (cores_place (configs, count, BOARD_ARM, &error));
  g_assert_true (cores_start (&machine->cores, &machine->board, machine->heap, machine->directory, configs, count,
          &error));
}

static void
remove_tree (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *child = g_build_filename (path, name, NULL);

    remove_tree (child);
  }
  if (dir)
    g_dir_close (dir);
  g_remove (path);
}

static void
machine_stop (Machine * machine)
{
  cores_free (&machine->cores);
  board_detach (&machine->board);
  close (machine->fd);
  remove_tree (machine->directory);
  g_free (machine->heap);
  g_free (machine->directory);
}

/*** memory, as a program sees it that flushes and invalidates ***/

static void
fill_source (Machine * machine, unsigned number, uint8_t first)
{
  Board *board = &machine->board;
  uint8_t *memory;

  board_lock (board);
  memory = board->device + (machine->src[number] - board->state->base);
  for (unsigned i = 0; i < SIZE; i++)
    memory[i] = (uint8_t) (first + i);
  board_unlock (board);
}

static void
check_result (Machine * machine, unsigned number, uint8_t first, uint8_t mask)
{
  Board *board = &machine->board;
  uint8_t result[SIZE];

  board_lock (board);
  memcpy (result, board->device + (machine->dst[number] - board->state->base), SIZE);
  board_unlock (board);
  for (unsigned i = 0; i < SIZE; i++)
    g_assert_cmpuint (result[i], ==, (uint8_t) (first + i) ^ mask);
}

/*** jobs ***/

typedef struct
{
  uint32_t offset, value;
} Setting;

static void
set_up_hls (Machine * machine, unsigned number)
{
  const Setting settings[] = {
    {HLS_SRC, (uint32_t) machine->src[number]}, {HLS_DST, (uint32_t) machine->dst[number]}, {HLS_WIDTH, WIDTH},
    {HLS_HEIGHT, HEIGHT}, {HLS_SRC_STRIDE, WIDTH}, {HLS_DST_STRIDE, WIDTH}, {HLS_FORMAT, GRAY8},
    {HLS_GIE, 1}, {HLS_IER, 1},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (settings); i++)
    put (core_of (machine, number), settings[i].offset, settings[i].value);
}

static void
wait_for (Core * core, uint32_t offset, uint32_t bits)
{
  const gint64 until = g_get_monotonic_time () + PATIENCE;

  while (!(get (core, offset) & bits)) {
    if (g_get_monotonic_time () > until)
      g_error ("core %s: no %#x at %#x after %d s", core->config.name, bits, offset, (int) (PATIENCE / 1000000));
    g_usleep (20);
  }
}

static void
acknowledge (Core * core)
{
  if (get (core, HLS_ISR))
    put (core, HLS_ISR, 1);
  core_lock (core);
  interrupt_enable (core, true);
  core_unlock (core);
}

static void
run_hls (Machine * machine, unsigned number, uint8_t first)
{
  Core *core = core_of (machine, number);

  set_up_hls (machine, number);
  fill_source (machine, number, first);
  put (core, HLS_CONTROL, AP_START);
  wait_for (core, HLS_CONTROL, AP_DONE);
  check_result (machine, number, first, number == 1 ? 0xff : 0);
  acknowledge (core);
}

static void
run_dma (Machine * machine, unsigned number, uint8_t first)
{
  Core *core = core_of (machine, number);

  put (core, DMA_CR, CR_RUN | SR_IOC_IRQ);
  put (core, DMA_S2MM + DMA_CR, CR_RUN | SR_IOC_IRQ);
  fill_source (machine, number, first);
  put (core, DMA_S2MM + DMA_ADDRESS, (uint32_t) machine->dst[number]);
  put (core, DMA_S2MM + DMA_LENGTH, SIZE);
  put (core, DMA_ADDRESS, (uint32_t) machine->src[number]);
  put (core, DMA_LENGTH, SIZE);
  wait_for (core, DMA_S2MM + DMA_SR, SR_IDLE);
  check_result (machine, number, first, 0);
  put (core, DMA_SR, SR_IOC_IRQ);
  put (core, DMA_S2MM + DMA_SR, SR_IOC_IRQ);
}

/* Loads and stores in the window, which the engine looks at now and then. */
static void
run_plain (Machine * machine, unsigned number, uint8_t first)
{
  CoreTable *table = machine->cores.table;
  Core *core = core_of (machine, number);
  g_autofree char *path = g_build_filename (machine->directory, "cores", NULL);
  const int fd = open (path, O_RDWR | O_CLOEXEC);
  const gint64 until = g_get_monotonic_time () + PATIENCE;
  volatile uint32_t *window = mmap (NULL, CORE_WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
      (off_t) core_window_offset (table, number));

  g_assert_true (window != MAP_FAILED);
  close (fd);
  set_up_hls (machine, number);
  fill_source (machine, number, first);
  core_lock (core);
  core->plain_users++;
  core_show (table, core);
  core_wake (core);
  core_unlock (core);
  window[HLS_CONTROL / 4] = AP_START;
  while (!(window[HLS_CONTROL / 4] & AP_DONE) || !(window[HLS_CONTROL / 4] & AP_IDLE)) {
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    g_usleep (20);
  }
  core_lock (core);
  core->plain_users--;
  core_unlock (core);
  check_result (machine, number, first, 0);
  munmap ((void *) window, CORE_WINDOW);
  get (core, HLS_CONTROL);
  acknowledge (core);
}

/* Stopped in its middle; the next job must be whole. */
static void
stop (Machine * machine, unsigned number)
{
  Core *core = core_of (machine, number);

  if (core->config.kind == CORE_HLS) {
    set_up_hls (machine, number);
    put (core, HLS_CONTROL, AP_START);
  }
  core_lock (core);
  core_reset (core);
  core_unlock (core);
}

static void
use_core (Worker * worker)
{
  Machine *machine = worker->data;
  const unsigned number = worker->number % CORES;
  const uint8_t first = (uint8_t) stress_random (worker, 256);

  pthread_mutex_lock (&machine->turns[number]);
  if (stress_random (worker, 8) == 0)
    stop (machine, number);
  if (core_of (machine, number)->config.kind == CORE_DMA)
    run_dma (machine, number, first);
  else if (number == 2)
    run_plain (machine, number, first);
  else
    run_hls (machine, number, first);
  pthread_mutex_unlock (&machine->turns[number]);
}

/* Whoever looks on, without a turn: what the back door and the interrupt's reader do. */
static void
look_on (Worker * worker)
{
  Machine *machine = worker->data;
  const unsigned number = stress_random (worker, CORES);
  Core *core = core_of (machine, number);
  g_autofree char *path = g_strdup_printf ("%s/dev/uio%u", machine->directory, number);
  const int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct pollfd node = {.fd = fd,.events = POLLIN };
  CoreStatistics statistics;
  char bytes[64];

  if (poll (&node, 1, 2) > 0)
    g_assert_true (read (fd, bytes, sizeof bytes) > 0 || errno == EAGAIN);
  close (fd);
  core_lock (core);
  statistics = core->statistics;
  core_unlock (core);
  g_assert_cmpuint (statistics.finished, <=, statistics.jobs);
  g_assert_cmpuint (__atomic_load_n (&core->events, __ATOMIC_ACQUIRE), >=, 0);
}

static void
test_engines_and_users (void)
{
  Step steps[CORES * USERS + 1];
  Machine machine;

  machine_start (&machine);
  for (unsigned i = 0; i < G_N_ELEMENTS (steps); i++)
    steps[i] = i < CORES * USERS ? use_core : look_on;
  stress_run (G_N_ELEMENTS (steps), steps, G_N_ELEMENTS (steps), &machine);
  cores_stop (&machine.cores);
  for (unsigned i = 0; i < CORES; i++) {
    const CoreStatistics *statistics = &core_of (&machine, i)->statistics;

    g_test_message ("%s: %" G_GUINT64_FORMAT " jobs, %" G_GUINT64_FORMAT " interrupts", kinds[i], statistics->jobs,
        statistics->interrupts);
    g_assert_cmpuint (statistics->finished, >, 0);
  }
  machine_stop (&machine);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/threads/cores/engines-and-users", test_engines_and_users);
  return g_test_run ();
}
