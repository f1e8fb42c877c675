/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report.h"

#include "format.h"

#define COLUMN_OF_SIZES 11           /* of "12345.6 MiB" */

/*** what a holder has ***/

typedef struct
{
  guint gone, exposed, armed, cookie_less, wrong_cookie;
} Tally;

static Tally
tally (const SnapshotHolder * holder)
{
  Tally result = { 0, 0, 0, 0, 0 };

  for (guint i = 0; i < holder->entries->len; i++) {
    const SnapshotEntry *seen = &g_array_index (holder->entries, SnapshotEntry, i);
    const XlnkEntry *entry = &seen->entry;

    result.gone += seen->gone;
    if (seen->gone)
      continue;
    result.exposed += entry->exposed;
    result.armed += entry->armed;
    result.cookie_less += entry->state == XLNK_ENTRY_COOKIE_LESS;
    result.wrong_cookie += entry->state == XLNK_ENTRY_WRONG_COOKIE;
  }
  return result;
}

static const char *
name_state (XlnkEntryState state)
{
  switch (state) {
    case XLNK_ENTRY_ALLOCATING:
      return "allocating";
    case XLNK_ENTRY_COOKIE_LESS:
      return "cookie-less";
    case XLNK_ENTRY_FREEING:
      return "freeing";
    case XLNK_ENTRY_WRONG_COOKIE:
      return "wrong-cookie";
    case XLNK_ENTRY_LIVE:
    default:
      return "live";
  }
}

/*** text ***/

static void
append_size (GString * text, const char *before, int width, guint64 bytes)
{
  char *size = format_bytes (bytes);

  g_string_append_printf (text, "%s%*s", before, width, size);
  g_free (size);
}

static void
append_bar (GString * text, guint64 part, guint64 whole, guint width)
{
  char *bar = format_bar (part, whole, width);

  if (width > 0)
    g_string_append_printf (text, "  [%s]", bar);
  g_free (bar);
}

static void
append_cma (GString * text, const Snapshot * snapshot, guint bar)
{
  g_string_append_printf (text, "%s\n", snapshot->device);
  if (snapshot->cma_total == 0) {
    g_string_append (text, "  The kernel does not say how much CMA there is.\n");
    return;
  }
  append_size (text, "  CMA    ", COLUMN_OF_SIZES, snapshot->cma_total);
  append_size (text, ", free ", 0, snapshot->cma_free);
  append_bar (text, snapshot->cma_total - MIN (snapshot->cma_free, snapshot->cma_total), snapshot->cma_total, bar);
  append_size (text, "\n  others ", COLUMN_OF_SIZES, snapshot_get_others (snapshot));
  g_string_append (text, "  (processes without a ledger or with one elsewhere, what they left, and the kernel)\n");
}

/* Where this was read, and where else one may have to look. */
static void
append_places (GString * text, const Snapshot * snapshot)
{
  char *place = snapshot->place ? format_safe (snapshot->place) : NULL;

  if (place)
    g_string_append_printf (text, "  ledgers  %s\n", place);
  else
    g_string_append (text, "  ledgers  are off: GST_XLNK_LEDGER says so\n");
  for (char **path = snapshot->elsewhere; *path; path++)
    g_string_append_printf (text, "  not read %s\n", *path);
  g_free (place);
}

static void
append_nobody (GString * text, const Snapshot * snapshot)
{
  char *place = snapshot->place ? format_safe (snapshot->place) : NULL;

  if (place)
    g_string_append_printf (text, "\n  No process has recorded a buffer in %s.\n", place);
  else
    g_string_append (text, "\n  Nobody looked who has a buffer: ledgers are off.\n");
  g_free (place);
}

/* Nobody wants to know of the ordinary. */
static void
append_remarks (GString * text, const SnapshotHolder * holder)
{
  Tally counts = tally (holder);
  const struct
  {
    guint n;
    const char *what;
  } remarks[] = {
    {counts.gone, "gone"},
    {counts.exposed, "exposed"},
    {counts.armed, "in the hands of a core"},
    {counts.cookie_less, "without a cookie"},
    {counts.wrong_cookie, "with a wrong cookie"},
  };
  const char *separator = "  ";

  for (guint i = 0; i < G_N_ELEMENTS (remarks); i++) {
    if (remarks[i].n > 0) {
      g_string_append_printf (text, "%s%u %s", separator, remarks[i].n, remarks[i].what);
      separator = ", ";
    }
  }
}

static void
append_holder (GString * text, const Snapshot * snapshot, const SnapshotHolder * holder, guint bar)
{
  char *age = format_age (holder->holder.started_us, snapshot->now);
  char *command = format_safe (holder->holder.command);

  g_string_append_printf (text, "  %7d  %-5s  %-20s %7u", (int) holder->holder.pid,
      holder->holder.alive ? "alive" : "DEAD", command, holder->entries->len);
  append_size (text, "  ", COLUMN_OF_SIZES, holder->bytes);
  g_string_append_printf (text, "  %7s", age);
  append_bar (text, holder->bytes, snapshot->cma_total ? snapshot->cma_total : snapshot->bytes, bar);
  append_remarks (text, holder);
  g_string_append_c (text, '\n');
  g_free (command);
  g_free (age);
}

