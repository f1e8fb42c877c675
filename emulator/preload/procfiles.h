/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * procfiles.h: text files that a kernel would compute.
 */
#ifndef PRELOAD_PROCFILES_H
#define PRELOAD_PROCFILES_H

#include "context.h"
#include "paths.h"

int procfiles_open (Context * context, const Node * node, int flags);   /* a descriptor, or -1 and errno */

#endif /* PRELOAD_PROCFILES_H */
