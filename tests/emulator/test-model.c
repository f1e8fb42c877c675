/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-model.c: random programs against a cache that is too simple to be wrong. The emulator's own takes short cuts by
 * pages and moves lines in bulk; this one looks at every line, every time. Both must show the same bytes on both sides.
 */
#include "client.h"

#include <dlfcn.h>
#include <string.h>

#define SIZE (5 * 4096u)

static Driver driver;
static int fd;
static void (*clean) (const void *, size_t);
static void (*clean_invalidate) (const void *, size_t);
static void (*barrier) (void);

/* A line is dirty if cpu and agreed differ, stale if memory and agreed differ. */
static uint8_t cpu[SIZE], memory[SIZE], agreed[SIZE];

typedef enum
{
  CLEAN, CLEAN_INVALIDATE, INVALIDATE,
} What;

static void
maintain_line (uint32_t at, What what)
{
  const uint32_t line = driver.line;
  const bool dirty = memcmp (cpu + at, agreed + at, line) != 0;

  if (dirty && what != INVALIDATE) {
    memcpy (memory + at, cpu + at, line);
    memcpy (agreed + at, cpu + at, line);
  } else if (what != CLEAN) {
    memcpy (cpu + at, memory + at, line);
    memcpy (agreed + at, memory + at, line);
  }
}

static void
maintain (uint32_t start, uint32_t size, What what)
{
  const uint32_t line = driver.line;

  for (uint32_t at = start / line * line; at < start + size; at += line) {
    const bool edge = at < start || at + line > start + size;

    maintain_line (at, what == INVALIDATE && edge ? CLEAN_INVALIDATE : what);
  }
}

typedef struct
{
  uint32_t start, size;
  uint8_t value;
} Step;

static Step
random_step (GRand * random)
{
  Step step;

  step.start = (uint32_t) g_rand_int_range (random, 0, SIZE);
  step.size = (uint32_t) g_rand_int_range (random, 1, g_rand_boolean (random) ? 200 : (gint32) SIZE);
  if (step.size > SIZE - step.start)
    step.size = SIZE - step.start;
  step.value = (uint8_t) g_rand_int_range (random, 0, 4);
  return step;
}

static void
cpu_writes (Buffer * buffer, Step step)
{
  memset (buffer->data + step.start, step.value, step.size);
  memset (cpu + step.start, step.value, step.size);
}

static void
device_writes (Buffer * buffer, Step step)
{
  device_fill (buffer->phys + step.start, step.value, step.size);
  memset (memory + step.start, step.value, step.size);
}

/* From the base, because CACHECTRL knows no other start; a size of one is a question, and maintains its line too. */
static void
by_request (Buffer * buffer, Step step, int action)
{
  g_assert_cmpint (client_cache (fd, buffer->phys, step.size, action), ==, 0);
  if (driver.arm64)
    maintain (0, step.size, action == 1 ? INVALIDATE : CLEAN);
  else
    maintain (0, step.size, CLEAN_INVALIDATE);
}

static void
by_address (Buffer * buffer, Step step, bool invalidate)
{
  if (!driver.arm64)
    return;
  (invalidate ? clean_invalidate : clean) (buffer->data + step.start, step.size);
  barrier ();
  maintain (step.start, step.size, invalidate ? CLEAN_INVALIDATE : CLEAN);
}

static void
take_step (Buffer * buffer, GRand * random)
{
  const Step step = random_step (random);

  switch (g_rand_int_range (random, 0, 8)) {
    case 0:
    case 1:
      cpu_writes (buffer, step);
      break;
    case 2:
    case 3:
      device_writes (buffer, step);
      break;
    case 4:
      by_request (buffer, step, 0);
      break;
    case 5:
      by_request (buffer, step, 1);
      break;
    case 6:
      by_address (buffer, step, false);
      break;
    default:
      by_address (buffer, step, true);
      break;
  }
}

static void
compare (Buffer * buffer, guint32 seed, unsigned step)
{
  uint8_t seen[SIZE];

  g_assert_cmpint (device_read (buffer->phys, seen, SIZE), ==, 0);
  if (memcmp (buffer->data, cpu, SIZE) != 0)
    g_error ("seed %u, step %u: the CPU sees something else", seed, step);
  if (memcmp (seen, memory, SIZE) != 0)
    g_error ("seed %u, step %u: the device sees something else", seed, step);
}

static void
test_random_programs (void)
{
  for (guint32 seed = 1; seed <= 40; seed++) {
    GRand *random = g_rand_new_with_seed (seed);
    Buffer buffer = client_take (fd, SIZE, true);

    memset (cpu, 0, SIZE);
    memset (memory, 0, SIZE);
    memset (agreed, 0, SIZE);
    for (unsigned step = 0; step < 300; step++) {
      take_step (&buffer, random);
      compare (&buffer, seed, step);
    }
    client_give (fd, &buffer);
    g_rand_free (random);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  driver = client_driver ();
  *(void **) &clean = dlsym (RTLD_DEFAULT, "xlnk_hw_clean");
  *(void **) &clean_invalidate = dlsym (RTLD_DEFAULT, "xlnk_hw_clean_invalidate");
  *(void **) &barrier = dlsym (RTLD_DEFAULT, "xlnk_hw_barrier");
  fd = client_open ();
  g_assert_cmpint (fd, >=, 0);
  g_test_add_func ("/model/random-programs", test_random_programs);
  return g_test_run ();
}
