/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * as-user.c: `as-user UID GROUP COMMAND…` runs a command as somebody who is nobody, in one more group. The guest has no
 * table of users.
 */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
  if (argc < 4)
    return 64;
  gid_t group = (gid_t) atoi (argv[2]);
  uid_t user = (uid_t) atoi (argv[1]);

  if (setgroups (1, &group) != 0 || setgid (user) != 0 || setuid (user) != 0) {
    perror ("as-user");
    return 125;
  }
  execvp (argv[3], argv + 3);
  perror (argv[3]);
  return 127;
}
