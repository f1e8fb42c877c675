/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core-dma.c: the AXI DMA in direct register mode (xlnk-abi §11.1), bit by bit, and what goes through it.
 */
#include "core-client.h"

#include <string.h>

enum
{
  MM2S = 0x00, S2MM = 0x30,
  CR = 0x00, SR = 0x04, ADDRESS = 0x18, LENGTH = 0x28,
};

enum
{
  RUN = 1, RESET = 4, IOC_ENABLE = 0x1000, ERROR_ENABLE = 0x4000,
  HALTED = 1, AT_REST = 2, INTERNAL = 0x10, SLAVE = 0x20, DECODE = 0x40, IOC = 0x1000, ERROR = 0x4000,
  RESET_VALUE = 0x00010002,
};

#define SIZE 8192u              /* of the buffers; LENGTH has 14 bits unless said otherwise */

static int fd;

typedef struct
{
  Unit unit;
  Buffer src, dst;
} Fixture;

static void
set_up (Fixture * self, gconstpointer name)
{
  self->unit = unit_open (name);
  put (&self->unit, MM2S + CR, RESET);
  put (&self->unit, S2MM + CR, RESET);
  self->src = client_take (fd, SIZE, true);
  self->dst = client_take (fd, SIZE, true);
  fill_random (&self->src, 4);
  flush (fd, &self->src);
  flush (fd, &self->dst);
}

static void
tear_down (Fixture * self, gconstpointer name)
{
  g_assert_cmpint (reset_core (name), ==, 0);
  unit_close (&self->unit);
  client_give (fd, &self->src);
  client_give (fd, &self->dst);
}

static void
run (const Unit * unit)
{
  put (unit, MM2S + CR, RUN);
  put (unit, S2MM + CR, RUN);
}

static void
transfer (const Unit * unit, uint32_t channel, uint64_t address, uint32_t length)
{
  put_address (unit, channel + ADDRESS, address);
  put (unit, channel + LENGTH, length);
}

/* @length bytes of @offset onwards arrived, changed by @mask; nothing behind them did. */
static void
assert_arrived (Fixture * self, uint32_t offset, uint32_t length, uint8_t mask)
{
  uint8_t data[SIZE];

  g_assert_cmpint (device_read (self->dst.phys, data, SIZE), ==, 0);
  for (uint32_t i = 0; i < SIZE; i++)
    g_assert_cmpint (data[i], ==, i < length ? self->src.data[offset + i] ^ mask : 0);
}

static void
test_after_reset (Fixture * self, gconstpointer name)
{
  (void) name;
  for (uint32_t channel = MM2S; channel <= S2MM; channel += S2MM) {
    g_assert_cmphex (get (&self->unit, channel + CR), ==, RESET_VALUE);
    g_assert_cmphex (get (&self->unit, channel + SR), ==, HALTED);
    put (&self->unit, channel + CR, RUN | IOC_ENABLE);
    g_assert_cmphex (get (&self->unit, channel + CR), ==, RUN | IOC_ENABLE | 2);
    /* not idle before the first transfer */
    g_assert_cmphex (get (&self->unit, channel + SR), ==, 0);
    put (&self->unit, channel + CR, 0);
    g_assert_cmphex (get (&self->unit, channel + SR), ==, HALTED);
  }
}

static void
loop (Fixture * self, uint8_t mask)
{
  const uint32_t lengths[] = { 1, 7, 4095, 4096, 4097, SIZE };

  run (&self->unit);
  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++) {
    device_fill (self->dst.phys, 0, SIZE);
    transfer (&self->unit, S2MM, self->dst.phys, SIZE);
    transfer (&self->unit, MM2S, self->src.phys + SIZE - lengths[i], lengths[i]);
    g_assert_true (unit_wait (&self->unit, S2MM + SR, AT_REST, 2000));
    g_assert_cmphex (get (&self->unit, S2MM + SR), ==, AT_REST | IOC);
    g_assert_cmphex (get (&self->unit, MM2S + SR), ==, AT_REST | IOC);
    g_assert_cmpint (get (&self->unit, S2MM + LENGTH), ==, lengths[i]);
    assert_arrived (self, SIZE - lengths[i], lengths[i], mask);
  }
}

