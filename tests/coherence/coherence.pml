/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * coherence.pml: the table of xlnkcoherence.h for two CPU threads, one device that says when it runs, one that does
 * not, and caches that evict and fetch whenever they like. Every interleaving is tried, also those inside maintenance.
 *
 * A line of cache or memory is fresh if it holds what was written last. A load of a line that is not fresh is a stale
 * read; a dirty line that is written over fresh memory, or dropped, is a lost write, and so is a store into a stale
 * line, whose other bytes will be written back. Both are assertions.
 *
 * LINES        2 or 3: the ranges are both lines and the first; or the first two and the last two
 * PRIMITIVES   1 by address, 2 ARM's driver (two levels), 3 arm64's driver
 * WITHOUT_...  removes a rule, WITH_ACTION_1 invalidates with ARM's action 1; then an assertion must fail
 */
#ifndef LINES
#define LINES 2
#endif
#ifndef PRIMITIVES
#define PRIMITIVES 1
#endif

#if LINES == 2
#define RANGE_A 3
#define RANGE_B 1
#else
#define RANGE_A 3
#define RANGE_B 6
#endif

#define ALL ((1 << LINES) - 1)
#define HAS(set, line) (((set) >> (line)) & 1)
#define DEVICE 2

/* From the first line to the last of the set, as the driver does it. */
#if PRIMITIVES == 1
#define COVER(set) (set)
#else
#define COVER(set) ((set) >= 4 -> 7 : ((set) >= 2 -> 3 : (set)))
#endif

bit mutex;
byte cpu_dirty, device_dirty;   /* one bit for each line */
bit exposed;
bit handing_out, stored;        /* stored: while an address was being handed out */
bit running;                    /* the device that does not say; its user maps nothing meanwhile */
byte open[3];                   /* the lines of the map of CPU 0, CPU 1, the device */
bit writes[3];

bit valid[LINES], dirty[LINES], fresh[LINES];
#if PRIMITIVES == 2
bit valid2[LINES], dirty2[LINES], fresh2[LINES];
#endif
bit memory_fresh[LINES] = 1;

/*** caches ***/


#if PRIMITIVES == 2
inline fetch (i)
{
  if
  :: !valid[i] ->
    if
    :: !valid2[i] -> valid2[i] = 1; dirty2[i] = 0; fresh2[i] = memory_fresh[i]
    :: else
    fi;
    valid[i] = 1; dirty[i] = 0; fresh[i] = fresh2[i]
  :: else
  fi
}

inline clean_line (i)
{
  if
  :: dirty[i] -> valid2[i] = 1; dirty2[i] = 1; fresh2[i] = fresh[i]; dirty[i] = 0
  :: else
  fi
}

inline evict2 (i)
{
  if
  :: dirty2[i] ->
    assert (fresh2[i] || dirty[i]);     /* else a lost write; what is dirty in the first level comes after it */
    memory_fresh[i] = fresh2[i]
  :: else
  fi;
  valid2[i] = 0; dirty2[i] = 0; fresh2[i] = 0
}

inline drop2 (i)
{
  assert (!dirty2[i]);          /* else a lost write */
  valid2[i] = 0; fresh2[i] = 0
}
#else
inline fetch (i)
{
  if
  :: !valid[i] -> valid[i] = 1; dirty[i] = 0; fresh[i] = memory_fresh[i]
  :: else
  fi
}

inline clean_line (i)
{
  if
  :: dirty[i] ->
    assert (fresh[i]);          /* else a stale line is written back: a lost write */
    memory_fresh[i] = 1;
    dirty[i] = 0
  :: else
  fi
}
#endif

inline drop (i)
{
  assert (!dirty[i]);           /* else a lost write */
  valid[i] = 0; fresh[i] = 0
}

inline evict (i)
{
  clean_line (i);
  valid[i] = 0; fresh[i] = 0
}

inline load (i)
{
  fetch (i);
  assert (fresh[i])             /* else a stale read */
}

inline store (i)
{
  load (i);
  dirty[i] = 1;
  stored = handing_out;
  memory_fresh[i] = 0
#if PRIMITIVES == 2
  ; fresh2[i] = 0
#endif
}

inline device_read (i)
{
  assert (memory_fresh[i])      /* else a stale read */
}

inline device_write (i)
{
  assert (memory_fresh[i]);     /* else the bytes of the line beside those written are lost */
  fresh[i] = 0
#if PRIMITIVES == 2
  ; fresh2[i] = 0
#endif
}

