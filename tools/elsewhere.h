/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * elsewhere.h: where else on this machine there are ledgers. Without /run/gst-xlnk each user has a directory of his own,
 * and none reads another's: who looks as root must not believe that nobody has a buffer.
 */
#ifndef XLNK_CTL_ELSEWHERE_H
#define XLNK_CTL_ELSEWHERE_H

#include <glib.h>

/* The usual directories that there are, but for @place (NULL: none was read). They are named, and not looked into. None if
 * GST_XLNK_LEDGER names a directory: whoever sets it knows where to look, as xlnk-emulate does for its board. To be freed
 * with g_strfreev(). */
char **elsewhere_find (const char *place);

#endif /* XLNK_CTL_ELSEWHERE_H */
