#!/usr/bin/env python3
"""prove.py PACKAGE: what becomes of the Debian package in real systems: in two that follow docs/INSTALL.md
(follow_install.py), and in one from its installation to its purge (clean_root.py).

`scripts/package prove` runs it; it is no ctest, for it takes root, debootstrap, systemd-nspawn, the network of packages
and minutes. Exit code 77: something of that is not here. $NEARMOST_ROOT: a tree that debootstrap made; it is copied.
"""
import os
import shutil
import sys
import tempfile

import clean_root
import follow_install

SKIPPED = 77
SUITE, INCLUDED = "bookworm", "systemd-sysv,dbus,iproute2"


def main():
    package, made = os.path.abspath(sys.argv[1]), os.environ.get("NEARMOST_ROOT")
    tools = ["systemd-nspawn", "nsenter", "ip", *([] if made else ["debootstrap"])]
    missing = [tool for tool in tools if not shutil.which(tool)]
    if os.geteuid() != 0 or missing:
        print(f"no {' and no '.join(missing) if missing else 'right to be root'}: skipped")
        return SKIPPED
    folder = tempfile.mkdtemp(prefix="nearmost-prove-")
    trees = [os.path.join(folder, "tree"), os.path.join(folder, "tree-of-machines")]
    try:
        if made:
            clean_root.run("cp", "-a", made, trees[0])
        else:
            clean_root.run("debootstrap", "--variant=minbase", f"--include={INCLUDED}", SUITE, trees[0])
        clean_root.run("cp", "-a", *trees)
        clean_root.prove(package, trees[0])
        follow_install.prove(package, trees[1])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


sys.exit(main())
