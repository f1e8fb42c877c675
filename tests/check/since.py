#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every exported function, and every property of the elements, has a documentation comment that says since when."""
import pathlib
import re
import sys

COMMENT = re.compile(r'/\*\*\n(?: \*(?!/).*\n)* \*/\n|[ ]+/\*\*\n(?:[ ]+\*(?!/).*\n)*[ ]+\*/\n')


def comments(text):
    """The name of what each comment is about, and whether it says since when."""
    found = {}
    for comment in COMMENT.findall(text):
        name = re.search(r'\* ([\w:-]+?):(?: |\n)', comment)
        if name:
            found[name.group(1)] = 'Since: ' in comment
    return found


def functions(text):
    return re.findall(r'^GST_XLNK_API\n[^;({]*?\b(gst_\w+) \(', text, re.M)


def properties(text):
    return re.findall(r'g_param_spec_\w+ \("([\w-]+)"', text)


def missing(path, prefix, find):
    text = path.read_text()
    known = comments(text)
    return [f'{path}: {prefix}{name}' for name in find(text) if not known.get(prefix + name)]


def main():
    root = pathlib.Path(sys.argv[1])
    bad, seen = [], 0
    for path in sorted((root / 'allocator').glob('*.h')):
        seen += len(functions(path.read_text()))
        bad += missing(path, '', functions)
    for path in sorted((root / 'plugin').glob('*.c')):
        seen += len(properties(path.read_text()))
        bad += missing(path, 'GstXlnkAccel:', properties)
    print('\n'.join(bad) if bad else f'{seen} documented')
    sys.exit(bool(bad) or seen < 50)


main()