active proctype caches ()
{
  byte i;

  do
  :: atomic { select (i : 0 .. LINES - 1);
    if
    :: valid[i] -> evict (i)
    :: !valid[i] -> fetch (i)
#if PRIMITIVES == 2
    :: valid2[i] -> evict2 (i)
#endif
    fi;
    i = 0 }
  od
}

/*** maintenance: line by line, so that everybody else can act in between ***/

#define EACH(set, action) \
  i = 0; \
  do \
  :: atomic { i < LINES -> \
    if \
    :: HAS (set, i) -> action (i) \
    :: else \
    fi; \
    i++ } \
  :: atomic { i == LINES -> i = 0; break } \
  od

#if PRIMITIVES == 1
#define CLEAN(set) EACH (set, clean_line)
#define INVALIDATE(set) EACH (set, evict)
#elif PRIMITIVES == 2
#define CLEAN(set) EACH (set, evict); EACH (set, evict2)
#ifdef WITHOUT_SECOND_PASS
#define INVALIDATE(set) CLEAN (set)
#elif defined (WITH_ACTION_1)
#define INVALIDATE(set) CLEAN (set); CLEAN (set); EACH (set, drop2)
#else
#define INVALIDATE(set) CLEAN (set); CLEAN (set)
#endif
#else
#define CLEAN(set) EACH (set, clean_line)
#ifdef WITHOUT_CLEAN_BEFORE_ACTION_1
#define INVALIDATE(set) EACH (set, drop)
#else
#define INVALIDATE(set) EACH (set, clean_line); EACH (set, drop)
#endif
#endif

#define CPU_WRITTEN ((writes[0] -> open[0] : 0) | (writes[1] -> open[1] : 0))

/* Action 1 would drop what is being stored. */
#if PRIMITIVES == 3 && !defined (WITHOUT_REFUSAL)
#define REFUSED(set) ((COVER (set) & CPU_WRITTEN) != 0)
#else
#define REFUSED(set) false
#endif

/*** the rules ***/

#ifdef WITHOUT_EXCLUSION
#define CPU_CONFLICT false
#define DEVICE_CONFLICT false
#elif defined (WITHOUT_READER_EXCLUSION)
#define CPU_CONFLICT ((open[DEVICE] & range) && write)
#define DEVICE_CONFLICT (CPU_WRITTEN & range)
#elif defined (WITHOUT_WRITER_EXCLUSION)
#define CPU_CONFLICT ((open[DEVICE] & range) && writes[DEVICE])
#define DEVICE_CONFLICT (((open[0] | open[1]) & range) && write)
#else
#define CPU_CONFLICT ((open[DEVICE] & range) && (writes[DEVICE] || write))
#define DEVICE_CONFLICT (((write -> open[0] | open[1] : CPU_WRITTEN) & range) != 0)
#endif

#ifdef WITHOUT_INVALIDATE
#define CPU_MAP_DUE 0
#elif defined (WITHOUT_EXPOSED_INVALIDATE)
#define CPU_MAP_DUE (device_dirty & range)
#elif defined (WITHOUT_INVALIDATE_TO_WRITE)
#define CPU_MAP_DUE (write -> 0 : (exposed -> range & ~CPU_WRITTEN : device_dirty & range))
#else
#define CPU_MAP_DUE (exposed -> range & ~CPU_WRITTEN : device_dirty & range)
#endif

#ifdef WITHOUT_CPU_DIRTY
#define ENTER_CPU 0
#else
#define ENTER_CPU (write -> range : 0)
#endif

#ifdef WITHOUT_EXPOSED_CLEAN
#define CPU_UNMAP_DUE 0
#else
#define CPU_UNMAP_DUE (exposed && write -> range : 0)
#endif

#ifdef WITHOUT_CLEAN
#define DEVICE_MAP_DUE 0
#elif defined (WITHOUT_CLEAN_TO_WRITE)
#define DEVICE_MAP_DUE (write -> 0 : cpu_dirty & range)
#elif defined (WITHOUT_CLEAN_TO_READ)
#define DEVICE_MAP_DUE (write -> cpu_dirty & range : 0)
#else
#define DEVICE_MAP_DUE (cpu_dirty & range)
#endif

#ifdef WITHOUT_DEVICE_DIRTY
#define ENTER_DEVICE 0
#else
#define ENTER_DEVICE (write -> range : 0)
#endif

