/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core-registers.c: the control registers of HLS cores, bit by bit (xlnk-abi §11.2): what a read clears, what a write
 * toggles, what comes back by itself; ap_ctrl_chain; the versions of the tools; and a program without the hooks.
 */
#include "core-client.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int fd;

/* A job that takes 100 ms with the cores of this test called slow…, and none with the others. */
static void
set_job (const Unit * unit, const Buffer * buffer)
{
  put_address (unit, SRC, buffer->phys);
  put_address (unit, DST, buffer->phys + 4096);
  put (unit, WIDTH, 8);
  put (unit, HEIGHT, 4);
  put (unit, SRC_STRIDE, 0);
  put (unit, DST_STRIDE, 0);
  put (unit, FORMAT, RGBA);
}

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
  set_job (&self->unit, &self->buffer);
}

static void
tear_down (Fixture * self, gconstpointer name)
{
  g_assert_cmpint (reset_core (name), ==, 0);
  unit_close (&self->unit);
  client_give (fd, &self->buffer);
}

static void
test_done_clears_when_read (Fixture * self, gconstpointer name)
{
  const struct xlnk_emulator_core before = core_statistics (name);

  g_assert_cmphex (get (&self->unit, CTRL), ==, IDLE);
  unit_start (&self->unit);
  g_assert_cmphex (get (&self->unit, CTRL), ==, START);
  wait_for_jobs (name, &before, 1);
  g_assert_cmphex (get (&self->unit, CTRL), ==, DONE | IDLE);
  g_assert_cmphex (get (&self->unit, CTRL), ==, IDLE);
}

/* Nobody else's read takes the bit away: looking at another register, or at the statistics. */
static void
test_done_stays_until_read (Fixture * self, gconstpointer name)
{
  const struct xlnk_emulator_core before = core_statistics (name);

  unit_start (&self->unit);
  wait_for_jobs (name, &before, 1);
  g_assert_cmphex (get (&self->unit, ISR), ==, 0);
  g_assert_cmphex (get (&self->unit, GIE), ==, 0);
  put (&self->unit, CTRL, 0);
  g_assert_cmphex (get (&self->unit, CTRL), ==, DONE | IDLE);
}

static void
test_start_while_running (Fixture * self, gconstpointer name)
{
  struct xlnk_emulator_core before = core_statistics (name);

  unit_start (&self->unit);
  unit_start (&self->unit);
  put (&self->unit, CTRL, 0);
  g_assert_cmphex (get (&self->unit, CTRL), ==, START);
  wait_for_jobs (name, &before, 1);
  g_assert_cmphex (get (&self->unit, CTRL), ==, DONE | IDLE);
  g_usleep (20000);
  g_assert_cmpint (core_statistics (name).jobs, ==, before.jobs + 1);
}

static void
test_auto_restart (Fixture * self, gconstpointer name)
{
  struct xlnk_emulator_core before = core_statistics (name);

  put (&self->unit, CTRL, START | RESTART);
  g_assert_cmphex (get (&self->unit, CTRL), ==, START | RESTART);
  wait_for_jobs (name, &before, 3);
  g_assert_cmphex (get (&self->unit, CTRL), ==, START | RESTART | DONE);
  put (&self->unit, CTRL, 0);
  g_assert_true (unit_wait (&self->unit, CTRL, IDLE, 2000));
}

/* ISR is set only where IER says so, toggles where ones are written, and raises nothing without GIE. */
static void
test_interrupt_status_toggles (Fixture * self, gconstpointer name)
{
  (void) name;
  unit_run (&self->unit);
  g_assert_cmphex (get (&self->unit, ISR), ==, 0);

  put (&self->unit, IER, 0xffffffff);
  g_assert_cmphex (get (&self->unit, IER), ==, 3);
  put (&self->unit, GIE, 0xfffffffe);
  g_assert_cmphex (get (&self->unit, GIE), ==, 0);
  unit_run (&self->unit);
  g_assert_cmphex (get (&self->unit, ISR), ==, 3);
  g_assert_cmphex (get (&self->unit, ISR), ==, 3);
  put (&self->unit, ISR, 1);
  g_assert_cmphex (get (&self->unit, ISR), ==, 2);
  put (&self->unit, ISR, 1);
  g_assert_cmphex (get (&self->unit, ISR), ==, 3);
  put (&self->unit, ISR, 3);
  g_assert_cmphex (get (&self->unit, ISR), ==, 0);
  put (&self->unit, IER, 1);
  unit_run (&self->unit);
  g_assert_cmphex (get (&self->unit, ISR), ==, 1);
}

