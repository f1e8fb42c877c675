/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * worker.h: a process that uses the device ring as programs do, at random, and watches over its blocks all the time. It
 * never ends by itself.
 */
#ifndef FAULT_WORKER_H
#define FAULT_WORKER_H

#include "notes.h"

_Noreturn void worker_run (Notes * notes, NotesLife * life);

#endif /* FAULT_WORKER_H */
