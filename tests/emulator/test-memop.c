/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-memop.c: MEMOP and dma-buf registration (xlnk-abi §7, §8).
 */
#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORD sizeof (long)
#define ACQUIRE 0x1000
#define RELEASE 0x2000

enum
{
  BOTH, TO_DEVICE, FROM_DEVICE,
};

static Driver driver;
static int fd;

typedef struct
{
  const void *address;
  int size, direction, flags;
  uint64_t phys, token;
} Memop;

static int
memop (Memop * op)
{
  uint8_t block[96] = { 0 };
  unsigned long phys = 0, token = (unsigned long) op->token;
  int result;

  client_put (block, 0, &op->address, WORD);
  client_put (block, WORD, &op->size, 4);
  client_put (block, WORD + 4, &op->direction, 4);
  client_put (block, WORD + 8, &op->flags, 4);
  client_put (block, 2 * WORD + 12, &token, WORD);
  result = client_request (fd, MEMOP, block);
  client_get (block, WORD + 12, &phys, WORD);
  client_get (block, 2 * WORD + 12, &token, WORD);
  op->phys = phys;
  op->token = token;
  return result;
}

static void
test_acquire_honours_the_offset (void)
{
  Buffer buffer = client_take (fd, 65536, true);
  Memop op = { buffer.data + 8192, 4096, TO_DEVICE, ACQUIRE, 0, 0 };

  memset (buffer.data, 1, 65536);
  g_assert_cmpint (memop (&op), ==, 0);
  g_assert_cmpint (op.phys, ==, buffer.phys + 8192);
  g_assert_cmpint (op.token, ==, op.phys);
  g_assert_cmpint (device_byte (buffer.phys + 8192), ==, 1);
  g_assert_cmpint (device_byte (buffer.phys), ==, 0);
  g_assert_cmpint (device_byte (buffer.phys + 12288), ==, 0);
  op.flags = RELEASE;
  g_assert_cmpint (memop (&op), ==, 0);
  client_give (fd, &buffer);
}

static void
test_release_fetches (void)
{
  Buffer buffer = client_take (fd, 65536, true);
  Memop op = { buffer.data, 65536, FROM_DEVICE, ACQUIRE, 0, 0 };

  g_assert_cmpint (memop (&op), ==, 0);
  device_fill (buffer.phys, 9, 65536);
  g_assert_cmpint (buffer.data[0], ==, 0);
  op.flags = RELEASE;
  g_assert_cmpint (memop (&op), ==, 0);
  g_assert_cmpint (buffer.data[0], ==, 9);
  client_give (fd, &buffer);
}

static void
test_flags (void)
{
  Buffer buffer = client_take (fd, 4096, true);
  Memop op = { buffer.data, 4096, BOTH, 0, 0, 0 };

  g_assert_cmpint (memop (&op), ==, -EINVAL);
  op.flags = ACQUIRE | RELEASE;
  g_assert_cmpint (memop (&op), ==, -EINVAL);
  op.flags = ACQUIRE | 1;       /* coherent: no maintenance */
  buffer.data[0] = 1;
  g_assert_cmpint (memop (&op), ==, 0);
  g_assert_cmpint (device_byte (buffer.phys), ==, 0);
  op = (Memop) { &op, 16, BOTH, ACQUIRE, 0, 0 };
  g_assert_cmpint (memop (&op), ==, -EINVAL);
  /* here, and here only, a bad pointer gives the count of what was not copied */
  g_assert_cmpint (client_request (fd, MEMOP, (void *) 8), ==, UNION_SIZE);
  client_give (fd, &buffer);
}

static gpointer
map_again (gpointer data)
{
  Buffer *buffer = data;

  return client_map (fd, buffer->id, buffer->size);
}

/* Only the thread of the latest mmap is remembered, and only its address. */
static void
test_thread_rule (void)
{
  Buffer buffer = client_take (fd, 4096, true);
  Memop op = { buffer.data, 4096, TO_DEVICE, ACQUIRE, 0, 0 };
  uint8_t *other;

  g_assert_cmpint (memop (&op), ==, 0);
  other = g_thread_join (g_thread_new ("mapper", map_again, &buffer));
  g_assert_cmpint (memop (&op), ==, -EINVAL);
  op.address = other;
  g_assert_cmpint (memop (&op), ==, -EINVAL);
  munmap (other, 4096);
  other = client_map (fd, buffer.id, 4096);
  op.address = other;
  g_assert_cmpint (memop (&op), ==, 0);
  op.address = buffer.data;
  g_assert_cmpint (memop (&op), ==, -EINVAL);
  munmap (other, 4096);
  client_give (fd, &buffer);
}

