/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * user.h: somebody who keeps the contract of xlnkcoherence.h, knows what every byte must be, and keeps per line, in
 * plain flags and without any interval, what there is to maintain.
 */
#ifndef USER_H
#define USER_H

#include "sequence.h"

typedef struct
{
  size_t size;
  bool cached;
  bool exposed;
  bool handed_out;              /* exposed, and the address was really given: an exposure may fail */
  uint8_t truth[BLOCK_BYTES];   /* what was written last, by whomever */

  /* What the driver of the caches can know, and so the least it can do. */
  bool want_clean[LINES];       /* a CPU WRITE map was closed here and no clean has covered it since */
  bool want_invalidate[LINES];  /* likewise, the device's and invalidate */

  /* What a user of an exposed block must know. */
  bool unflushed[LINES];        /* stored to, and nothing that promises a clean has happened since */
  bool doubtful[LINES];         /* the device wrote, and nothing that promises an invalidate has happened since */
} Block;

typedef struct
{
  bool open;
  unsigned thread;
  unsigned block;
  XlnkAccess access;
  XlnkRange range;
} Map;

typedef struct
{
  bool live;
  unsigned block;
  XlnkRange range;
} Memory;

#define COPY_MAPS 2             /* besides the MAPS of the operations, those of a copy */

typedef struct
{
  Board *board;
  Block blocks[BLOCKS];
  Memory memories[MEMORIES];
  Map maps[MAPS + COPY_MAPS];
  unsigned thread;              /* of the operation at hand */
  bool quiet;                   /* nothing happens of itself */
  uint64_t random;
  Tally tally;
  char failure[256];            /* the first */
} User;

/* One event on one block: which lines are due for what. */
typedef struct
{
  bool due[LINES];
  XlnkMaintenance maintenance;
} Due;

void user_fail (User * user, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* TRUE if @range touches line @index. */
bool touches (const User * user, XlnkRange range, size_t index);
bool cpu_write_is_open (const User * user, unsigned block, size_t index);

/* minimum.c */
Due minimum_due_for_map (const User * user, unsigned block, XlnkAccess access, XlnkRange range);
Due minimum_due_for_unmap (const User * user, const Map * map);
Due minimum_due_for_exposure (const User * user, unsigned block);
Due minimum_due_for_request (const User * user, unsigned block, XlnkRange range, XlnkMaintenance maintenance);
bool minimum_is_refused (const User * user, unsigned block, const Due * due);
void minimum_settle (User * user, unsigned block, const Due * due, bool done, bool check, const char *what);

/* events.c */
bool user_map (User * user, Map * map, unsigned block, XlnkAccess access, XlnkRange range, bool fail);
void user_unmap (User * user, Map * map, bool fail);
void user_unmap_surplus (User * user, unsigned block, XlnkAccess access, XlnkRange range);
void user_expose (User * user, unsigned block, bool fail);
void user_request (User * user, unsigned block, XlnkRange range, XlnkMaintenance maintenance, bool fail);

/* access.c */
void user_load (User * user, unsigned block, XlnkRange range);
void user_store (User * user, unsigned block, XlnkRange range);
void user_device_read (User * user, unsigned block, XlnkRange range);
void user_device_write (User * user, unsigned block, XlnkRange range);
void user_copy (User * user, unsigned to, size_t offset, unsigned from, XlnkRange range);
void user_interlude (void *user, unsigned block);

#endif /* USER_H */
