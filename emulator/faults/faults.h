/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faults.h: the question that every interposed call asks first.
 */
#ifndef FAULTS_FAULTS_H
#define FAULTS_FAULTS_H

#include "plan.h"

#include <sys/types.h>

#define EXPORT __attribute__ ((visibility ("default")))

/* What is to become of the call: 0 is what always becomes of it, else the result of a PlanPoint. Keeps errno. */
int faults_due (PlanCall call);

/* Of a call that was made although a fault was due: a process that is to die in it dies now. */
void faults_obey (int fault);

/* The name's next definition, of the board or the C library. Looked up on first use: at start-up, sanitizers are not ready
 * for it. */
void *faults_next (void **cache, const char *name);

#define NEXT(name) \
  ({ \
    static void *cache; \
    (typeof (&name)) faults_next (&cache, #name); \
  })

/* The body of an interposed call that gives -1 and errno: nothing is done if it fails. */
#define CALL_OR_FAIL(call, type, made) \
  do { \
    const int fault = faults_due (call); \
    type result; \
    if (fault < 0) { \
      errno = -fault; \
      return (type) -1; \
    } \
    result = (made); \
    faults_obey (fault); \
    return result; \
  } while (0)

#endif /* FAULTS_FAULTS_H */
