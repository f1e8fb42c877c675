/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accelerator-describe.c: `xlnk-ctl describe` on tests/data/cores.hwh, and that each line it prints is a description.
 *
 * XLNK_CTL is the tool, XLNK_TEST_HWH the design.
 */
#include <string.h>

#include <sys/wait.h>

#include <glib/gstdio.h>
#include <gst/xlnk/xlnk.h>

#include "gstxlnkaccelerators.h"

typedef struct
{
  gint status;
  gchar *out;
  gchar *err;
} Result;

static void
run (Result * result, const gchar * file, const gchar * core)
{
  const gchar *argv[] = { g_getenv ("XLNK_CTL"), "describe", file, core, NULL };
  g_autoptr (GError) error = NULL;
  gint status;

  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &result->out, &result->err, &status, &error);
  g_assert_no_error (error);
  result->status = WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

static void
clear (Result * result)
{
  g_free (result->out);
  g_free (result->err);
}

/* Stdout of one core: a line, or nothing; and words of what is said about it. */
static const gchar *const cores[][5] = {
  {"sobel_0", "hls,base=0xa0000000,size=0x10000,src=0x10,dst=0x1c,width=0x28,height=0x30,address-bits=64",
      "uio=NAME"},
  {"filters_blur_0", "hls,base=0x43c10000,size=0x10000,src=0x10,dst=0x18,width=0x20,height=0x28,src-stride=0x30,"
      "dst-stride=0x38,protocol=ap_ctrl_chain", "`strength' at 0x40", "set=<0x40,VALUE>", "not connected"},
  {"/filters/blur_0", "hls,base=0x43c10000,size=0x10000,src=0x10,dst=0x18,width=0x20,height=0x28,src-stride=0x30,"
      "dst-stride=0x38,protocol=ap_ctrl_chain"},
  {"gamma_0", "hls,base=(guint64)0x400000000,size=0x1000,src=0x10,address-bits=64,mode=read", "mode=in-place"},
  {"mix_0", "hls,base=0xa0020000,size=0x10000,src=0x10,dst=0x1c,src-size=0x28,address-bits=64", "2 AXI-Lite ports",
      "first was taken for src"},
  {"resize_0", "", "no port to memory", "DMA"},
  {"axi_dma_0", "axidma,base=0x40400000,size=0x10000,length-width=23,data-width=64"},
  {"axi_dma_1", "axidma,base=0xa0060000,size=0x1000,length-width=26,data-width=128,dre=true,address-bits=40"},
  {"axi_dma_2", "", "scatter-gather"},
  {"unreached_0", "", "no address"},
  {"axi_gpio_0", "", "no HLS core or AXI DMA called axi_gpio_0", "sobel_0, filters_blur_0"},
};

static void
assert_description (const gchar * text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstXlnkAccelerator) accelerator = gst_xlnk_accelerator_make (text, &error);

  g_assert_no_error (error);
  g_assert_nonnull (accelerator);
}

static void
test_cores (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cores); i++) {
    Result result;

    run (&result, g_getenv ("XLNK_TEST_HWH"), cores[i][0]);
    g_test_message ("%s", result.err);
    g_assert_cmpstr (g_strchomp (result.out), ==, cores[i][1]);
    g_assert_cmpint (result.status, ==, *cores[i][1] ? 0 : 1);
    for (guint j = 2; j < G_N_ELEMENTS (cores[i]) && cores[i][j]; j++)
      g_assert_nonnull (strstr (result.err, cores[i][j]));
    if (*result.out)
      assert_description (result.out);
    clear (&result);
  }
}

static void
test_all (void)
{
  Result result;
  g_auto (GStrv) lines = NULL;
  guint described = 0;

  run (&result, g_getenv ("XLNK_TEST_HWH"), NULL);
  g_assert_cmpint (result.status, ==, 0);
  lines = g_strsplit (g_strchomp (result.out), "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    if (lines[i][0] == '#')
      continue;
    assert_description (lines[i]);
    described++;
  }
  g_assert_cmpuint (described, ==, 6);
  clear (&result);
}

#define AXI_DMA(parameters) "<EDKSYSTEM><MODULES><MODULE INSTANCE='x' VLNV='a:ip:axi_dma:7.1'><PARAMETERS>" \
  "<PARAMETER NAME='c_include_sg' VALUE='0'/>" parameters "</PARAMETERS></MODULE><MODULE><MEMORYMAP>" \
  "<MEMRANGE INSTANCE='x' BASEVALUE='0x1000' HIGHVALUE='0x1fff'/></MEMORYMAP></MODULE></MODULES></EDKSYSTEM>"

static const gchar *const bad[][3] = {
  {"", "is not XML"},
  {"PK\003\004 and so on", "zip file"},
  {"<EDKSYSTEM><MODULES>", "is not XML"},
  {"<html/>", "not a hardware handoff file"},
  {"<EDKSYSTEM/>", "no HLS core"},
  {"<EDKSYSTEM><MODULES><MODULE/></MODULES></EDKSYSTEM>", "no HLS core"},
  {"<EDKSYSTEM><MODULES><MODULE INSTANCE='x' VLNV='a:ip:axi_dma:7.1'/></MODULES></EDKSYSTEM>", "scatter-gather"},
  {AXI_DMA ("<PARAMETER NAME='c_m_axi_mm2s_data_width' VALUE='129'/>"), "power of two"},
  {AXI_DMA ("<PARAMETER NAME='c_addr_width' VALUE='65'/>"), "32 to 64"},
  /* Entities are not expanded, nor files read. */
  {"<!DOCTYPE E [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><EDKSYSTEM>&f;</EDKSYSTEM>", "no HLS core"},
};

static void
test_bad_files (void)
{
  g_autofree gchar *path = g_build_filename (g_get_tmp_dir (), "xlnk-describe-XXXXXX", NULL);
  gint fd = g_mkstemp (path);
  Result result;

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_assert_true (g_file_set_contents (path, bad[i][0], -1, NULL));
    run (&result, path, NULL);
    g_test_message ("%s", result.err);
    g_assert_cmpint (result.status, ==, 1);
    g_assert_cmpstr (result.out, ==, "");
    g_assert_nonnull (strstr (result.err, bad[i][1]));
    clear (&result);
  }
  g_unlink (path);
  run (&result, path, NULL);
  g_assert_cmpint (result.status, ==, 1);
  clear (&result);
  run (&result, NULL, NULL);
  g_assert_cmpint (result.status, ==, 64);
  g_assert_nonnull (strstr (result.err, "Usage"));
  clear (&result);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_assert_true (gst_xlnk_accelerators_register ());

  g_test_add_func ("/accelerator-describe/cores", test_cores);
  g_test_add_func ("/accelerator-describe/all", test_all);
  g_test_add_func ("/accelerator-describe/bad-files", test_bad_files);
  return g_test_run ();
}
