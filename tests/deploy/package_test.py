#!/usr/bin/env python3
"""package_test.py NEARMOST BUILD: the Debian package of what is built holds what it should, where it should.

Exit code 77: there is no cpack or dpkg-dev here. What becomes of it when it is installed is prove.py's to say.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
CONTENTS = {  # path: mode and owner
    "/usr/bin/nearmost": "-rwxr-xr-x root/root",
    "/usr/lib/systemd/system/nearmost.service": "-rw-r--r-- root/root",
    "/usr/lib/systemd/system/nearmost.socket": "-rw-r--r-- root/root",
    "/usr/lib/sysusers.d/nearmost.conf": "-rw-r--r-- root/root",
    "/etc/nearmost/agent.yaml": "-rw-r--r-- root/root",
    "/etc/nearmost/resources/": "drwxr-xr-x root/root",
    "/usr/share/doc/nearmost/README.md": "-rw-r--r-- root/root",
    "/usr/share/doc/nearmost/docs/DOCUMENTS.md": "-rw-r--r-- root/root",
    "/usr/share/doc/nearmost/copyright": "-rw-r--r-- root/root",
}
LINKED = ("libc6", "libssl3", "libcares2|libc-ares2")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=220)
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def contents_of(package):
    lines = run("dpkg-deb", "--contents", package).split("\n")
    return {words[5][1:]: f"{words[0]} {words[1]}" for words in map(str.split, lines) if words}


def main():
    binary, build = map(os.path.abspath, sys.argv[1:3])
    missing = [tool for tool in ("cpack", "dpkg-deb", "dpkg-shlibdeps") if not shutil.which(tool)]
    if missing:
        print(f"no {' and no '.join(missing)}: skipped")
        return SKIPPED
    folder = tempfile.mkdtemp(prefix="nearmost-package-")
    run("cpack", "-G", "DEB", "--config", os.path.join(build, "CPackConfig.cmake"), "-B", folder)
    version = run(binary, "version").split()[-1]
    architecture = run("dpkg", "--print-architecture").strip()
    package = os.path.join(folder, f"nearmost_{version}_{architecture}.deb")
    contents = contents_of(package)
    for path, expected in CONTENTS.items():
        assert contents.get(path) == expected, f"{path}: {contents.get(path)}, expected {expected}"
    strays = [path for path in contents if not re.match(r"/(usr|etc)/", path) or path.startswith("/usr/local")]
    assert not strays, f"not where Debian has it: {strays}"
    depends = run("dpkg-deb", "--field", package, "Depends")
    for library in (*LINKED, "libcurl4"):
        assert re.search(rf"\b({library})\b", depends), f"{library} is not in {depends}"
    control = os.path.join(folder, "control")
    run("dpkg-deb", "--control", package, control)
    with open(os.path.join(control, "conffiles"), encoding="utf-8") as file:
        assert file.read() == "/etc/nearmost/agent.yaml\n", "what an operator edits is a conffile"
    for script in "postinst", "prerm", "postrm":
        path = os.path.join(control, script)
        assert os.access(path, os.X_OK), f"{script} can be run"
        run("sh", "-n", path)
    shutil.rmtree(folder)
    print(f"nearmost {version} {architecture}: {len(contents)} files")
    return 0


sys.exit(main())
