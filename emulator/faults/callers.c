/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "callers.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <unwind.h>

typedef struct
{
  const struct link_map *self;
  Caller *callers;
  unsigned count;
} Walk;

/* Takes no lock where the C library can do without: whoever holds the loader's may wait for one of the program's. */
static const struct link_map *
find_object (void *address)
{
#if defined __GLIBC__ && __GLIBC_PREREQ (2, 35)
  struct dl_find_object found;

  return _dl_find_object (address, &found) == 0 ? found.dlfo_link_map : NULL;
#else
  struct link_map *map = NULL;
  Dl_info info;

  return dladdr1 (address, &info, (void **) &map, RTLD_DL_LINKMAP) ? map : NULL;
#endif
}

/* The program itself has no name there. */
static const char *
object_name (const struct link_map *map)
{
  const char *slash;

  if (!map->l_name || !*map->l_name)
    return program_invocation_short_name;
  slash = strrchr (map->l_name, '/');
  return slash ? slash + 1 : map->l_name;
}

static _Unwind_Reason_Code
add (struct _Unwind_Context *context, void *data)
{
  const uintptr_t address = _Unwind_GetIP (context);
  const struct link_map *map;
  Walk *walk = data;

  if (address == 0)
    return _URC_END_OF_STACK;
  map = find_object ((void *) address);
  if (!map || map == walk->self)
    return _URC_NO_REASON;
  walk->callers[walk->count++] = (Caller) { object_name (map), address - map->l_addr };
  return walk->count < CALLERS ? _URC_NO_REASON : _URC_END_OF_STACK;
}

unsigned
callers_find (Caller * callers)
{
  Walk walk = {.self = find_object ((void *) (uintptr_t) callers_find),.callers = callers };
  const int saved = errno;

  _Unwind_Backtrace (add, &walk);
  errno = saved;
  return walk.count;
}