static int
dmabuf_request (unsigned nr, int descriptor, unsigned long key)
{
  uint8_t block[96] = { 0 };

  client_put (block, 0, &descriptor, 4);
  client_put (block, 4, &key, WORD);
  return client_request (fd, nr, block);
}

static void
test_dmabuf (void)
{
  const int frame = memfd_create ("dmabuf", 0), pieces = memfd_create ("dmabuf-scattered", 0);
  Memop op = { (void *) 0x1234, 4096, BOTH, ACQUIRE, 0, 7 };

  g_assert_cmpint (dmabuf_request (CLEARDMABUF, 0, 0x1234), ==, 1);
  g_assert_cmpint (dmabuf_request (ADDDMABUF, frame, 0x1234), ==, 0);
  g_assert_cmpint (dmabuf_request (ADDDMABUF, pieces, 0x5678), ==, 0);
  if (!g_str_equal (driver.name, "2016.4")) {
    g_assert_cmpint (memop (&op), ==, 0);
    if (g_str_equal (driver.name, "4.9a")) {
      /* S3 does not say where */
      g_assert_cmpint (op.phys, ==, 0);
      g_assert_cmpint (op.token, ==, 7);
    } else {
      g_assert_cmpint (op.phys, !=, 0);
      g_assert_cmpint (op.token, ==, 0);
    }
    op.address = (void *) 0x5678;
    g_assert_cmpint (memop (&op), ==, -EINVAL);
  }
  g_assert_cmpint (dmabuf_request (CLEARDMABUF, 0, 0x1234), ==, 0);
  g_assert_cmpint (dmabuf_request (CLEARDMABUF, 0, 0x1234), ==, 1);
  g_assert_cmpint (dmabuf_request (CLEARDMABUF, 0, 0x5678), ==, 0);
  close (frame);
  close (pieces);
}

/* The duplicate check of the later drivers is right on 32-bit and looks beside the key on 64-bit. */
static void
test_duplicate_key (void)
{
  const bool checks = sizeof (long) == 4 && (g_str_equal (driver.name, "2018.3") || g_str_equal (driver.name, "5.10"));
  const int frame = memfd_create ("dmabuf", 0);

  g_assert_cmpint (dmabuf_request (ADDDMABUF, frame, 0x1234), ==, 0);
  g_assert_cmpint (dmabuf_request (ADDDMABUF, frame, 0x1234), ==, checks ? -EINVAL : 0);
  g_assert_cmpint (dmabuf_request (CLEARDMABUF, 0, 0x1234), ==, 0);
  g_assert_cmpint (dmabuf_request (CLEARDMABUF, 0, 0x1234), ==, checks ? 1 : 0);
  close (frame);
}

/* S2 says so; S3 and S4 crash when the buffer is used, the later ones at once. */
static void
test_bad_descriptor (void)
{
  Memop op = { (void *) 0x99, 4096, BOTH, ACQUIRE, 0, 0 };

  if (g_str_equal (driver.name, "2016.4")) {
    g_assert_cmpint (dmabuf_request (ADDDMABUF, 0, 0x99), ==, -EINVAL);
    return;
  }
  if (g_test_subprocess ()) {
    dmabuf_request (ADDDMABUF, 0, 0x99);
    g_printerr ("added\n");
    memop (&op);
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*Oops*");
  if (g_str_has_prefix (driver.name, "4.9"))
    g_test_trap_assert_stderr ("*added*");
  else
    g_test_trap_assert_stderr_unmatched ("*added*");
  dmabuf_request (CLEARDMABUF, 0, 0x99);
}

#define ADD(name, test) g_test_add_func ("/memop/" name, test)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  driver = client_driver ();
  fd = client_open ();
  g_assert_cmpint (fd, >=, 0);
  ADD ("dmabuf", test_dmabuf);
  ADD ("duplicate-key", test_duplicate_key);
  ADD ("bad-descriptor", test_bad_descriptor);
  if (g_str_equal (driver.name, "2016.4"))
    return g_test_run ();
  ADD ("acquire-honours-the-offset", test_acquire_honours_the_offset);
  ADD ("release-fetches", test_release_fetches);
  ADD ("flags", test_flags);
  ADD ("thread-rule", test_thread_rule);
  return g_test_run ();
}
