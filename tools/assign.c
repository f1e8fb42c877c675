/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assign.h"

#include <string.h>

static const char *const field_names[ASSIGN_FIELDS] = {
  "src", "dst", "width", "height", "format", "dst-width", "dst-height", "dst-format", "src-stride", "dst-stride",
  "src-size", "dst-size"
};

/* What a name may be made of. */
static const char *const input_words[] = { "src", "source", "in", "input", "inp", "rd", "read", "from", NULL };
static const char *const output_words[] = { "dst", "dest", "destination", "out", "output", "outp", "wr", "write", "to",
  "result", NULL
};
static const char *const width_words[] = { "width", "cols", "columns", "w", NULL };
static const char *const height_words[] = { "height", "rows", "lines", "h", NULL };
static const char *const format_words[] = { "format", "fmt", "fourcc", NULL };
static const char *const stride_words[] = { "stride", "pitch", "linesize", NULL };
static const char *const size_words[] = { "size", "len", "length", "bytes", NULL };

const char *
assign_field_name (AssignField field)
{
  return field_names[field];
}

/* "srcStride_1" is src, stride, 1. */
static char **
split_words (const char *name)
{
  GString *text = g_string_new (NULL);
  char **words;

  for (const char *at = name; *at; at++) {
    if (at > name && g_ascii_isupper (*at) && g_ascii_islower (at[-1]))
      g_string_append_c (text, '_');
    g_string_append_c (text, g_ascii_tolower (*at));
  }
  words = g_strsplit (text->str, "_", -1);
  g_string_free (text, TRUE);
  return words;
}

static gboolean
has_word (char **words, const char *const *list)
{
  for (; *words; words++) {
    if (g_strv_contains (list, *words))
      return TRUE;
  }
  return FALSE;
}

/* One of two fields, for the input and for the output. */
static AssignField
choose (char **words, AssignField input, AssignField output)
{
  return has_word (words, output_words) ? output : input;
}

/* ASSIGN_FIELDS if the name tells nothing. */
static AssignField
read_name (const char *name)
{
  g_auto (GStrv) words = split_words (name);

  if (has_word (words, width_words))
    return choose (words, ASSIGN_WIDTH, ASSIGN_DST_WIDTH);
  if (has_word (words, height_words))
    return choose (words, ASSIGN_HEIGHT, ASSIGN_DST_HEIGHT);
  if (has_word (words, format_words))
    return choose (words, ASSIGN_FORMAT, ASSIGN_DST_FORMAT);
  if (has_word (words, stride_words))
    return choose (words, ASSIGN_SRC_STRIDE, ASSIGN_DST_STRIDE);
  if (has_word (words, size_words))
    return choose (words, ASSIGN_SRC_SIZE, ASSIGN_DST_SIZE);
  if (has_word (words, input_words))
    return ASSIGN_SRC;
  return has_word (words, output_words) ? ASSIGN_DST : ASSIGN_FIELDS;
}

static const HwhRegister *
get_register (const HwhCore * core, guint i)
{
  return i < core->registers->len ? g_ptr_array_index (core->registers, i) : NULL;
}

/* The length of the name without @suffix, or 0. */
static gsize
without_suffix (const HwhRegister * reg, const char *suffix)
{
  return reg && g_str_has_suffix (reg->name, suffix) ? strlen (reg->name) - strlen (suffix) : 0;
}

/* An argument of 64 bits: one register of 64, or NAME_1 and NAME_2 next to each other. */
static gboolean
is_wide (const HwhCore * core, guint i)
{
  const HwhRegister *low = get_register (core, i), *high = get_register (core, i + 1);
  gsize length = without_suffix (low, "_1");

  if (low->bits == 64)
    return TRUE;
  return length > 0 && length == without_suffix (high, "_2") && strncmp (low->name, high->name, length) == 0
      && high->offset == low->offset + 4;
}