static void
test_arguments_read_back (Fixture * self, gconstpointer name)
{
  const uint32_t words[] = { 0x10, 0x14, 0x1c, 0x20, 0x28, 0x30, 0x38, 0x40, 0x48, 0x50, 0x58, 0x60, 0x64, 0x6c, 0x70,
    0x78, 0x7c, 0x84, 0x88, 0x90, 0x98, 0xa0, 0xa8
  };

  (void) name;
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    put (&self->unit, words[i], 0xabc00000 + words[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    g_assert_cmphex (get (&self->unit, words[i]), ==, 0xabc00000 + words[i]);
  for (uint32_t hole = 0x18; hole < 0xfffc; hole += hole < 0xb0 ? 4 : 1020) {
    bool known = false;

    for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
      known = known || words[i] == hole;
    if (known)
      continue;
    put (&self->unit, hole, 0xffffffff);
    g_assert_cmphex (get (&self->unit, hole), ==, 0);
  }
}

/* The arguments of a job are those of its start. */
static void
test_arguments_change_while_running (Fixture * self, gconstpointer name)
{
  (void) name;
  self->buffer.data[0] = 7;
  flush (fd, &self->buffer);
  for (unsigned i = 0; i < 300; i++) {
    device_fill (self->buffer.phys + 4096, 0, 128);
    put (&self->unit, DST, (uint32_t) self->buffer.phys + 4096);
    unit_start (&self->unit);
    put (&self->unit, DST, (uint32_t) self->buffer.phys + 2048);
    g_assert_true (unit_wait (&self->unit, CTRL, DONE, 5000));
    g_assert_cmpint (device_byte (self->buffer.phys + 4096), ==, 7);
  }
}

static void
test_reset (Fixture * self, gconstpointer name)
{
  self->buffer.data[0] = 7;
  flush (fd, &self->buffer);
  put (&self->unit, IER, 1);
  unit_start (&self->unit);
  g_assert_cmpint (reset_core (name), ==, 0);
  g_assert_cmphex (get (&self->unit, CTRL), ==, IDLE);
  g_assert_cmphex (get (&self->unit, IER), ==, 0);
  g_assert_cmphex (get (&self->unit, SRC), ==, 0);
  device_fill (self->buffer.phys + 4096, 0, 128);
  g_usleep (150000);
  g_assert_cmphex (get (&self->unit, CTRL), ==, IDLE);
  g_assert_cmpint (device_byte (self->buffer.phys + 4096), ==, 0);

  set_job (&self->unit, &self->buffer);
  unit_run (&self->unit);
  g_assert_cmpint (device_byte (self->buffer.phys + 4096), ==, 7);
}

/* ap_ctrl_chain: done stays, whoever reads it, until ap_continue; a start before that waits. */
static void
test_chain (Fixture * self, gconstpointer name)
{
  struct xlnk_emulator_core before = core_statistics (name);

  unit_start (&self->unit);
  g_assert_true (unit_wait (&self->unit, CTRL, DONE, 1000));
  g_assert_cmphex (get (&self->unit, CTRL), ==, DONE);
  unit_start (&self->unit);
  g_usleep (20000);
  g_assert_cmphex (get (&self->unit, CTRL), ==, START | DONE);
  g_assert_cmpint (core_statistics (name).jobs, ==, before.jobs + 1);

  put (&self->unit, CTRL, CONTINUE);
  g_assert_cmphex (get (&self->unit, CTRL), ==, START);
  g_assert_true (unit_wait (&self->unit, CTRL, DONE, 1000));
  g_assert_cmpint (core_statistics (name).jobs, ==, before.jobs + 2);
  put (&self->unit, CTRL, CONTINUE);
  g_assert_cmphex (get (&self->unit, CTRL), ==, IDLE);
}

/* 2022.2: ap_ready is latched, and bit 9 shows the interrupt. 2022.1: reading ISR clears it. */
static void
test_newer_tools (Fixture * self, gconstpointer name)
{
  const struct xlnk_emulator_core before = core_statistics (name);
  const bool isr_clears = strstr (name, "22-1") != NULL;

  put (&self->unit, GIE, 1);
  put (&self->unit, IER, 1);
  unit_start (&self->unit);
  wait_for_jobs (name, &before, 1);
  g_assert_cmphex (get (&self->unit, CTRL), ==, DONE | IDLE | READY | PENDING);
  g_assert_cmphex (get (&self->unit, CTRL), ==, IDLE | PENDING);
  g_assert_cmphex (get (&self->unit, ISR), ==, 1);
  g_assert_cmphex (get (&self->unit, ISR), ==, isr_clears ? 0 : 1);
  if (!isr_clears)
    put (&self->unit, ISR, 1);
  g_assert_cmphex (get (&self->unit, CTRL), ==, IDLE);
}

static void
test_32_bit_pointers (Fixture * self, gconstpointer name)
{
  (void) name;
  put_address (&self->unit, SRC, 0x123456789a);
  g_assert_cmphex (get (&self->unit, SRC), ==, 0x3456789a);
  g_assert_cmphex (get (&self->unit, SRC + 4), ==, 0);
}

static bool
wait_for_word (volatile uint32_t * word, uint32_t mask, uint32_t value)
{
  for (unsigned i = 0; i < 2000; i++) {
    if ((*word & mask) == value)
      return true;
    g_usleep (500);
  }
  return false;
}

/* By plain loads and stores, as a program that knows nothing of hooks has. */
static void
test_program_without_hooks (void)
{
  struct xlnk_emulator_core before = core_statistics ("slow");
  Buffer buffer = client_take (fd, 8192, true);
  const int uio = open ("/dev/uio0", O_RDWR);
  volatile uint32_t *regs = mmap (NULL, CORE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, uio, 0);

  g_assert_true ((void *) regs != MAP_FAILED);
  buffer.data[5] = 9;
  flush (fd, &buffer);
  g_assert_cmphex (regs[0], ==, IDLE);
  for (unsigned i = 0; i < 3; i++) {
    device_fill (buffer.phys + 4096, 0, 128);
    regs[IER / 4] = 1;
    regs[SRC / 4] = (uint32_t) buffer.phys;
    regs[DST / 4] = (uint32_t) buffer.phys + 4096;
    regs[WIDTH / 4] = 8;
    regs[HEIGHT / 4] = 4;
    regs[CTRL / 4] = START;
    g_assert_true (wait_for_word (&regs[CTRL / 4], START | IDLE, START));
    g_assert_true (wait_for_word (&regs[CTRL / 4], DONE | IDLE, DONE | IDLE));
    g_assert_cmpint (device_byte (buffer.phys + 4096 + 5), ==, 9);
    g_assert_true (wait_for_word (&regs[ISR / 4], 3, 1));
    regs[ISR / 4] = 1;
    g_assert_true (wait_for_word (&regs[ISR / 4], 3, 0));
  }
  g_assert_cmpint (core_statistics ("slow").jobs, ==, before.jobs + 3);
  munmap ((void *) regs, CORE_SIZE);
  close (uio);
  client_give (fd, &buffer);
}

#define ADD(path, core, test) g_test_add ("/core/registers/" path, Fixture, core, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fd = client_open ();
  ADD ("done-clears-when-read", "slow", test_done_clears_when_read);
  ADD ("done-stays-until-read", "slow", test_done_stays_until_read);
  ADD ("start-while-running", "slow", test_start_while_running);
  ADD ("auto-restart", "slow", test_auto_restart);
  ADD ("interrupt-status-toggles", "fast", test_interrupt_status_toggles);
  ADD ("arguments-read-back", "fast", test_arguments_read_back);
  ADD ("arguments-change-while-running", "fast", test_arguments_change_while_running);
  ADD ("reset", "slow", test_reset);
  ADD ("chain", "slow-chain", test_chain);
  ADD ("tools-2022.1", "slow-22-1", test_newer_tools);
  ADD ("tools-2022.2", "slow-22-2", test_newer_tools);
  ADD ("32-bit-pointers", "narrow", test_32_bit_pointers);
  g_test_add_func ("/core/registers/program-without-hooks", test_program_without_hooks);
  return g_test_run ();
}