static void
test_loopback (Fixture * self, gconstpointer name)
{
  const struct xlnk_emulator_core before = core_statistics (name);
  const uint64_t hazards = client_counters ().hazards;

  loop (self, 0);
  g_assert_cmpint (core_statistics (name).jobs, ==, before.jobs + 6);
  g_assert_cmpint (client_counters ().hazards, ==, hazards);
}

static void
test_invert (Fixture * self, gconstpointer name)
{
  (void) name;
  loop (self, 0xff);
}

static void
test_missing_flush_shows (Fixture * self, gconstpointer name)
{
  const uint64_t before = client_counters ().device_read_dirty;

  (void) name;
  self->src.data[10] ^= 1;
  run (&self->unit);
  transfer (&self->unit, S2MM, self->dst.phys, SIZE);
  transfer (&self->unit, MM2S, self->src.phys, 100);
  g_assert_true (unit_wait (&self->unit, S2MM + SR, AT_REST, 2000));
  g_assert_cmpint (client_counters ().device_read_dirty, ==, before + 1);
  g_assert_cmpint (device_byte (self->dst.phys + 10), ==, self->src.data[10] ^ 1);
}

/* Interrupt bits are cleared where ones are written, and only those. */
static void
test_write_one_to_clear (Fixture * self, gconstpointer name)
{
  (void) name;
  run (&self->unit);
  transfer (&self->unit, S2MM, self->dst.phys, SIZE);
  transfer (&self->unit, MM2S, self->src.phys, 64);
  g_assert_true (unit_wait (&self->unit, S2MM + SR, IOC, 2000));
  put (&self->unit, S2MM + SR, 0);
  put (&self->unit, S2MM + SR, ~(uint32_t) IOC);
  g_assert_cmphex (get (&self->unit, S2MM + SR), ==, AT_REST | IOC);
  put (&self->unit, S2MM + SR, IOC);
  g_assert_cmphex (get (&self->unit, S2MM + SR), ==, AT_REST);
  g_assert_cmphex (get (&self->unit, MM2S + SR), ==, AT_REST | IOC);
}

static void
test_nothing_moves_while_halted (Fixture * self, gconstpointer name)
{
  (void) name;
  transfer (&self->unit, MM2S, self->src.phys, 64);
  transfer (&self->unit, S2MM, self->dst.phys, SIZE);
  g_usleep (10000);
  g_assert_cmphex (get (&self->unit, MM2S + SR), ==, HALTED);
  run (&self->unit);
  g_usleep (10000);
  g_assert_cmphex (get (&self->unit, S2MM + SR), ==, 0);
  assert_arrived (self, 0, 0, 0);
}

/* One reset is everybody's, and clears itself. */
static void
test_reset_hits_both_channels (Fixture * self, gconstpointer name)
{
  (void) name;
  run (&self->unit);
  transfer (&self->unit, S2MM, self->dst.phys, SIZE);
  put (&self->unit, MM2S + CR, RESET);
  g_assert_cmphex (get (&self->unit, MM2S + CR), ==, RESET_VALUE);
  g_assert_cmphex (get (&self->unit, S2MM + CR), ==, RESET_VALUE);
  g_assert_cmphex (get (&self->unit, S2MM + SR), ==, HALTED);
  g_assert_cmphex (get (&self->unit, S2MM + ADDRESS), ==, 0);
  loop (self, 0);
}

/* Stopping waits for the transfer. */
static void
test_stop (Fixture * self, gconstpointer name)
{
  (void) name;
  run (&self->unit);
  transfer (&self->unit, S2MM, self->dst.phys, SIZE);
  put (&self->unit, S2MM + CR, 0);
  g_assert_cmphex (get (&self->unit, S2MM + SR), ==, 0);
  transfer (&self->unit, MM2S, self->src.phys, 64);
  g_assert_true (unit_wait (&self->unit, S2MM + SR, HALTED, 2000));
  g_assert_cmphex (get (&self->unit, S2MM + SR), ==, HALTED | AT_REST | IOC);
  assert_arrived (self, 0, 64, 0);
}

