/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkerror.h"

G_DEFINE_QUARK (xlnk-error-quark, xlnk_error);
