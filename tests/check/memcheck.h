/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memcheck.h: what a test tells memcheck, if it runs under it.
 */
#ifndef XLNK_CHECK_MEMCHECK_H
#define XLNK_CHECK_MEMCHECK_H

#ifdef __has_include
#if __has_include (<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

/* For a forked child of a process with threads: it has no other than this one, so that all which only a stack of the
 * others knows would be a leak. */
static inline void
memcheck_ignore_leaks (void)
{
#ifdef VALGRIND_CLO_CHANGE
  VALGRIND_CLO_CHANGE ("--leak-check=no");
#endif
}

#endif /* XLNK_CHECK_MEMCHECK_H */
