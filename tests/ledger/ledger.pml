/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledger.pml: the ledger of xlnkledger.h: a process that lives twice (and gets its old process id again), two reclaimers at
 * once and one at the end, a stranger who allocates, frees what is his and resets the driver, a core, and SIGKILL for
 * everybody between any two steps. Every interleaving is tried.
 *
 * Never freed is a block that is not the one its record is about, that belongs to somebody alive, that a core works on,
 * or whose address somebody has. The stranger does not reset between a look and its FREEBUF, which is the window that
 * stays open: RESET_IN_WINDOW shows that it is one. And in the end nothing of ours is lost: what still lives is named by a file that has a name,
 * and is there for a reason: also if somebody asked for it by force, and was killed.
 *
 * WITHOUT_... removes a rule, others put it in the wrong order; then an assertion must fail.
 */
#ifndef OPERATIONS
#define OPERATIONS 1            /* of the stranger */
#endif
#define IDS 2
#define NONE 7
#define STRANGER 3              /* holder; 1 and 2 are the lives of ours, and their cookies */
#define OTHER 9                 /* what a stranger writes */

mtype = { FREE, ALLOCATING, COOKIE_LESS, LIVE, FREEING, WRONG };

/* The board. What is in memory stays there when a block is freed. */
byte holder[IDS];               /* 0: the id is free */
byte cookie[IDS];

/* Files of the two lives. There is one name, since there is one process id. */
byte name = NONE;               /* the file that has it */
bit locked[2];
mtype state[2] = FREE;
byte record_id[2] = NONE;
bit exposed[2], armed[2];

bit alive[3];                   /* the lives */
bit has_address[3], running[3]; /* of their blocks: somebody, a core */
byte windows[IDS];              /* looks that no FREEBUF has followed yet */
bit reset_done, forced;         /* then records may be of what is another's */
byte reclaiming;                /* how many of the two are not done */
bit over, owner_done;

bit kill_owner, kill_reclaimer[2];

/*** the kernel ***/

inline kernel_alloc (who, id)
{
  if
  :: holder[0] == 0 -> id = 0
  :: holder[0] != 0 && holder[1] == 0 -> id = 1
  :: else -> id = NONE
  fi;
  if
  :: id != NONE ->
    holder[id] = who;
#ifndef WITHOUT_ZEROING
    cookie[id] = 0
#endif
  :: else
  fi
}

/* By ours: of the block that the record of @life is about. */
inline kernel_free (id, life, by_owner)
{
  if
  :: holder[id] != 0 ->
    assert (holder[id] == life);
    assert (by_owner || !alive[life]);
    assert (by_owner || (!has_address[life] && !running[life]));
    holder[id] = 0
  :: else
  fi
}

/*** ours ***/

/* One life: a block, perhaps an address handed out or a job, perhaps freed again, then the end. */
inline live (life, file)
{
  d_step { alive[life] = 1; state[file] = FREE; record_id[file] = NONE };
#ifdef LOCK_AFTER_NAME
  atomic { name == NONE -> name = file };
  if
  :: d_step { !locked[file] -> locked[file] = 1 }
  :: else
  fi;
#else
  locked[file] = 1;
  atomic { name == NONE -> name = file };
#endif
  state[file] = ALLOCATING;
#ifdef ID_AFTER_IOCTL
  d_step { kernel_alloc (life, id) };
  record_id[file] = id;
#else
  d_step { kernel_alloc (life, id); record_id[file] = id };
#endif
  if
  :: id == NONE -> state[file] = FREE
  :: else ->
    state[file] = COOKIE_LESS;
    /* Is it live, after the mapping and before the store? Whether it still is at the store is a thing of the stranger's. */
    if
    :: d_step { holder[id] == life -> cookie[id] = life };
      state[file] = LIVE;
      use (life, file);
      if
      :: give_back (life, file)
      :: skip
      fi
    :: holder[id] != life -> state[file] = FREE
    fi
  fi;
  id = NONE
}

inline use (life, file)
{
  if
  :: skip
  ::
#ifdef EXPOSED_AFTER_ADDRESS
    has_address[life] = 1;
    exposed[file] = 1
#else
    exposed[file] = 1;
    has_address[life] = 1
#endif
  ::
#ifdef ARMED_AFTER_START
    running[life] = 1;
    armed[file] = 1;
#else
    armed[file] = 1;
    running[life] = 1;
#endif
    !running[life];
    armed[file] = 0
  ::
    /* Something of its own writes past the end. */
    d_step { holder[id] == life -> cookie[id] = OTHER }
  fi
}

