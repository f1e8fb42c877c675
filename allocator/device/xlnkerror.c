/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkerror.h"

#include <stdatomic.h>

/* Not G_DEFINE_QUARK: its variable is written by whoever comes first while others read it. */
GQuark
xlnk_error_quark (void)
{
  static _Atomic (GQuark) known;
  GQuark quark = atomic_load_explicit (&known, memory_order_relaxed);

  if (!quark) {
    quark = g_quark_from_static_string ("xlnk-error-quark");
    atomic_store_explicit (&known, quark, memory_order_relaxed);
  }
  return quark;
}
