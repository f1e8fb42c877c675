/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hwh.h: what of a Vivado hardware handoff file matters here: the cores, where their registers are, and what those are
 * called.
 *
 *   EDKSYSTEM
 *     MODULES
 *       MODULE INSTANCE= FULLNAME= MODTYPE= VLNV=
 *         ADDRESSBLOCKS / ADDRESSBLOCK INTERFACE= / REGISTERS
 *           REGISTER NAME= / PROPERTY NAME=ADDRESS_OFFSET VALUE=  (decimal or 0x…), FIELDS / FIELD NAME=
 *         PARAMETERS / PARAMETER NAME= VALUE=                     (C_… as in VHDL, and c_… as in the dialogue)
 *         PORTS / PORT SIGIS=INTERRUPT SIGNAME=                   (no SIGNAME: it is not connected)
 *         BUSINTERFACES / BUSINTERFACE NAME= TYPE= VLNV=
 *         MEMORYMAP / MEMRANGE INSTANCE= BASEVALUE= HIGHVALUE= SLAVEBUSINTERFACE=   (in the processor's module)
 */
#ifndef HWH_H
#define HWH_H

#include <glib.h>

typedef struct
{
  char *name;
  guint64 offset;
  guint bits;
  gboolean readable_only;       /* an output of the core */
} HwhRegister;

typedef struct
{
  char *instance;               /* "sobel_0" */
  char *path;                   /* "/sobel_0" */
  char *type;                   /* "sobel" */
  char *vlnv;                   /* "xilinx.com:hls:sobel:1.0" */

  gboolean is_hls;              /* has a CTRL register with AP_START */
  gboolean is_chain;            /* and AP_CONTINUE */
  guint control_blocks;         /* AXI-Lite ports with registers */
  GPtrArray *registers;         /* HwhRegister, of the port that has CTRL: its arguments */
  GHashTable *parameters;       /* name in lower case, to value */
  guint memory_ports;           /* AXI masters to memory */
  gboolean interrupt_connected;

  guint64 base;                 /* of the registers; with size 0 the processor cannot reach them */
  guint64 size;
} HwhCore;

/* HwhCore, in the file's order; NULL and @error. */
GPtrArray *hwh_read (const char *path, GError ** error);

/* A parameter that is a number. */
guint64 hwh_get_number (const HwhCore * core, const char *name, guint64 otherwise);

#endif /* HWH_H */
