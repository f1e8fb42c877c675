/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * without-tsan.c: what ThreadSanitizer's compiler calls, for programs that do not have its runtime (a shell, Python).
 *
 * Only in a build for ThreadSanitizer. A program with the runtime exports these names, and comes before preloaded
 * libraries where symbols are looked up, so there nothing of this is ever called.
 */
#include <stdint.h>

#define ANY __attribute__ ((visibility ("default")))

#define IGNORED(name) \
  ANY void name (void *where); \
  ANY void name (void *where) { (void) where; }

#define ACCESSES(size) \
  IGNORED (__tsan_read##size) \
  IGNORED (__tsan_write##size) \
  IGNORED (__tsan_unaligned_read##size) \
  IGNORED (__tsan_unaligned_write##size)

ACCESSES (1)
ACCESSES (2)
ACCESSES (4)
ACCESSES (8)
ACCESSES (16)
IGNORED (__tsan_func_entry)

ANY void __tsan_init (void);
ANY void __tsan_func_exit (void);
ANY void __tsan_atomic_thread_fence (int order);

ANY void
__tsan_init (void)
{
}

ANY void
__tsan_func_exit (void)
{
}

ANY void
__tsan_atomic_thread_fence (int order)
{
  (void) order;
  __atomic_thread_fence (__ATOMIC_SEQ_CST);
}

/* These have to do what they say; in the strongest order, which serves for every other. */
#define MODIFIES(bits, name, builtin) \
  ANY uint##bits##_t __tsan_atomic##bits##_##name (volatile uint##bits##_t *at, uint##bits##_t value, int order); \
  ANY uint##bits##_t \
  __tsan_atomic##bits##_##name (volatile uint##bits##_t *at, uint##bits##_t value, int order) \
  { \
    (void) order; \
    return builtin (at, value, __ATOMIC_SEQ_CST); \
  }

#define ATOMICS(bits) \
  ANY uint##bits##_t __tsan_atomic##bits##_load (const volatile uint##bits##_t *at, int order); \
  ANY void __tsan_atomic##bits##_store (volatile uint##bits##_t *at, uint##bits##_t value, int order); \
  ANY uint##bits##_t __tsan_atomic##bits##_compare_exchange_val (volatile uint##bits##_t *at, \
      uint##bits##_t expected, uint##bits##_t value, int order, int failure); \
  MODIFIES (bits, exchange, __atomic_exchange_n) \
  MODIFIES (bits, fetch_add, __atomic_fetch_add) \
  MODIFIES (bits, fetch_sub, __atomic_fetch_sub) \
  MODIFIES (bits, fetch_and, __atomic_fetch_and) \
  MODIFIES (bits, fetch_or, __atomic_fetch_or) \
  ANY uint##bits##_t \
  __tsan_atomic##bits##_load (const volatile uint##bits##_t *at, int order) \
  { \
    (void) order; \
    return __atomic_load_n (at, __ATOMIC_SEQ_CST); \
  } \
  ANY void \
  __tsan_atomic##bits##_store (volatile uint##bits##_t *at, uint##bits##_t value, int order) \
  { \
    (void) order; \
    __atomic_store_n (at, value, __ATOMIC_SEQ_CST); \
  } \
  ANY uint##bits##_t \
  __tsan_atomic##bits##_compare_exchange_val (volatile uint##bits##_t *at, uint##bits##_t expected, \
      uint##bits##_t value, int order, int failure) \
  { \
    (void) order; \
    (void) failure; \
    __atomic_compare_exchange_n (at, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    return expected; \
  }

ATOMICS (8)
ATOMICS (16)
ATOMICS (32)
ATOMICS (64)