/* The FIFO takes 4096 bytes; the rest waits for the other channel. */
static void
test_mm2s_ahead (Fixture * self, gconstpointer name)
{
  (void) name;
  run (&self->unit);
  transfer (&self->unit, MM2S, self->src.phys, 4096);
  g_assert_true (unit_wait (&self->unit, MM2S + SR, AT_REST, 2000));
  transfer (&self->unit, MM2S, self->src.phys + 4096, 1);
  g_usleep (10000);
  g_assert_cmphex (get (&self->unit, MM2S + SR) & AT_REST, ==, 0);
  transfer (&self->unit, S2MM, self->dst.phys, SIZE);
  g_assert_true (unit_wait (&self->unit, S2MM + SR, AT_REST, 2000));
  g_assert_cmpint (get (&self->unit, S2MM + LENGTH), ==, 4096);
  g_assert_true (unit_wait (&self->unit, MM2S + SR, AT_REST, 2000));
  /* its own packet: the next transfer takes it */
  transfer (&self->unit, S2MM, self->dst.phys + 4096, 100);
  g_assert_true (unit_wait (&self->unit, S2MM + SR, AT_REST, 2000));
  g_assert_cmpint (get (&self->unit, S2MM + LENGTH), ==, 1);
  assert_arrived (self, 0, 4097, 0);
}

/* A packet longer than S2MM's LENGTH: it stalls, until a reset. */
static void
test_short_s2mm_stalls (Fixture * self, gconstpointer name)
{
  (void) name;
  run (&self->unit);
  transfer (&self->unit, S2MM, self->dst.phys, 100);
  transfer (&self->unit, MM2S, self->src.phys, 200);
  g_assert_true (unit_wait (&self->unit, MM2S + SR, AT_REST, 2000));
  g_assert_false (unit_wait (&self->unit, S2MM + SR, AT_REST, 30));
  assert_arrived (self, 0, 100, 0);
  put (&self->unit, S2MM + CR, RESET);
  loop (self, 0);
}

static void
assert_failed (const Unit * unit, uint32_t channel, uint32_t error)
{
  g_assert_true (unit_wait (unit, channel + SR, HALTED, 2000));
  g_assert_cmphex (get (unit, channel + SR) & ~(uint32_t) (AT_REST | IOC), ==, HALTED | ERROR | error);
  g_assert_cmphex (get (unit, channel + CR) & RUN, ==, 0);
  /* running again does not help, clearing the interrupt does not clear the error */
  put (unit, channel + CR, RUN);
  put (unit, channel + SR, ERROR);
  g_assert_cmphex (get (unit, channel + SR) & ~(uint32_t) (AT_REST | IOC), ==, HALTED | error);
}

static void
test_decode_error (Fixture * self, gconstpointer name)
{
  const struct xlnk_emulator_counters before = client_counters ();

  run (&self->unit);
  transfer (&self->unit, MM2S, 0x1000, 64);
  assert_failed (&self->unit, MM2S, DECODE);
  g_assert_cmpint (client_counters ().device_outside, ==, before.device_outside + 1);
  put (&self->unit, MM2S + CR, RESET);
  run (&self->unit);
  transfer (&self->unit, S2MM, self->dst.phys + 0x100000000, SIZE);
  transfer (&self->unit, MM2S, self->src.phys, 64);
  assert_failed (&self->unit, S2MM, DECODE);
  g_assert_cmpint (client_counters ().hazards, ==, before.hazards + 2);
  put (&self->unit, S2MM + CR, RESET);
  loop (self, 0);
  g_assert_cmpint (core_statistics (name).errors, ==, 2);
}

static void
test_internal_error (Fixture * self, gconstpointer name)
{
  (void) name;
  run (&self->unit);
  transfer (&self->unit, MM2S, self->src.phys, 0);
  assert_failed (&self->unit, MM2S, INTERNAL);
}

