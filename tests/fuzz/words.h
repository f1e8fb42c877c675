/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * words.h: the documented fields of descriptions and caps, and values that are hard to read (docs/accelerators.md).
 */
#ifndef WORDS_H
#define WORDS_H

#define WORDS_HLS \
  "uio", "base", "size", "src", "dst", "address-bits", "alignment", "width", "height", "format", "dst-width", \
  "dst-height", "dst-format", "src-stride", "dst-stride", "src-size", "dst-size", "scales", "set", "mode", "protocol"

#define WORDS_AXIDMA \
  "mm2s", "s2mm", "length-width", "data-width", "dre"

#define WORDS_CAPS \
  "framerate", "pixel-aspect-ratio", "interlace-mode", "field-order", "colorimetry", "chroma-site", "multiview-mode", \
  "views", "max-framerate", "rate", "channels", "layout", "stride", "offset"

#define WORDS_NUMBERS \
  "0", "1", "4", "7", "8", "010", "08", "0x10", "0x14", "0x1c", "0x28", "0x30", "0x38", "0x40", "0x44", "0x11", "-1", \
  "-4", "26", "32", "64", "640", "360", "4096", "32768", "65536", "2147483647", "2147483648", "4294967295", \
  "4294967296", "0xA0000000", "0xffffffff", "0x100000000", "(guint64)0x400000000", "(int64)-1", "(guint64)1", \
  "(uint)5", "(int)16", "1.0", "1e9", "nan", "99999999999999999999"

#define WORDS_TEXTS \
  "\"\"", "\"yes\"", "yes", "no", "true", "false", "t", "sobel", "\"sobel\"", "\"a@43c00000\"", "a@43c00000", \
  "(string)010", "\"010\"", "\"a,b\"", "\"a\\\"b\"", "\"", "<>", "<0x10,0x1c>", "{1,2}", "[0,16]", "<0x40,1,0x44,2>", \
  "<(guint64)1>", "(bitmask)3", "(fraction)1/2", "../../../etc", "(string)\"x;y\"", "a;b"

#define WORDS_MODES \
  "transform", "in-place", "read", "write", "ap_ctrl_hs", "ap_ctrl_chain"

#define WORDS_FORMATS \
  "I420", "NV12", "YUY2", "RGB", "RGBA", "BGRx", "GRAY8", "GRAY16_LE", "v210", "NV12_64Z32", "NV12_4L4", "UYVP", \
  "RGB8P", "A420", "I420_10LE", "NV61", "v308", "ENCODED", "P010_10LE", "Y41B", "YUV9", "IYU1", "A444_10BE", "nonsense"

#define WORDS_VIDEO \
  "0/1", "1/0", "30/1", "30000/1001", "2147483647/1", "-1/1", "interleaved", "mixed", "alternate", "progressive", \
  "bottom-field-first", "bt709", "jpeg", "left-and-right", "frame-by-frame", "[1,2147483647]", "{I420,RGBA}", \
  "[0/1,30/1]", "1920", "1080", "17", "3", "2"

#endif /* WORDS_H */
