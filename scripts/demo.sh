#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# demo.sh: a video through an FPGA core, on any machine, in a few minutes. Installs what is missing, builds, plays
# tests/data/bbb-640x360-5s.ogv on an emulated board through xlnkaccel and a core that finds edges, and makes a contact
# sheet of the frames before and after. Exit status 0 only if every frame came out, none was copied, nothing leaked, and
# nothing happened that a real board's caches would have punished.

# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

clip=$top/tests/data/bbb-640x360-5s.ogv
frames=120                      # in the clip: tests/data/README.md
demo=$build/demo
sheet=$demo/contact-sheet.png

core=hls,uio=sobel,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30

play ()
{
  meson devenv -C "$build" \
    xlnk-emulate --strict --core sobel=sobel --report "$demo/report.json" -- \
    contact-sheet --before=accel --every=$((frames / 10)) --columns=4 --rows=5 --output="$sheet" \
    "filesrc location=\"$clip\" ! oggdemux ! theoradec ! videoconvert ! video/x-raw,format=RGBA !
     xlnkaccel name=accel accelerator=\"$core\" output-caps=video/x-raw,format=GRAY8 !
     appsink name=sink sync=false max-buffers=4"
}

need_packages "${build_packages[@]}"

say "Building in ${build#"$PWD"/}"
configure "$build"
compile "$build" emulator/xlnk-emulate emulator/libxlnkemulator.so plugin/libgstxlnk.so examples/contact-sheet

say "Playing ${clip##*/} through an edge detector on an emulated board"
mkdir -p "$demo"
rm -f "$sheet" "$demo/report.json"
status=0
play >"$demo/numbers.txt" 2>"$demo/board.log" || status=$?
if [ "$status" -ne 0 ]; then
  cat "$demo/board.log" >&2
  die "the pipeline ended with status $status"
fi

python3 "$top/scripts/demo-summary.py" "$frames" "$demo/numbers.txt" "$demo/report.json" "$sheet"