void
report_append_text (GString * text, const Snapshot * snapshot, guint bar)
{
  gboolean any_dead = FALSE;

  append_cma (text, snapshot, bar);
  append_places (text, snapshot);
  if (snapshot->incomplete)
    g_string_append_printf (text, "\n  Not all can be told: %s\n", snapshot->incomplete->message);
  if (snapshot->holders->len == 0) {
    if (!snapshot->incomplete)
      append_nobody (text, snapshot);
    return;
  }
  g_string_append_printf (text, "\n  %7s  %-5s  %-20s %7s  %*s  %7s\n", "PID", "", "COMMAND", "BUFFERS", COLUMN_OF_SIZES, "SIZE",
      "AGE");
  for (guint i = 0; i < snapshot->holders->len; i++) {
    const SnapshotHolder *holder = g_ptr_array_index (snapshot->holders, i);

    append_holder (text, snapshot, holder, bar);
    any_dead |= !holder->holder.alive;
  }
  if (any_dead)
    g_string_append (text, "\n  What the dead left: `xlnk-ctl reclaim`, or whoever opens the device next, gives back what is "
        "safe to.\n");
}

/*** JSON ***/

static void
add_int (JsonBuilder * builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static void
add_bool (JsonBuilder * builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

/* A string of JSON is UTF-8; the name of a process need not be. */
static void
add_string (JsonBuilder * builder, const char *name, const char *value)
{
  char *valid = value ? g_utf8_make_valid (value, -1) : NULL;

  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, valid);
  g_free (valid);
}

static void
build_places (JsonBuilder * builder, const Snapshot * snapshot)
{
  if (snapshot->place)
    add_string (builder, "ledgers", snapshot->place);
  json_builder_set_member_name (builder, "ledgers-elsewhere");
  json_builder_begin_array (builder);
  for (char **path = snapshot->elsewhere; *path; path++)
    json_builder_add_string_value (builder, *path);
  json_builder_end_array (builder);
}

static void
build_entry (JsonBuilder * builder, const SnapshotEntry * seen)
{
  const XlnkEntry *entry = &seen->entry;

  json_builder_begin_object (builder);
  add_int (builder, "id", entry->id);
  add_int (builder, "physical-address", (gint64) entry->phys);
  add_int (builder, "bytes", (gint64) entry->length);
  add_bool (builder, "cached", entry->cached);
  add_string (builder, "state", name_state (entry->state));
  add_bool (builder, "gone", seen->gone);
  add_bool (builder, "exposed", entry->exposed);
  add_bool (builder, "armed", entry->armed);
  if (entry->core)
    add_string (builder, "core", entry->core);
  json_builder_end_object (builder);
}

static void
build_holder (JsonBuilder * builder, const Snapshot * snapshot, const SnapshotHolder * holder)
{
  json_builder_begin_object (builder);
  add_int (builder, "pid", holder->holder.pid);
  add_string (builder, "command", holder->holder.command);
  add_bool (builder, "alive", holder->holder.alive);
  add_int (builder, "started-us", holder->holder.started_us);
  add_int (builder, "age-us", snapshot->now - holder->holder.started_us);
  add_int (builder, "bytes", (gint64) holder->bytes);
  json_builder_set_member_name (builder, "buffers");
  json_builder_begin_array (builder);
  for (guint i = 0; i < holder->entries->len; i++)
    build_entry (builder, &g_array_index (holder->entries, SnapshotEntry, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

void
report_build_json (JsonBuilder * builder, const Snapshot * snapshot)
{
  add_string (builder, "device", snapshot->device);
  add_int (builder, "cma-total", (gint64) snapshot->cma_total);
  add_int (builder, "cma-free", (gint64) snapshot->cma_free);
  add_int (builder, "others", (gint64) snapshot_get_others (snapshot));
  build_places (builder, snapshot);
  if (snapshot->incomplete)
    add_string (builder, "incomplete", snapshot->incomplete->message);
  json_builder_set_member_name (builder, "holders");
  json_builder_begin_array (builder);
  for (guint i = 0; i < snapshot->holders->len; i++)
    build_holder (builder, snapshot, g_ptr_array_index (snapshot->holders, i));
  json_builder_end_array (builder);
}

void
report_print_json (JsonBuilder * builder)
{
  JsonNode *root = json_builder_get_root (builder);
  char *text = json_to_string (root, TRUE);

  g_print ("%s\n", text);
  g_free (text);
  json_node_unref (root);
}
