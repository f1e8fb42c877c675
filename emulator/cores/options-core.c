/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options-core.c: --core NAME=MODEL[,KEY=VALUE…]
 */
#include "engines.h"
#include "formats.h"

#include <errno.h>
#include <math.h>
#include <string.h>

const char cores_help[] =
    "Cores: NAME=MODEL[,KEY=VALUE…], any number of times; each is /dev/uioN, in order, and\n"
    "is in /dev/mem at its base address. Models: HLS cores copy, invert, sobel, resize,\n"
    "nv12-to-rgb; AXI DMA dma-loopback, dma-invert, dma-sink, dma-source. Keys:\n"
    "  latency=TIME rate=BYTES     how long a job takes: 20ms, 150us; 100M per second\n"
    "  hang-at=N error-at=N        the N-th job never ends; has a bus error\n"
    "  irq=none|lost[:N]|spurious[:N]  no interrupt; every N-th lost; one more per N jobs\n"
    "  irq-delay=TIME base=ADDRESS address-width=32|64\n"
    "  HLS: protocol=hs|chain tools=2018.3|2022.1|2022.2 format=NAME output-format=NAME\n"
    "  DMA: dre=yes|no data-width=BITS length-width=BITS fifo=BYTES packet=BYTES\n"
    "The registers are in docs/emulated-cores.md.\n";

#define FAIL(...) \
  (g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, __VA_ARGS__), FALSE)

typedef struct
{
  const char *text;
  uint32_t value;
} Choice;

static const Choice irqs[] = { {"normal", IRQ_NORMAL}, {"none", IRQ_NONE}, {"lost", IRQ_LOST},
{"spurious", IRQ_SPURIOUS}, {NULL, 0}
};

static const Choice protocols[] = { {"hs", 0}, {"chain", 1}, {NULL, 0} };

static const Choice tools[] = { {"2018.3", TOOLS_2018_3}, {"2022.1", TOOLS_2022_1}, {"2022.2", TOOLS_2022_2},
{NULL, 0}
};

static const Choice yes_no[] = { {"yes", 1}, {"no", 0}, {NULL, 0} };
static const Choice address_widths[] = { {"32", 32}, {"64", 64}, {NULL, 0} };

static gboolean
choose (const Choice * choices, const char *key, const char *text, uint32_t * value, GError ** error)
{
  for (; choices->text; choices++) {
    if (g_str_equal (choices->text, text)) {
      *value = choices->value;
      return TRUE;
    }
  }
  return FAIL ("--core: %s=%s is not possible; see --help", key, text);
}

static gboolean
parse_integer (const char *key, const char *text, guint64 least, guint64 most, guint64 * value, GError ** error)
{
  char *rest;

  errno = 0;
  *value = g_ascii_strtoull (text, &rest, 0);
  if (errno || rest == text || *rest || text[0] == '-' || *value < least || *value > most)
    return FAIL ("--core: %s=%s is not a number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, key, text, least,
        most);
  return TRUE;
}

static gboolean
parse_word (const char *key, const char *text, guint64 least, guint64 most, uint32_t * value, GError ** error)
{
  guint64 wide;

  if (!parse_integer (key, text, least, most, &wide, error))
    return FALSE;
  *value = (uint32_t) wide;
  return TRUE;
}

/* A number with a unit, which is scaled by what the unit stands for. */
typedef struct
{
  const char *name;
  double factor;
} Unit;

