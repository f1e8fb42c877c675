/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client.h: a bare client of /dev/xlnk for the emulator's own tests.
 *
 * It states the ABI a third time, by byte offsets as in xlnk-abi §4, and shares nothing with either side.
 */
#ifndef TEST_CLIENT_H
#define TEST_CLIENT_H

#include "xlnkemulator.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNION_SIZE (sizeof (long) == 4 ? 88u : 96u)
#define REQUEST(nr) (0xc0005800u | (unsigned) sizeof (long) << 16 | (nr))

enum
{
  ALLOCBUF = 2, FREEBUF = 3, ADDDMABUF = 4, CLEARDMABUF = 5, DMAREQUEST = 7, DMASUBMIT = 8, DMAWAIT = 9,
  DMARELEASE = 10, DEVREGISTER = 16, DMAREGISTER = 17, DEVUNREGISTER = 18, MCDMAREGISTER = 23, CACHECTRL = 24,
  MEMOP = 25, CONFIG = 30, IRQREGISTER = 35, IRQUNREGISTER = 36, IRQWAIT = 37, SHUTDOWN = 100, RECRES = 101,
};

typedef struct
{
  int id;
  uint64_t phys;
  uint32_t size;
  uint8_t *data;
} Buffer;

/* The driver under test, from the environment that meson.build sets. */
typedef struct
{
  const char *name;
  bool pointers;                /* 3.13 */
  unsigned shift, last_id;
  bool arm64;
  unsigned line;
} Driver;

Driver client_driver (void);

int client_open (void);
/* 0, or the positive result, or -errno */
int client_request (int fd, unsigned nr, void *block);

int client_alloc (int fd, uint32_t size, bool cached, Buffer * buffer);
int client_free (int fd, int id);
int client_cache (int fd, uint64_t phys, uint32_t size, int action);
uint8_t *client_map (int fd, int id, size_t size);      /* NULL and errno */

/* The same, and the test ends if it fails; @take also maps. */
Buffer client_take (int fd, uint32_t size, bool cached);
void client_give (int fd, Buffer * buffer);
void client_reset (int fd);

void client_put (void *block, size_t offset, const void *value, size_t size);
void client_get (const void *block, size_t offset, void *value, size_t size);

/* The emulator's back door. */
extern int (*device_read) (uint64_t phys, void *data, size_t size);
extern int (*device_write) (uint64_t phys, const void *data, size_t size);
extern int (*evict) (uint64_t phys, size_t size, unsigned percent);
extern int (*hold_lock) (void);
struct xlnk_emulator_counters client_counters (void);
bool client_has_board (void);

/* What the device sees there. */
uint8_t device_byte (uint64_t phys);
void device_fill (uint64_t phys, uint8_t value, size_t size);

#endif /* TEST_CLIENT_H */