/* One that was handed out is its user's to end. */
inline give_back (life, file)
{
  d_step { has_address[life] = 0; there = (holder[id] != 0); windows[id]++ };
#ifdef WITHOUT_OWNERS_LOOK
  look = 1;
#else
  d_step { look = (there && cookie[id] == life) };
#endif
  if
  :: look ->
    state[file] = FREEING;
    d_step { kernel_free (id, life, 1); windows[id]-- };
    state[file] = FREE
  :: else ->
    windows[id]--;
#ifndef OVERWRITTEN_FORGOTTEN
    state[file] = (there -> WRONG : FREE)
#else
    state[file] = FREE
#endif
  fi;
  there = 0
}

/* As the kernel does for a dead process. */
inline die (life, file)
{
  d_step {
    alive[life] = 0;
    locked[file] = 0;
    if
    :: id != NONE && windows[id] > 0 && look -> windows[id]--
    :: else
    fi;
    look = 0;
    there = 0;
    id = NONE
  }
}

proctype Owner ()
{
  byte id = NONE;
  bit look, there, first = 1;

  do
  :: first ->
    { live (1, 0) } unless { kill_owner };
    die (1, 0);
    kill_owner = 0;
    first = 0
  :: !first ->
    /* Its id again, which it can have when nobody has the name. */
    if
    :: name == NONE -> { live (2, 1) } unless { kill_owner }; die (2, 1)
    :: over
    fi;
    break
  od;
  owner_done = 1
}

/*** the reclaimers ***/

inline reclaim (me)
{
  file = name;
  if
  :: file != NONE ->
#ifdef WITHOUT_LOCK
    skip;
#else
    if
    :: d_step { !locked[file] -> locked[file] = 1; mine = 1 }
    :: locked[file]
    fi;
#endif
    if
#ifdef WITHOUT_LOCK
    :: name == file ->
#else
#ifdef WITHOUT_LINK_CHECK
    :: mine ->
#else
    :: mine && name == file ->
#endif
#endif
      settle (me);
      if
      :: state[file] == FREE ->
        /* By its name, whoever has it. */
        name = NONE
      :: else
      fi
    :: else
    fi;
    d_step {
      if
      :: mine -> locked[file] = 0
      :: else
      fi;
      mine = 0;
      file = NONE
    }
  :: else
  fi
}

/* The record, the look, the policy, the mark, the look again, FREEBUF. */
inline settle (me)
{
  d_step { was = state[file]; id = record_id[file] };
  if
  :: was == FREE
  :: was != FREE && id == NONE -> state[file] = FREE; was = FREE
  :: was != FREE && id != NONE ->
    look_at (file);
    if
    :: !there -> d_step { windows[id]--; held = 0 }; state[file] = FREE
    :: there && !look && was == FREEING -> d_step { windows[id]--; held = 0 }; state[file] = FREE
    :: there && !look && was != FREEING ->
      d_step { windows[id]--; held = 0 };
      if
      :: was == LIVE -> state[file] = WRONG
      :: else
      fi;
      if
      :: force (file)
      :: skip
      fi
#ifdef WITHOUT_EXPOSED
    :: there && look && armed[file] -> d_step { windows[id]--; held = 0 }
    :: there && look && !armed[file] ->
#else
#ifdef WITHOUT_ARMED
    :: there && look && exposed[file] -> d_step { windows[id]--; held = 0 }
    :: there && look && !exposed[file] ->
#else
    :: there && look && (exposed[file] || armed[file]) -> d_step { windows[id]--; held = 0 }
    :: there && look && !exposed[file] && !armed[file] ->
#endif
#endif
#ifndef WITHOUT_SECOND_LOOK
      d_step { windows[id]--; held = 0 };
#endif
#ifndef WITHOUT_FREEING
      state[file] = FREEING;
#endif
#ifdef WITHOUT_SECOND_LOOK
      /* Nobody calls what lies between the first look and this the window. */
      d_step { windows[id]--; held = 0 };
      look = 1;
      there = 1;
      d_step { kernel_free (id, file + 1, 0) };
#else
      look_at (file);
      if
      :: there && look -> d_step { kernel_free (id, file + 1, 0); windows[id]--; held = 0 }
      :: else -> d_step { windows[id]--; held = 0 }
      fi;
#endif
      if
      :: there && look -> state[file] = FREE
      :: else -> state[file] = was
      fi
    fi
  fi;
  d_step { there = 0; look = 0; id = NONE; was = FREE }
}

