/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnk-ctl.h: the subcommands. Each gets its own arguments, itself first, and returns the exit status: 0, 1 for a
 * failure that it has told, XLNK_CTL_USAGE for arguments that it does not understand.
 */
#ifndef XLNK_CTL_H
#define XLNK_CTL_H

#define XLNK_CTL_USAGE 64

int xlnk_ctl_describe (int argc, char **argv);
int xlnk_ctl_reclaim (int argc, char **argv);
int xlnk_ctl_reset (int argc, char **argv);
int xlnk_ctl_status (int argc, char **argv);
int xlnk_ctl_watch (int argc, char **argv);

#endif /* XLNK_CTL_H */