#ifdef WITHOUT_HAND_OUT_OF_OPEN
#define HAND_OUT_DUE cpu_dirty
#elif defined (WITHOUT_HAND_OUT_OF_DIRTY)
#define HAND_OUT_DUE CPU_WRITTEN
#else
#define HAND_OUT_DUE (cpu_dirty | CPU_WRITTEN)
#endif

#ifdef WITHOUT_DIFFERENCE               /* a clean counts as an invalidate */
#define CLEANED(set) cpu_dirty = cpu_dirty & ~(set); device_dirty = device_dirty & ~(set)
#else
#define CLEANED(set) cpu_dirty = cpu_dirty & ~(set)
#endif
#define INVALIDATED(set) cpu_dirty = cpu_dirty & ~(set); device_dirty = device_dirty & ~(set)

/*** who acts ***/

#ifdef WITHOUT_MUTEX
#define LOCK_FREE true
#else
#define LOCK_FREE (mutex == 0)
#endif

inline choose ()
{
  if
  :: range = RANGE_A
  :: range = RANGE_B
  fi;
  if
  :: write = 0
  :: write = 1
  fi
}

#define ACCESS(guard, action) \
  atomic { guard -> \
    if \
    :: HAS (range, 0) -> action (0) \
    :: HAS (range, 1) -> action (1) \
    :: HAS (range, LINES - 1) -> action (LINES - 1) \
    fi }

proctype cpu (bit me)
{
  byte range, due, i;
  bit write;

  do
  :: atomic { LOCK_FREE && !running ->
    mutex = 1;
    choose ();
    if
    :: CPU_CONFLICT -> due = 0; range = 0
    :: else -> due = CPU_MAP_DUE;
      if
      :: REFUSED (due) -> due = 0; range = 0
      :: else -> due = COVER (due)
      fi
    fi }
    if
    :: due -> INVALIDATE (due)
    :: else
    fi;
    atomic {
      if
      :: range -> INVALIDATED (due); open[me] = range; writes[me] = write
      :: due -> range = 0       /* the maintenance failed: done in part, and nothing counted */
      :: else
      fi;
      due = 0; mutex = 0 }
    if
    :: range ->
      do
      :: ACCESS (true, load)
      :: ACCESS (write, store)
      :: break
      od;
      atomic { LOCK_FREE -> mutex = 1; due = COVER (CPU_UNMAP_DUE) }
      if
      :: due -> CLEAN (due)
      :: else
      fi;
      atomic { cpu_dirty = cpu_dirty | ENTER_CPU; CLEANED (due); open[me] = 0; writes[me] = 0; due = 0; range = 0;
        write = 0; mutex = 0 }
    :: else -> write = 0
    fi
  od
}

active proctype device ()
{
  byte range, due, i;
  bit write;

  do
  :: atomic { LOCK_FREE ->
    mutex = 1;
    choose ();
    if
    :: DEVICE_CONFLICT -> due = 0; range = 0
    :: else -> due = COVER (DEVICE_MAP_DUE)
    fi }
    if
    :: due -> CLEAN (due)
    :: else
    fi;
    atomic {
      if
      :: range -> CLEANED (due); open[DEVICE] = range; writes[DEVICE] = write
      :: due -> range = 0
      :: else
      fi;
      due = 0; mutex = 0 }
    if
    :: range ->
      do
      :: ACCESS (!write, device_read)
      :: ACCESS (write, device_write)
      :: break
      od;
      atomic { LOCK_FREE -> device_dirty = device_dirty | ENTER_DEVICE; open[DEVICE] = 0; writes[DEVICE] = 0;
        range = 0; write = 0 }
    :: else -> write = 0
    fi
  od
}

/* Unmap, run, map: the device that does not say runs between maps. */
active proctype untold ()
{
  byte range = ALL, due, i;

#ifndef NO_HAND_OUT
  atomic { LOCK_FREE -> mutex = 1; handing_out = 1; due = COVER (HAND_OUT_DUE) }
  if
  :: due -> CLEAN (due)
  :: else
  fi;
  /* Whoever holds a WRITE map but has not stored since may start the device with what he stored before. */
  atomic {
    CLEANED (due); due = 0; exposed = 1;
    if
    :: !stored -> device_read (0); device_read (1); device_read (LINES - 1)
    :: else
    fi;
    handing_out = 0; stored = 0; mutex = 0 }
end:
  do
  :: atomic { !open[0] && !open[1] && mutex == 0 -> running = 1 }
    if
    :: ACCESS (true, device_read)
    :: ACCESS (true, device_write)
    fi;
    running = 0
  od
#endif
}

init
{
  atomic {
    run cpu (0);
    run cpu (1)
  }
}