static const Unit times[] = { {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {NULL, 0} };

static const Unit rates[] = { {"", 1}, {"K", 1024}, {"M", 1048576}, {"G", 1073741824}, {"/s", 1}, {"K/s", 1024},
{"M/s", 1048576}, {"G/s", 1073741824}, {NULL, 0}
};

static gboolean
parse_measure (const Unit * units, const char *key, const char *text, const char *example, board_u64 * value,
    GError ** error)
{
  char *rest;
  const double number = g_ascii_strtod (text, &rest);

  for (; units->name && rest != text && isfinite (number) && number >= 0; units++) {
    if (g_str_equal (units->name, rest) && number * units->factor < 1e18) {
      *value = (guint64) (number * units->factor);
      return TRUE;
    }
  }
  return FAIL ("--core: %s=%s has no size; write for example %s=%s", key, text, key, example);
}

static gboolean
parse_irq (CoreConfig * config, const char *text, GError ** error)
{
  char **parts = g_strsplit (text, ":", 2);
  gboolean good = choose (irqs, "irq", parts[0], &config->irq, error);

  config->irq_every = 1;
  if (good && parts[1])
    good = parse_word ("irq", parts[1], 1, G_MAXUINT32, &config->irq_every, error);
  g_strfreev (parts);
  return good;
}

static gboolean
parse_format (const char *key, const char *text, uint32_t * number, GError ** error)
{
  const Format *format = format_by_name (text);

  if (!format)
    return FAIL ("--core: %s=%s is not a format known here", key, text);
  *number = format->number;
  return TRUE;
}

static gboolean
parse_common (CoreConfig * config, const char *key, const char *value, gboolean * known, GError ** error)
{
  guint64 base;

  *known = TRUE;
  if (g_str_equal (key, "latency"))
    return parse_measure (times, key, value, "20ms", &config->latency, error);
  if (g_str_equal (key, "irq-delay"))
    return parse_measure (times, key, value, "5ms", &config->irq_delay, error);
  if (g_str_equal (key, "rate"))
    return parse_measure (rates, key, value, "100M", &config->rate, error);
  if (g_str_equal (key, "hang-at"))
    return parse_word (key, value, 1, G_MAXUINT32, &config->hang_at, error);
  if (g_str_equal (key, "error-at"))
    return parse_word (key, value, 1, G_MAXUINT32, &config->error_at, error);
  if (g_str_equal (key, "irq"))
    return parse_irq (config, value, error);
  if (g_str_equal (key, "address-width"))
    return choose (address_widths, key, value, &config->address_width, error);
  if (g_str_equal (key, "base")) {
    if (!parse_integer (key, value, BOARD_PAGE, G_MAXINT64 - CORE_WINDOW, &base, error))
      return FALSE;
    config->base = base;
    return TRUE;
  }
  *known = FALSE;
  return TRUE;
}

static gboolean
parse_hls (CoreConfig * config, const char *key, const char *value, gboolean * known, GError ** error)
{
  *known = TRUE;
  if (g_str_equal (key, "protocol"))
    return choose (protocols, key, value, &config->chain, error);
  if (g_str_equal (key, "tools"))
    return choose (tools, key, value, &config->tools, error);
  if (g_str_equal (key, "format"))
    return parse_format (key, value, &config->format, error);
  if (g_str_equal (key, "output-format"))
    return parse_format (key, value, &config->output_format, error);
  *known = FALSE;
  return TRUE;
}

static gboolean
parse_dma (CoreConfig * config, const char *key, const char *value, gboolean * known, GError ** error)
{
  *known = TRUE;
  if (g_str_equal (key, "dre"))
    return choose (yes_no, key, value, &config->realigns, error);
  if (g_str_equal (key, "data-width"))
    return parse_word (key, value, 8, 1024, &config->data_width, error);
  if (g_str_equal (key, "length-width"))
    return parse_word (key, value, 8, 26, &config->length_width, error);
  if (g_str_equal (key, "fifo"))
    return parse_word (key, value, 16, 1 << 26, &config->fifo, error);
  if (g_str_equal (key, "packet"))
    return parse_word (key, value, 1, 1 << 26, &config->packet, error);
  *known = FALSE;
  return TRUE;
}

static gboolean
parse_key (CoreConfig * config, const char *text, GError ** error)
{
  char **pair = g_strsplit (text, "=", 2);
  gboolean known = FALSE, good = pair[0] && pair[1];

  if (good)
    good = parse_common (config, pair[0], pair[1], &known, error);
  if (good && !known)
    good = (config->kind == CORE_HLS ? parse_hls : parse_dma) (config, pair[0], pair[1], &known, error);
  if (good && !known)
    good = FAIL ("--core: a core of this kind has no “%s”; see --help", pair[0]);
  else if (!pair[0] || !pair[1])
    good = FAIL ("--core: “%s” is not KEY=VALUE", text);
  g_strfreev (pair);
  return good;
}

static const CoreModel *
find_model (const char *name, uint32_t * index)
{
  const CoreModel *model;

  for (*index = 0; (model = core_model (*index)); (*index)++) {
    if (g_str_equal (model->name, name))
      return model;
  }
  return NULL;
}

static gboolean
take_name (CoreConfig * config, const CoreConfig * others, unsigned count, const char *text, GError ** error)
{
  char **pair = g_strsplit (text, "=", 2);
  const CoreModel *model = NULL;
  gboolean good = pair[0] && pair[0][0] && pair[1] && strlen (pair[0]) < CORE_NAME;

  if (!good)
    good = FAIL ("--core: “%s” is not NAME=MODEL", text);
  for (unsigned i = 0; good && i < count; i++)
    good = !g_str_equal (others[i].name, pair[0]) || FAIL ("--core: two are called “%s”", pair[0]);
  if (good && !(model = find_model (pair[1], &config->model)))
    good = FAIL ("--core: there is no model “%s”; see --help", pair[1]);
  if (good) {
    g_strlcpy (config->name, pair[0], CORE_NAME);
    config->kind = model->kind;
    config->channels = model->channels;
  }
  g_strfreev (pair);
  return good;
}

/* As Vivado and Vitis HLS preset them; 64-bit pointers, because all of these boards' tools make them by now. */
static void
set_defaults (CoreConfig * config)
{
  memset (config, 0, sizeof *config);
  config->address_width = 64;
  config->irq_every = 1;
  config->format = config->output_format = FORMAT_RGBA;
  config->realigns = 1;
  config->data_width = 32;
  config->length_width = 14;
  config->fifo = 4096;
}

gboolean
cores_parse (CoreConfig * configs, unsigned *count, const char *text, GError ** error)
{
  CoreConfig *config = &configs[*count];
  char **parts;
  gboolean good;

  if (*count == CORES_MAX)
    return FAIL ("--core: at most %u of them", CORES_MAX);
  set_defaults (config);
  parts = g_strsplit (text, ",", -1);
  good = take_name (config, configs, *count, parts[0] ? parts[0] : "", error);
  for (unsigned i = 1; good && parts[i]; i++)
    good = parse_key (config, parts[i], error);
  g_strfreev (parts);
  if (good && (config->data_width & (config->data_width - 1)) != 0)
    good = FAIL ("--core: data-width=%u is not a power of two", config->data_width);
  if (good)
    (*count)++;
  return good;
}

static gboolean
is_free (const CoreConfig * configs, unsigned count, const CoreConfig * self)
{
  for (unsigned i = 0; i < count; i++) {
    const CoreConfig *other = &configs[i];

    if (other != self && other->base && self->base < other->base + CORE_WINDOW
        && other->base < self->base + CORE_WINDOW)
      return FALSE;
  }
  return TRUE;
}

/* Where Vivado's address editor starts: general purpose port 0 of a Zynq-7000, HPM0 of a ZynqMP. */
gboolean
cores_place (CoreConfig * configs, unsigned count, BoardArch arch, GError ** error)
{
  for (unsigned i = 0; i < count; i++) {
    CoreConfig *config = &configs[i];

    if (!config->base) {
      config->base = arch == BOARD_ARM64 ? 0xa0000000u : config->kind == CORE_DMA ? 0x40400000u : 0x43c00000u;
      while (!is_free (configs, count, config))
        config->base += CORE_WINDOW;
    } else if (config->base % BOARD_PAGE != 0 || !is_free (configs, count, config)) {
      return FAIL ("--core: base of %s is in the middle of a page, or of another core", config->name);
    }
  }
  return TRUE;
}