/* dre=no,data-width=64 */
static void
test_alignment (Fixture * self, gconstpointer name)
{
  (void) name;
  run (&self->unit);
  transfer (&self->unit, S2MM, self->dst.phys, SIZE);
  transfer (&self->unit, MM2S, self->src.phys + 8, 61);
  g_assert_true (unit_wait (&self->unit, S2MM + SR, AT_REST, 2000));
  assert_arrived (self, 8, 61, 0);
  transfer (&self->unit, MM2S, self->src.phys + 4, 64);
  assert_failed (&self->unit, MM2S, INTERNAL);
  put (&self->unit, MM2S + CR, RESET);
  run (&self->unit);
  transfer (&self->unit, S2MM, self->dst.phys + 1, 64);
  assert_failed (&self->unit, S2MM, INTERNAL);
}

/* 14 bits of LENGTH: what is above them is not there. */
static void
test_length_width (Fixture * self, gconstpointer name)
{
  (void) name;
  run (&self->unit);
  put (&self->unit, S2MM + LENGTH, 0);
  put (&self->unit, MM2S + CR, RESET);
  run (&self->unit);
  transfer (&self->unit, S2MM, self->dst.phys, SIZE);
  transfer (&self->unit, MM2S, self->src.phys, (1 << 14) + 100);
  g_assert_true (unit_wait (&self->unit, S2MM + SR, AT_REST, 2000));
  g_assert_cmpint (get (&self->unit, S2MM + LENGTH), ==, 100);
  assert_arrived (self, 0, 100, 0);
  transfer (&self->unit, MM2S, self->src.phys, 1 << 14);
  assert_failed (&self->unit, MM2S, INTERNAL);
}

/* length-width=26 */
static void
test_long_transfer (Fixture * self, gconstpointer name)
{
  const uint32_t size = 3000001;
  Buffer src = client_take (fd, size, true), dst = client_take (fd, size, true);

  (void) name;
  fill_random (&src, 8);
  flush (fd, &src);
  run (&self->unit);
  transfer (&self->unit, S2MM, dst.phys, size);
  transfer (&self->unit, MM2S, src.phys, size);
  g_assert_true (unit_wait (&self->unit, S2MM + SR, AT_REST, 10000));
  g_assert_cmpint (get (&self->unit, S2MM + LENGTH), ==, size);
  invalidate (fd, &dst);
  g_assert_cmpmem (dst.data, size, src.data, size);
  client_give (fd, &src);
  client_give (fd, &dst);
}

static void
test_interrupts (Fixture * self, gconstpointer name)
{
  (void) name;
  unit_unmask (&self->unit, 1);
  put (&self->unit, MM2S + CR, RUN);
  put (&self->unit, S2MM + CR, RUN | IOC_ENABLE | ERROR_ENABLE);
  for (unsigned i = 0; i < 5; i++) {
    transfer (&self->unit, S2MM, self->dst.phys, SIZE);
    transfer (&self->unit, MM2S, self->src.phys, 64);
    g_assert_cmpint (unit_poll (&self->unit, 2000), ==, 1);
    g_assert_cmpint (unit_count (&self->unit), >, 0);
    put (&self->unit, S2MM + SR, IOC);
    unit_unmask (&self->unit, 1);
  }
  g_assert_cmpint (unit_poll (&self->unit, 20), ==, 0);
  transfer (&self->unit, S2MM, self->dst.phys, 0);
  g_assert_cmpint (unit_poll (&self->unit, 2000), ==, 1);
  g_assert_cmphex (get (&self->unit, S2MM + SR) & 0xf000, ==, ERROR);
}

/* hang-at=2,error-at=4 */
static void
test_hang_and_error (Fixture * self, gconstpointer name)
{
  for (unsigned job = 1; job <= 5; job++) {
    run (&self->unit);
    transfer (&self->unit, S2MM, self->dst.phys, SIZE);
    transfer (&self->unit, MM2S, self->src.phys, SIZE);
    if (job == 4)
      assert_failed (&self->unit, MM2S, SLAVE);
    else
      g_assert_true (unit_wait (&self->unit, MM2S + SR, AT_REST, job == 2 ? 50 : 2000) == (job != 2));
    if (job != 4 && job != 2)
      g_assert_true (unit_wait (&self->unit, S2MM + SR, AT_REST, 2000));
    else
      put (&self->unit, MM2S + CR, RESET);
  }
  g_assert_cmpint (core_statistics (name).hangs, ==, 1);
  g_assert_cmpint (core_statistics (name).errors, ==, 1);
  assert_arrived (self, 0, SIZE, 0);
}

