/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * judge.h: holds the driver's list against the notes of the living and the dead. To be asked while the living are parked:
 * then each buffer must be accounted for, without exception.
 */
#ifndef FAULT_JUDGE_H
#define FAULT_JUDGE_H

#include "notes.h"
#include "truth.h"
#include "view.h"

/* What a dead process left on the board after the next one has opened the device, and why that is right. */
typedef struct
{
  TruthBuffer buffer;
  NotesDone exposed, armed;
  bool cookie_less;             /* or with half of one */
} JudgeRemains;

typedef struct
{
  int fd;                       /* an open node */
  Notes *notes;
  unsigned count;
  JudgeRemains remains[TRUTH_IDS];

  unsigned looks;
  unsigned leaked;              /* had a cookie, was neither exposed nor armed, and is still there */
  unsigned taken;               /* of the living, freed by somebody else */
  unsigned unasked;             /* of the dead, exposed or armed, freed without being asked */
  unsigned strays;              /* of nobody, or not known to its living owner */
  unsigned cookie_less, most_cookie_less;       /* met; the most of one process */
  unsigned misreported;         /* the listing differs */
  unsigned unheeded;            /* still there after the request that frees it */
} Judge;

Judge *judge_new (Notes * notes, int fd);

/* Every process whose life is in the notes is alive with @is_alive, or dead; the device was opened since the last death. */
void judge_look (Judge * judge, bool (*is_alive) (const NotesLife * life));

/* The listing must name just what remains, and just what the living hold. */
void judge_listing (Judge * judge, const View * view, bool (*is_alive) (const NotesLife * life));

/* After a request for what @flags say: none of that may remain. What it freed leaves the notes. */
void judge_request (Judge * judge, XlnkReclaimFlags flags, bool (*is_alive) (const NotesLife * life));

bool judge_is_content (const Judge * judge);

#endif /* FAULT_JUDGE_H */
