#!/usr/bin/env python3
"""image_test.py: what can be said of deploy/Dockerfile without building it, which takes a container engine and minutes.
"""
import fnmatch
import os
import re

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def text_of(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def instructions():
    """[(instruction, the rest)], a continued line as one."""
    text = re.sub(r"^\s*#.*\n", "", text_of("deploy", "Dockerfile"), flags=re.M)
    lines = re.sub(r"\\\n\s*", " ", text).split("\n")
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]


def main():
    ignored = [line for line in text_of("deploy", "Dockerfile.dockerignore").split("\n") if line and line[0] != "#"]
    lines = instructions()
    bases = [rest.split()[0] for name, rest in lines if name == "FROM"]
    for base in bases:
        assert re.fullmatch(r"debian:bookworm(-slim)?", base), f"{base}: the bare name, and a tag that is not latest"
    last = max(at for at, (name, _) in enumerate(lines) if name == "FROM")
    user = [rest for name, rest in lines[last:] if name == "USER"]
    assert len(user) == 1 and re.fullmatch(r"[1-9]\d*:[1-9]\d*", user[0]), f"a user by number, and not root: {user}"
    for rest in (rest for name, rest in lines[:last] if name == "COPY"):
        for source in rest.split()[:-1]:
            assert os.path.exists(os.path.join(ROOT, source)), f"{source} is not there"
            assert not any(fnmatch.fnmatch(source, pattern) for pattern in ignored), f"{source} is ignored"
    for rest in (rest for name, rest in lines[:last] if name == "RUN"):
        script = rest.split()[0]
        assert os.access(os.path.join(ROOT, script), os.X_OK), f"{script} cannot be run"
    made = {rest.split()[-1] for name, rest in lines if name == "WORKDIR"}
    for rest in (rest for name, rest in lines[last:] if name == "COPY"):
        stage, source = rest.split()[:2]
        folder = source.removeprefix("/src/").rstrip("/")
        assert stage == "--from=build" and made == {"/src"}, rest
        assert f" {folder}/" in text_of("scripts", "package"), f"scripts/package does not write {folder}"
    assert ("ENTRYPOINT", '["/usr/bin/nearmost"]') in lines[last:], "where the package puts it"
    subfolders = set(re.findall(r"^\s*add_subdirectory\((\w+)", text_of("CMakeLists.txt"), re.M)) - {"tests"}
    assert not subfolders & set(ignored), "what the build reads is not ignored"
    print(f"{len(lines)} instructions, {len(bases)} stages")


main()