static void
test_sink (Fixture * self, gconstpointer name)
{
  (void) name;
  put (&self->unit, MM2S + CR, RUN);
  for (unsigned i = 0; i < 4; i++) {
    transfer (&self->unit, MM2S, self->src.phys, SIZE);
    g_assert_true (unit_wait (&self->unit, MM2S + SR, AT_REST, 2000));
    put (&self->unit, MM2S + SR, IOC);
  }
  g_assert_cmphex (get (&self->unit, S2MM + SR), ==, 0);
  g_assert_cmpint (core_statistics (name).jobs, ==, 4);
}

/* packet=1000 */
static void
test_source (Fixture * self, gconstpointer name)
{
  uint8_t data[SIZE];

  (void) name;
  put (&self->unit, S2MM + CR, RUN);
  transfer (&self->unit, S2MM, self->dst.phys, SIZE);
  g_assert_true (unit_wait (&self->unit, S2MM + SR, AT_REST, 2000));
  g_assert_cmpint (get (&self->unit, S2MM + LENGTH), ==, 1000);
  g_assert_cmpint (device_read (self->dst.phys, data, SIZE), ==, 0);
  for (uint32_t i = 0; i < SIZE; i++)
    g_assert_cmpint (data[i], ==, i < 1000 ? (uint8_t) i : 0);
}

/* Plain loads and stores, as PYNQ makes them: the same length again and again. */
static void
test_program_without_hooks (void)
{
  Fixture self = { 0 };
  volatile uint32_t *regs;

  set_up (&self, "loop");
  unit_close (&self.unit);
  self.unit = unit_open ("loop");
  regs = (volatile uint32_t *) (volatile void *) self.unit.regs;
  regs[(MM2S + CR) / 4] = RUN;
  regs[(S2MM + CR) / 4] = RUN;
  for (unsigned i = 0; i < 10; i++) {
    device_fill (self.dst.phys, 0, SIZE);
    regs[(S2MM + ADDRESS) / 4] = (uint32_t) self.dst.phys;
    regs[(S2MM + LENGTH) / 4] = SIZE;
    regs[(MM2S + ADDRESS) / 4] = (uint32_t) self.src.phys;
    regs[(MM2S + LENGTH) / 4] = 500;
    for (unsigned k = 0; !(regs[(S2MM + SR) / 4] & IOC); k++) {
      g_assert_cmpint (k, <, 5000);
      g_usleep (500);
    }
    assert_arrived (&self, 0, 500, 0);
    regs[(S2MM + SR) / 4] = IOC;
    regs[(MM2S + SR) / 4] = IOC;
    while (regs[(S2MM + SR) / 4] & IOC)
      g_usleep (500);
  }
  tear_down (&self, "loop");
}

#define ADD(path, core, test) g_test_add ("/core/dma/" path, Fixture, core, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fd = client_open ();
  ADD ("after-reset", "loop", test_after_reset);
  ADD ("loopback", "loop", test_loopback);
  ADD ("invert", "invert", test_invert);
  ADD ("missing-flush-shows", "loop", test_missing_flush_shows);
  ADD ("write-one-to-clear", "loop", test_write_one_to_clear);
  ADD ("nothing-moves-while-halted", "loop", test_nothing_moves_while_halted);
  ADD ("reset-hits-both-channels", "loop", test_reset_hits_both_channels);
  ADD ("stop", "loop", test_stop);
  ADD ("mm2s-ahead", "loop", test_mm2s_ahead);
  ADD ("short-s2mm-stalls", "loop", test_short_s2mm_stalls);
  ADD ("decode-error", "loop", test_decode_error);
  ADD ("internal-error", "loop", test_internal_error);
  ADD ("alignment", "aligned", test_alignment);
  ADD ("length-width", "loop", test_length_width);
  ADD ("long-transfer", "long", test_long_transfer);
  ADD ("interrupts", "loop", test_interrupts);
  ADD ("hang-and-error", "bad", test_hang_and_error);
  ADD ("sink", "sink", test_sink);
  ADD ("source", "source", test_source);
  g_test_add_func ("/core/dma/program-without-hooks", test_program_without_hooks);
  return g_test_run ();
}
