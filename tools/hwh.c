/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hwh.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

static void
register_free (gpointer data)
{
  HwhRegister *self = data;

  g_free (self->name);
  g_free (self);
}

static void
core_free (gpointer data)
{
  HwhCore *self = data;

  g_free (self->instance);
  g_free (self->path);
  g_free (self->type);
  g_free (self->vlnv);
  g_ptr_array_unref (self->registers);
  g_hash_table_unref (self->parameters);
  g_free (self);
}

/* Never NULL. */
static char *
get_attribute (xmlNode * node, const char *name)
{
  xmlChar *value = xmlGetProp (node, BAD_CAST name);
  char *copy = g_strdup (value ? (const char *) value : "");

  xmlFree (value);
  return copy;
}

static gboolean
attribute_is (xmlNode * node, const char *name, const char *value)
{
  g_autofree char *text = get_attribute (node, name);

  return g_ascii_strcasecmp (text, value) == 0;
}

static guint64
get_number (xmlNode * node, const char *name)
{
  g_autofree char *text = get_attribute (node, name);

  return g_ascii_strtoull (text, NULL, 0);
}

/* The first, or the next, child of that name. */
static xmlNode *
find (xmlNode * node, const char *name)
{
  while (node && !(node->type == XML_ELEMENT_NODE && strcmp ((const char *) node->name, name) == 0))
    node = node->next;
  return node;
}

static xmlNode *
first (xmlNode * parent, const char *name)
{
  return parent ? find (parent->children, name) : NULL;
}

static xmlNode *
next (xmlNode * node, const char *name)
{
  return find (node->next, name);
}

/* PROPERTY NAME=@name of a register itself: its fields have properties of the same names. */
static char *
get_property (xmlNode * node, const char *name)
{
  for (xmlNode * property = first (node, "PROPERTY"); property; property = next (property, "PROPERTY")) {
    if (attribute_is (property, "NAME", name))
      return get_attribute (property, "VALUE");
  }
  return g_strdup ("");
}

static gboolean
has_field (xmlNode * node, const char *name)
{
  for (xmlNode * field = first (first (node, "FIELDS"), "FIELD"); field; field = next (field, "FIELD")) {
    if (attribute_is (field, "NAME", name))
      return TRUE;
  }
  return FALSE;
}

static xmlNode *
find_control (xmlNode * registers)
{
  for (xmlNode * node = first (registers, "REGISTER"); node; node = next (node, "REGISTER")) {
    if (attribute_is (node, "NAME", "CTRL") && has_field (node, "AP_START"))
      return node;
  }
  return NULL;
}

static void
add_register (HwhCore * core, xmlNode * node)
{
  g_autofree char *offset = get_property (node, "ADDRESS_OFFSET");
  g_autofree char *size = get_property (node, "SIZE");
  g_autofree char *access = get_property (node, "ACCESS");
  HwhRegister *reg = g_new0 (HwhRegister, 1);

  reg->name = get_attribute (node, "NAME");
  reg->offset = g_ascii_strtoull (offset, NULL, 0);
  reg->bits = (guint) g_ascii_strtoull (size, NULL, 0);
  reg->readable_only = strcmp (access, "read-only") == 0;
  g_ptr_array_add (core->registers, reg);
}

/* The control registers of an HLS core end at 0x10. */
static void
read_block (HwhCore * core, xmlNode * block)
{
  xmlNode *registers = first (block, "REGISTERS"), *control = find_control (registers);

  if (first (registers, "REGISTER"))
    core->control_blocks++;
  if (!control)
    return;
  core->is_hls = TRUE;
  core->is_chain = has_field (control, "AP_CONTINUE");
  for (xmlNode * node = first (registers, "REGISTER"); node; node = next (node, "REGISTER")) {
    g_autofree char *offset = get_property (node, "ADDRESS_OFFSET");

    if (g_ascii_strtoull (offset, NULL, 0) >= 0x10)
      add_register (core, node);
  }
}

static void
read_parameters (HwhCore * core, xmlNode * module)
{
  for (xmlNode * node = first (first (module, "PARAMETERS"), "PARAMETER"); node; node = next (node, "PARAMETER")) {
    g_autofree char *name = get_attribute (node, "NAME");

    g_hash_table_insert (core->parameters, g_ascii_strdown (name, -1), get_attribute (node, "VALUE"));
  }
}

static void
read_ports (HwhCore * core, xmlNode * module)
{
  for (xmlNode * node = first (first (module, "PORTS"), "PORT"); node; node = next (node, "PORT")) {
    g_autofree char *signal = get_attribute (node, "SIGNAME");

    if (attribute_is (node, "SIGIS", "INTERRUPT") && attribute_is (node, "DIR", "O") && *signal)
      core->interrupt_connected = TRUE;
  }
}