static gboolean
is_high_word (const HwhCore * core, guint i)
{
  return i > 0 && get_register (core, i - 1)->bits != 64 && is_wide (core, i - 1);
}

static gboolean
is_address (AssignField field)
{
  return field == ASSIGN_SRC || field == ASSIGN_DST;
}

/* Bytes of the register that a field names. */
static guint64
get_bytes (const Assignment * assignment, AssignField field)
{
  return is_address (field) ? assignment->address_bits / 8 : 4;
}

/* A file may say anything; the accelerator takes offsets of words, which do not overlap. */
static gboolean
is_usable (const Assignment * assignment, const HwhRegister * reg, AssignField field)
{
  if (reg->offset % 4 != 0 || reg->offset > G_MAXINT32)
    return FALSE;
  for (AssignField i = 0; i < ASSIGN_FIELDS; i++) {
    const HwhRegister *other = assignment->field[i];

    if (other && reg->offset < other->offset + get_bytes (assignment, i)
        && other->offset < reg->offset + get_bytes (assignment, field))
      return FALSE;
  }
  return TRUE;
}

/* Wide ones are addresses, whatever they are called; addresses are of one width. */
static void
assign_one (const HwhCore * core, guint i, gboolean any_wide, Assignment * assignment)
{
  const HwhRegister *reg = get_register (core, i);
  AssignField field = read_name (reg->name);
  gboolean wide = is_wide (core, i);

  if (wide && !is_address (field) && field != ASSIGN_FIELDS)
    field = ASSIGN_FIELDS;
  if (is_address (field) && wide != any_wide)
    field = ASSIGN_FIELDS;
  if (field != ASSIGN_FIELDS && !assignment->field[field] && is_usable (assignment, reg, field))
    assignment->field[field] = reg;
  else
    g_ptr_array_add (assignment->rest, (gpointer) reg);
}

/* Wide arguments without a telling name: the first is the input, as in memcpy's opposite. */
static void
guess_addresses (const HwhCore * core, Assignment * assignment)
{
  for (guint i = 0; i < core->registers->len; i++) {
    const HwhRegister *reg = get_register (core, i);
    AssignField field = assignment->field[ASSIGN_SRC] ? ASSIGN_DST : ASSIGN_SRC;

    if (assignment->field[field] || !is_wide (core, i) || !is_usable (assignment, reg, field)
        || !g_ptr_array_remove (assignment->rest, (gpointer) reg))
      continue;
    assignment->field[field] = reg;
    assignment->guessed = TRUE;
  }
}

/* A stride or a size is that of an address. */
static void
drop_without (AssignField address, AssignField field, Assignment * assignment)
{
  if (assignment->field[address] || !assignment->field[field])
    return;
  g_ptr_array_add (assignment->rest, (gpointer) assignment->field[field]);
  assignment->field[field] = NULL;
}

void
assign_registers (const HwhCore * core, Assignment * assignment)
{
  gboolean any_wide = FALSE;

  memset (assignment, 0, sizeof *assignment);
  assignment->rest = g_ptr_array_new ();
  for (guint i = 0; i < core->registers->len; i++)
    any_wide |= is_wide (core, i);
  assignment->address_bits = any_wide ? 64 : 32;
  for (guint i = 0; i < core->registers->len; i++) {
    if (!get_register (core, i)->readable_only && !is_high_word (core, i))
      assign_one (core, i, any_wide, assignment);
  }
  guess_addresses (core, assignment);
  drop_without (ASSIGN_SRC, ASSIGN_SRC_STRIDE, assignment);
  drop_without (ASSIGN_SRC, ASSIGN_SRC_SIZE, assignment);
  drop_without (ASSIGN_DST, ASSIGN_DST_STRIDE, assignment);
  drop_without (ASSIGN_DST, ASSIGN_DST_SIZE, assignment);
}

void
assign_clear (Assignment * assignment)
{
  g_ptr_array_unref (assignment->rest);
}