/* Somebody asks for it although it has no cookie, and knows whose it is. If he dies after FREEBUF, the record is left. */
inline force (file)
{
  if
  :: holder[id] == file + 1 ->
#ifdef FREEING_BY_FORCE
    state[file] = FREEING;
#endif
    look_at (file);
    if
    :: there && !look && holder[id] == file + 1 ->
      d_step { kernel_free (id, file + 1, 0); forced = 1; windows[id]--; held = 0 };
      state[file] = FREE
    :: else -> d_step { windows[id]--; held = 0 }
    fi
  :: else
  fi
}

inline look_at (file)
{
#ifdef WITHOUT_LIVENESS
  d_step { there = 1; windows[id]++; held = 1 };
#else
  d_step { there = (holder[id] != 0); windows[id]++; held = 1 };
#endif
#ifdef WITHOUT_COOKIE
  look = 1
#else
  d_step { look = (cookie[id] == file + 1) }
#endif
}

inline stop (me)
{
  d_step {
    if
    :: mine -> locked[file] = 0
    :: else
    fi;
    if
    :: held -> windows[id]--
    :: else
    fi;
    mine = 0;
    held = 0
  }
}

proctype Reclaimer (byte me)
{
  byte file = NONE, id = NONE;
  bit mine, there, look, held;
  mtype was = FREE;

  { reclaim (me) } unless { kill_reclaimer[me] };
  stop (me);
  reclaiming--
}

/*** the others ***/

proctype Killer ()
{
  if
  :: kill_owner = 1
  :: skip
  fi;
  if
  :: kill_reclaimer[0] = 1
  :: skip
  fi
}

proctype Core ()
{
  byte times;

  do
  :: running[1] -> running[1] = 0
  :: running[2] -> running[2] = 0
  :: owner_done -> break
  od
}

#ifdef RESET_IN_WINDOW
#define CAN_RESET 1
#else
#define CAN_RESET (windows[0] == 0 && windows[1] == 0)
#endif

inline reset ()
{
  reset_done = 1;
  holder[0] = 0;
  holder[1] = 0;
  his = NONE
}

/* What he has is in @his; a reset takes all, of everybody. */
proctype Stranger ()
{
  byte his = NONE, operations = OPERATIONS, id;

  do
  :: operations > 0 ->
    operations--;
    if
    :: d_step { his == NONE -> kernel_alloc (STRANGER, his) }
    :: d_step { his != NONE -> cookie[his] = OTHER }
    :: d_step { his != NONE && holder[his] == STRANGER -> holder[his] = 0; his = NONE }
    :: d_step { CAN_RESET -> reset () }
    :: d_step { CAN_RESET -> reset (); kernel_alloc (STRANGER, his) }
    fi
  :: break
  od
}

/* The last: nobody disturbs it, and nobody else is left. */
proctype Heir ()
{
  byte file = NONE, id = NONE;
  bit mine, there, look, held;
  mtype was = FREE;

  reclaim (2);
  reclaim (2)
}

inline check_end (life, file)
{
  id = 0;
  do
  :: id < IDS ->
    /* Nothing of ours is left without a record, or without a reason. */
    assert (holder[id] != life || (name == file && record_id[file] == id && state[file] != FREE));
    assert (holder[id] != life || cookie[id] != life || exposed[file] || armed[file]);
    id++
  :: else -> break
  od;
  /* And no record is left of what was freed. */
  assert (reset_done || forced || name != file || state[file] == FREE || holder[record_id[file]] == life)
}

init
{
  byte id;
  pid first = _nr_pr;

  atomic {
    reclaiming = 2;
    run Core ();
    run Owner ();
    run Reclaimer (0);
    run Reclaimer (1);
    run Stranger ();
    run Killer ();
  }
  /* All but the core have come to their end. Nobody waits for a name any more. */
  (reclaiming == 0 && _nr_pr <= first + 2);
  over = 1;
  (_nr_pr == first);
  run Heir ();
  (_nr_pr == first);
  d_step {
    check_end (1, 0);
    check_end (2, 1)
  }
}