/* MASTER until 2018, INITIATOR in some versions. */
static void
read_buses (HwhCore * core, xmlNode * module)
{
  xmlNode *node = first (first (module, "BUSINTERFACES"), "BUSINTERFACE");

  for (; node; node = next (node, "BUSINTERFACE")) {
    g_autofree char *vlnv = get_attribute (node, "VLNV");

    if ((attribute_is (node, "TYPE", "MASTER") || attribute_is (node, "TYPE", "INITIATOR"))
        && strstr (vlnv, ":aximm:"))
      core->memory_ports++;
  }
}

static HwhCore *
read_module (xmlNode * module)
{
  HwhCore *core = g_new0 (HwhCore, 1);
  xmlNode *block = first (first (module, "ADDRESSBLOCKS"), "ADDRESSBLOCK");

  core->instance = get_attribute (module, "INSTANCE");
  core->path = get_attribute (module, "FULLNAME");
  core->type = get_attribute (module, "MODTYPE");
  core->vlnv = get_attribute (module, "VLNV");
  core->registers = g_ptr_array_new_with_free_func (register_free);
  core->parameters = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (; block; block = next (block, "ADDRESSBLOCK"))
    read_block (core, block);
  read_parameters (core, module);
  read_ports (core, module);
  read_buses (core, module);
  return core;
}

/* The processor sees a core in one range for each port; the first one is taken. */
static void
read_range (GPtrArray * cores, xmlNode * range)
{
  guint64 base = get_number (range, "BASEVALUE"), high = get_number (range, "HIGHVALUE");

  for (guint i = 0; i < cores->len; i++) {
    HwhCore *core = g_ptr_array_index (cores, i);

    if (core->size == 0 && high > base && attribute_is (range, "INSTANCE", core->instance)) {
      core->base = base;
      core->size = high - base + 1;
    }
  }
}

static void
read_ranges (GPtrArray * cores, xmlNode * modules)
{
  for (xmlNode * module = first (modules, "MODULE"); module; module = next (module, "MODULE")) {
    xmlNode *range = first (first (module, "MEMORYMAP"), "MEMRANGE");

    for (; range; range = next (range, "MEMRANGE")) {
      if (attribute_is (range, "MEMTYPE", "REGISTER") || attribute_is (range, "MEMTYPE", ""))
        read_range (cores, range);
    }
  }
}

/* libxml says on its own what it thinks of encodings, whatever it is told of errors. */
G_GNUC_PRINTF (2, 3)
static void
say_nothing (void *unused, const char *format, ...)
{
  (void) unused;
  (void) format;
}

/* Without libxml's own words on stderr: they come with the error. */
static xmlDoc *
parse (const char *path, GError ** error)
{
  g_autofree char *text = NULL;
  gsize length;
  xmlDoc *doc;

  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  if (length > G_MAXINT)
    length = 0;
  xmlSetGenericErrorFunc (NULL, say_nothing);
  doc = xmlReadMemory (text, (int) length, path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  if (doc && xmlDocGetRootElement (doc) && strcmp ((const char *) xmlDocGetRootElement (doc)->name, "EDKSYSTEM") == 0)
    return doc;
  if (doc) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is XML, but not a hardware handoff file "
        "(EDKSYSTEM)", path);
    xmlFreeDoc (doc);
  } else {
    const xmlError *reason = xmlGetLastError ();

    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is not XML%s: line %d: %s", path,
        length > 2 && memcmp (text, "PK", 2) == 0 ? " (an .xsa or .hdf is a zip file, with the .hwh in it)" : "",
        reason ? reason->line : 0, reason && reason->message ? g_strchomp (reason->message) : "not readable");
  }
  return NULL;
}

GPtrArray *
hwh_read (const char *path, GError ** error)
{
  GPtrArray *cores = NULL;
  xmlDoc *doc = parse (path, error);
  xmlNode *modules;

  if (!doc)
    return NULL;
  cores = g_ptr_array_new_with_free_func (core_free);
  modules = first (xmlDocGetRootElement (doc), "MODULES");
  for (xmlNode * module = first (modules, "MODULE"); module; module = next (module, "MODULE"))
    g_ptr_array_add (cores, read_module (module));
  read_ranges (cores, modules);
  xmlFreeDoc (doc);
  return cores;
}

guint64
hwh_get_number (const HwhCore * core, const char *name, guint64 otherwise)
{
  const char *text = g_hash_table_lookup (core->parameters, name);

  return text ? g_ascii_strtoull (text, NULL, 0) : otherwise;
}
