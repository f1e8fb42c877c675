#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What language bindings see of a class is all of it or nothing: half of it would promise what cannot be used."""
import sys
import xml.etree.ElementTree as ET

CORE = '{http://www.gtk.org/introspection/core/1.0}'
CALLABLE = [CORE + kind for kind in ('constructor', 'function', 'method', 'virtual-method')]


def split(parent):
    """The names of its functions that bindings see, and of those that they do not."""
    seen, hidden = [], []
    for item in parent:
        if item.tag in CALLABLE:
            (hidden if item.get('introspectable') == '0' else seen).append(item.get('name'))
    return seen, hidden


def main():
    classes = {item.get('name'): split(item) for item in ET.parse(sys.argv[1]).getroot().iter(CORE + 'class')}
    halves = {name: parts for name, parts in classes.items() if all(parts)}
    for name, (seen, hidden) in halves.items():
        print(f'{name}: bindings see {", ".join(seen)}, and not {", ".join(hidden)}')
    print(f'{len(classes)} classes')
    sys.exit(bool(halves) or not any(seen for seen, hidden in classes.values()))


main()
