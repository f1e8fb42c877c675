/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * engine.h: what runs behind the registers, in the runner: one thread per core, and the functions its model is made of.
 */
#ifndef CORES_ENGINE_H
#define CORES_ENGINE_H

#include "cores.h"

typedef struct _Engine Engine;
typedef struct _Stream Stream;

#define POINTERS 8u

/* Where a pointer register points to, and whose memory that was when the job started. */
typedef struct
{
  uint64_t address;
  unsigned id;                  /* 0: nobody's */
  uint32_t serial;
} Pointer;

/* A core's thread. */
struct _Engine
{
  Board *board;
  const char *heap;
  CoreTable *table;
  Core *core;
  int node;                     /* the FIFO behind /dev/uioN */
  int event_file;               /* sysfs: how many interrupts there were */
  uint32_t ended;
  uint32_t quit;                /* 1: after the job; 2: now */
  uint64_t stored_at;           /* when somebody last stored to the window */
  uint32_t seen;                /* of the core's wake word */
  unsigned bursts;
  Pointer held[POINTERS];       /* by the job under way */
  unsigned held_count;
  Stream *stream;               /* DMA: what is between the channels */
};

/* One run of the core. */
typedef struct
{
  Engine *engine;
  uint32_t generation;
  uint64_t started, duration;   /* ns */
  uint64_t size, done;          /* bytes of input, for the pace */
  uint64_t hang_at, fail_at;    /* bytes; UINT64_MAX: never */
  bool failed;                  /* the bus said no, from fail_at on */
  bool outside;                 /* some access was not to a live buffer */
  bool hung;
} Job;

/* engine.c. All of them are false when the job must stop: reset, or the end of the run. */
bool job_goes_on (const Job * job);
bool job_advance (Job * job, uint64_t bytes);   /* that much input is through: keep the pace, hang if told to */
bool engine_wait (Engine * engine, uint64_t until);     /* lets interrupts and stores through; UINT64_MAX: a change */
bool engine_has_work (const Engine * engine);   /* under the core's lock, or when the thread has ended */
void engine_count (Engine * engine, board_u64 * counter, uint64_t more);
void job_init (Job * job, Engine * engine, uint64_t bytes);      /* without a pace, and uncounted */
void job_begin (Job * job, Engine * engine, uint64_t bytes);

/* memory.c */
Pointer pointer_open (Engine * engine, uint64_t address);
bool memory_read (Job * job, const Pointer * pointer, uint64_t offset, void *data, uint64_t size);
bool memory_write (Job * job, const Pointer * pointer, uint64_t offset, const void *data, uint64_t size);

/* The models; false when stopped. */
bool model_copy (Job * job, const uint32_t * arguments);
bool model_invert (Job * job, const uint32_t * arguments);
bool model_sobel (Job * job, const uint32_t * arguments);
bool model_resize (Job * job, const uint32_t * arguments);
bool model_nv12_to_rgb (Job * job, const uint32_t * arguments);

typedef bool (*HlsModel) (Job * job, const uint32_t * arguments);

/* What an AXI DMA has between its channels. */
typedef void (*StreamModel) (uint8_t * data, uint64_t size);
bool stream_run (Engine * engine, StreamModel model);    /* false: there is nothing it can do now */
void stream_free (Engine * engine);
void stream_invert (uint8_t * data, uint64_t size);

/* models.c */
typedef struct
{
  const char *name;
  CoreKind kind;
  HlsModel run;
  uint64_t (*input_size) (const CoreConfig * config, const uint32_t * arguments);
  StreamModel stream;
  uint32_t channels;
} CoreModel;

const CoreModel *core_model (unsigned index);   /* NULL behind the last */

#endif /* CORES_ENGINE_H */
