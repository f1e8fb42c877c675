/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "view.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "points.h"

typedef struct
{
  View *view;
  const char *policy;           /* NULL: none */
  bool list, reclaim;
  XlnkReclaimFlags flags;
  uint64_t base;
  const char *core;             /* NULL: none */
  unsigned frees;               /* the n-th FREEBUF is the end of it; 0: none is */
  bool returning;               /* after it, else before */
} Question;

static unsigned frees_left;
static bool dies_returning;

static void
die_of_free (const PointCall * call)
{
  if (call->point == POINT_FREEBUF && call->returning == dies_returning && --frees_left == 0)
    kill (getpid (), SIGKILL);
}

View *
view_new (void)
{
  View *view = mmap (NULL, sizeof *view, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

  g_assert_true (view != MAP_FAILED);
  return view;
}

static void
add_holder (const XlnkHolder * holder, const XlnkEntry * entries, size_t n, void *data)
{
  View *view = data;

  for (size_t i = 0; i < n && view->count < VIEW_ENTRIES; i++) {
    const XlnkEntry *from = &entries[i];
    ViewEntry *to = &view->entries[view->count++];

    to->pid = holder->pid;
    to->alive = holder->alive;
    to->state = from->state;
    to->exposed = from->exposed;
    to->armed = from->armed;
    to->id = from->id;
    to->phys = from->phys;
    to->length = from->length;
  }
}

static bool
answer (const Question * question)
{
  View *view = question->view;
  g_autoptr (GError) error = NULL;
  XlnkDevice *device;
  bool good;

  frees_left = question->frees;
  dies_returning = question->returning;
  points_hook = question->frees > 0 ? die_of_free : NULL;
  if (question->policy)
    g_setenv ("GST_XLNK_RECLAIM", question->policy, TRUE);
  device = xlnk_device_open (NULL, &error);
  good = device != NULL;
  if (good && question->list)
    good = xlnk_ledger_list (device, add_holder, view, NULL, &error);
  if (good && question->reclaim)
    good = xlnk_reclaim (device, question->flags, &view->result, &error);
  if (good && question->core)
    good = xlnk_reclaim_core (device, question->base, question->core, &view->result, &error);
  if (!good)
    g_snprintf (view->error, sizeof view->error, "%s", error ? error->message : "no reason given");
  if (device)
    xlnk_device_unref (device);
  return good;
}

static bool
ask (const Question * question)
{
  View *view = question->view;
  int status;
  pid_t pid;

  view->count = 0;
  g_snprintf (view->error, sizeof view->error, "it came to no end");
  fflush (stdout);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0) {
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    alarm (120);
    _exit (answer (question) ? 0 : 1);
  }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  return WIFEXITED (status) && WEXITSTATUS (status) == 0;
}

bool
view_list (View * view)
{
  Question question = { .view = view, .list = true };

  return ask (&question);
}

bool
view_reclaim (View * view, XlnkReclaimFlags flags)
{
  Question question = { .view = view, .reclaim = true, .flags = flags };

  return ask (&question);
}

bool
view_reclaim_dying (View * view, XlnkReclaimFlags flags, unsigned frees, bool returning)
{
  Question question = { .view = view, .reclaim = true, .flags = flags, .frees = frees, .returning = returning };

  return ask (&question);
}

bool
view_reclaim_core (View * view, uint64_t base, const char *name)
{
  Question question = { .view = view, .base = base, .core = name };

  return ask (&question);
}

bool
view_open (View * view, const char *policy)
{
  Question question = { .view = view, .policy = policy };

  return ask (&question);
}
