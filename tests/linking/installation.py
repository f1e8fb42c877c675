#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs the project into a prefix of its own and uses it as a stranger does: pkg-config, a compiler, and nothing of
the tree but the examples and README.md. Reports one TAP line for each thing that has to hold."""

import argparse
import os
import pathlib
import re
import shutil
import sys

import tap
from tap import Failure, Skipped, require, run

PACKAGE = "gstreamer-xlnk-1.0"
CMA = 64 << 20
PLANE = re.compile(r"frame (\d+) plane (\d+) address 0x([0-9a-f]+) offset (\d+) stride (\d+) size (\d+)")

# width, height, format, and (offset, stride, size) of each plane, by GStreamer's default layout
FRAMES = [
    ("I420", 641, 359, [(0, 644, 644 * 359), (231840, 324, 324 * 180), (290160, 324, 324 * 180)]),
    ("NV12", 1920, 1080, [(0, 1920, 1920 * 1080), (2073600, 1920, 1920 * 540)]),
    ("RGBA", 17, 3, [(0, 68, 204)]),
]


class Installation:
    def __init__(self, source, work, compiler):
        self.source, self.work, self.compiler = source, work, compiler
        self.prefix = work / "prefix"
        self.env = dict(os.environ)
        for name in ("DESTDIR", "GST_PLUGIN_PATH", "GST_PLUGIN_PATH_1_0", "GST_XLNK_DEVICE", "GI_TYPELIB_PATH",
                     "MAKEFLAGS"):
            self.env.pop(name, None)

    def install(self):
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        build = self.work / "build"
        env = dict(self.env, CC=" ".join(self.compiler))
        run("meson", "setup", build, self.source, f"--prefix={self.prefix}", "-Dtests=disabled", "-Dexamples=disabled",
            env=env)
        run("ninja", "-C", build, "install", env=env)
        shutil.rmtree(build)    # nothing may need it from here on
        self.find_directories()

    def install_system_files(self):
        """Into a root of their own: udev.pc says where, systemd.pc does not."""
        build, root, packages = self.work / "system-files", self.work / "root", self.work / "packages"
        packages.mkdir()
        for name, variable in (("udev", "udevdir=/else/udev\n"), ("systemd", "")):
            (packages / f"{name}.pc").write_text(f"{variable}Name: {name}\nDescription: {name}\nVersion: 1\n")
        path = ":".join(filter(None, (str(packages), os.environ.get("PKG_CONFIG_PATH"))))
        env = dict(os.environ, CC=" ".join(self.compiler), PKG_CONFIG_PATH=path)
        env.pop("DESTDIR", None)
        without = [f"-D{feature}=disabled" for feature in ("tests", "examples", "emulator", "tools", "introspection")]
        run("meson", "setup", build, self.source, "--prefix=/opt", "-Dsystem-files=enabled", *without, env=env)
        run("meson", "install", "-C", build, "--no-rebuild", "--tags=system-files", f"--destdir={root}", env=env)
        shutil.rmtree(build)
        return root

    def find_directories(self):
        (pc_file,) = self.prefix.rglob(f"{PACKAGE}.pc")
        self.libdir = pc_file.parent.parent
        self.env["PKG_CONFIG_PATH"] = str(pc_file.parent)
        self.env.update(
            LD_LIBRARY_PATH=str(self.libdir),
            GST_PLUGIN_PATH=self.pkg_config("--variable=pluginsdir"),
            GST_REGISTRY=str(self.work / "registry.bin"),
            GI_TYPELIB_PATH=str(self.libdir / "girepository-1.0"),
            PATH=f"{self.prefix / 'bin'}:{os.environ['PATH']}")

    def pkg_config(self, *arguments):
        return run("pkg-config", *arguments, PACKAGE, env=self.env).strip()

    def emulate(self, *command, options=(), **kwargs):
        return run("xlnk-emulate", "--strict", "--cma", str(CMA), *options, "--", *command, env=self.env, **kwargs)

    # -- the steps

    def check_pkg_config(self, version):
        require(self.pkg_config("--modversion") == version, "pkg-config names another version")
        flags = self.pkg_config("--cflags", "--libs").split()
        require("-lgstxlnk-1.0" in flags, f"the library is not in {flags}")
        require(not any(str(self.source / room) in flag for flag in flags for room in ("allocator", "plugin")),
                f"a path of the source tree is in {flags}")
        require("gstreamer-video-1.0" in self.pkg_config("--print-requires"), "GstVideo is not required")

    def headers(self):
        found = sorted((self.prefix / "include").rglob("*.h"))
        require(len(found) > 5 and any(header.name == "xlnk.h" for header in found), f"only these: {found}")
        return found

    def check_system_files(self):
        unasked = [path for pattern in ("*.rules", "gst-xlnk.conf") for path in self.prefix.rglob(pattern)]
        require(not unasked, f"installed unasked: {unasked}")
        root = self.install_system_files()
        files = {"else/udev/rules.d/90-xlnk.rules": "90-xlnk.rules", "opt/lib/sysusers.d/gst-xlnk.conf": "gst-xlnk.sysusers",
                 "opt/lib/tmpfiles.d/gst-xlnk.conf": "gst-xlnk.tmpfiles"}
        found = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
        require(found == sorted(files), f"{found}")
        for installed, name in files.items():
            same = (root / installed).read_bytes() == (self.source / "packaging" / name).read_bytes()
            require(same, f"{installed} is not {name}")

    def check_headers(self, compiler, *flags):
        if not shutil.which(compiler[0]):
            raise Skipped(f"no {compiler[0]}")
        program = self.work / "header.c"
        for header in self.headers():
            program.write_text(f"#include <gst/xlnk/{header.name}>\n#include <gst/xlnk/{header.name}>\n")
            run(*compiler, *flags, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", program,
                *self.pkg_config("--cflags").split(), env=self.env)

    def check_symbols(self):
        if not shutil.which("nm"):
            raise Skipped("no nm")
        names = [line.split()[-1].split("@")[0] for line in
                 run("nm", "-D", "--defined-only", self.libdir / "libgstxlnk-1.0.so").splitlines()]
        strange = [name for name in names if not re.match(r"gst_|xlnk_hw_|XLNK_|GSTXLNK|LIBGSTXLNK", name, re.I)]
        require(any(name == "gst_xlnk_allocator_get" for name in names), "the allocator is not exported")
        require(not strange, f"exported, but not of the interface: {strange}")

    def build_examples(self):
        # a copy, so that nothing beside them can be included
        examples = self.work / "examples"
        shutil.copytree(self.source / "examples", examples)
        run("make", "-C", examples, f"CC={' '.join(self.compiler)}", "CFLAGS=-O2 -Wall -Wextra -Werror", env=self.env)

    def example(self, name):
        program = self.work / "examples" / name
        require(program.exists(), f"{name} was not built")
        return program

    def print_planes(self, video_format, width, height):
        text = self.emulate(
            self.example("print-planes"),
            f"videotestsrc num-buffers=2 ! video/x-raw,format={video_format},width={width},height={height}"
            " ! xlnkaccel ! appsink name=sink sync=false")
        return [tuple(int(value, 16 if index == 2 else 10) for index, value in enumerate(match.groups()))
                for match in PLANE.finditer(text)]

    def check_planes(self, video_format, width, height, expected):
        rows = self.print_planes(video_format, width, height)
        require(len(rows) == 2 * len(expected), f"not two frames of {len(expected)} planes: {rows}")
        for (frame, plane, address, offset, stride, size), (index, row) in zip(rows, list(enumerate(expected)) * 2):
            where = f"frame {frame} plane {plane}: "
            require(plane == index, where + f"expected plane {index}")
            require((offset, stride, size) == row, where + f"{(offset, stride, size)}, expected {row}")
            require(plane > 0 or (address > 0 and address % 4096 == 0), where + f"{address:#x} is no page")
        self.check_inside_cma(rows)

    def check_inside_cma(self, rows):
        bases = {frame: address for frame, plane, address, *_ in rows if plane == 0}
        require(all(address == bases[frame] + offset for frame, _, address, offset, *_ in rows),
                "addresses and offsets disagree")
        end = max(address + size for _, _, address, _, _, size in rows)
        require(end < 1 << 32 and end - min(bases.values()) <= CMA, "the planes do not fit into CMA")
        require(len(set(bases.values())) == 2, "two frames in one place")

    def check_fill_buffers(self):
        text = self.emulate(self.example("fill-buffers"), "40")
        require("pushed 40 frames 40 copies 0" in text, text)

    def check_contact_sheet(self):
        sheet = self.work / "sheet.png"
        text = self.emulate(self.example("contact-sheet"), "--every=1", "--columns=2", "--rows=2", f"--output={sheet}",
                            "videotestsrc num-buffers=4 ! xlnkaccel ! appsink name=sink sync=false max-buffers=2")
        require("arrived 4\ncontiguous 4\n" in text and sheet.read_bytes().startswith(b"\x89PNG"), text)

    def check_without_board(self):
        if os.path.exists("/dev/xlnk"):
            raise Skipped("this machine is a board")
        for name in ("print-planes", "fill-buffers"):
            text = run(self.example(name), env=self.env, expect=None)
            require("xlnk-emulate" in text, f"{name} does not say what to do: {text}")

    def check_leak_is_seen(self):
        # The board has to notice when somebody is killed; else "no leak" everywhere above means nothing.
        text = self.emulate(
            "sh", "-c", f"'{self.example('fill-buffers')}' 1000000 & pid=$!;"
            " until [ $(cat /sys/kernel/debug/xlnk/live_blocks) -gt 0 ]; do sleep 0.1; done;"
            " kill -9 $pid; wait $pid; exit 0", expect=70)
        require("  leaked " in text, text)

    def check_readme(self):
        blocks = re.findall(r"^```c\n(.*?)^```$", (self.source / "README.md").read_text(encoding="utf-8"), re.M | re.S)
        require(len(blocks) == 1, f"{len(blocks)} C snippets in README.md")
        source, program = self.work / "readme.c", self.work / "readme"
        source.write_text(blocks[0])
        flags = self.pkg_config("--cflags", "--libs").split()
        run(*self.compiler, "-Wall", "-Wextra", "-Werror", "-o", program, source, *flags, env=self.env)
        text = self.emulate(program)
        require(re.search(r"read at 0x[1-9a-f][0-9a-f]*", text), text)

    def check_introspection(self, wanted):
        if not wanted:
            raise Skipped("built without")
        (gir,) = self.prefix.rglob("GstXlnk-1.0.gir")
        text = gir.read_text(encoding="utf-8")
        for name in ("gst_xlnk_allocator_get", "gst_xlnk_memory_get_phys_addr", "gst_xlnk_buffer_get_planes"):
            require(f'c:identifier="{name}"' in text, f"{name} is not in {gir.name}")
        run("g-ir-compiler", gir, "-o", self.work / "again.typelib", env=self.env)
        text = run("g-ir-inspect", "--version=1.0", "--print-shlibs", "GstXlnk", env=self.env)
        require("libgstxlnk-1.0.so.0" in text, text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--introspection", choices=("yes", "no"), required=True)
    parser.add_argument("compiler", nargs="+")
    options = parser.parse_args()

    user = Installation(options.source, options.work, options.compiler)
    try:
        user.install()
    except Failure as why:
        print("".join(f"# {line}\n" for line in str(why).splitlines()[-40:]), end="")
        print("Bail out! it cannot be installed")
        sys.exit(1)

    steps = [
        ("pkg-config finds it", lambda: user.check_pkg_config(options.version)),
        ("the files of udev and systemd, where they look", user.check_system_files),
        ("each header compiles alone in C", lambda: user.check_headers(options.compiler)),
        ("each header compiles alone in C++", lambda: user.check_headers(["c++"], "-x", "c++")),
        ("only the interface is exported", user.check_symbols),
        ("the examples build with pkg-config alone", user.build_examples),
    ]
    for video_format, width, height, planes in FRAMES:
        steps.append((f"planes of {video_format} {width}x{height}",
                      lambda frame=(video_format, width, height, planes): user.check_planes(*frame)))
    steps += [
        ("an application fills buffers without a copy", user.check_fill_buffers),
        ("a contact sheet is drawn", user.check_contact_sheet),
        ("without a board, the error says what to do", user.check_without_board),
        ("a killed application is seen as a leak", user.check_leak_is_seen),
        ("the C snippet of README.md builds and runs", user.check_readme),
        ("introspection data is installed and valid", lambda: user.check_introspection(options.introspection == "yes")),
    ]
    tap.report(steps)


if __name__ == "__main__":
    main()
