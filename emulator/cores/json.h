/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json.h: strings of the report for programs.
 */
#ifndef CORES_JSON_H
#define CORES_JSON_H

#include <stdio.h>

/* With its quotes. JSON is UTF-8; what is not, and what was cut in the middle of a character, becomes U+FFFD. */
void json_string (FILE * out, const char *text);

#endif /* CORES_JSON_H */
