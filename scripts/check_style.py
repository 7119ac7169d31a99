#!/usr/bin/env python3
"""Holds the form of the code: sizes, words that do not belong, the coroutine rule of GCC 12.2, opening comments.

Each rule names what to do instead. Text rules only: the compiler's warnings and clang-format do the rest.
"""
import re
import sys

from check_layers import layer_of
from sources import bare, is_cpp, read_tree, report

MAX_COLUMNS = 120
MAX_FILE_LINES = 500
USUAL_FILE_LINES = 250
MAX_FUNCTION_LINES = 60

SKINS = {"base/net", "discovery/rpc", "discovery/sources", "dns/net", "forwarder/net", "agent", "tests"}
# What a brain may not do by itself: the word, and what it does instead.
AMBIENT = [
    (r"\b(steady|system|high_resolution)_clock::now\b", "take `now` as an argument"),
    (r"\bsystem_clock\b", "wall clocks decide nothing: take a TimePoint"),
    (r"\b(clock_gettime|gettimeofday|time\s*\(\s*(nullptr|NULL|0)\s*\))", "take `now` as an argument"),
    (r"\brandom_device\b", "take a base::Random in the constructor"),
    (r"\bs?rand\s*\(", "take a base::Random in the constructor"),
    (r"\bstd::j?thread\b", "threads are the skins' and the agent's"),
    (r"\bgetenv\b", "the environment is read in agent/ only"),
    (r"\bcatch\s*\(", "brains call nothing that throws"),
]
EXCEPTIONS = {
    ("discovery/rpc/grpc_log.cpp", "static"),  # gRPC has one log function for the process and no context for it
    ("agent/demo/narrator.cpp", "sleep_for"),  # the demo asks other processes again and again
    ("base/net/frame_pool.cpp", "thread_local"),  # coroutine frames have no other way to their thread's pool
    ("base/log.cpp", "catch"),  # a log that cannot be written must not end the program
    ("resources/yaml_reader.cpp", "catch"),  # yaml-cpp reports by throwing
}
# Wrong everywhere.
ANYWHERE = [
    (r"\bthis_thread::sleep_\w+|\b(usleep|nanosleep)\b|(?<![\w.>])sleep\s*\(",
     "nothing sleeps: wait for an event with a deadline"),
    (r"^\s*(static|thread_local)\s+(?!const\b|constexpr\b|inline\b)[\w:<>,*& ]+\s\w+\s*(=|\{|;)",
     "no static mutable state: give it an owner"),
    (r"\bgoto\b", "no goto"),
    (r"\busing namespace std\s*;", "name what is used"),
    (r"\b(get_?instance|GetInstance)\s*\(", "no singletons: pass it"),
]
BANNED_STEMS = {"util", "utils", "utility", "common", "helper", "helpers", "manager", "misc", "handler", "handlers",
                "impl"}
# Machine paths, written so that this file does not hold them.
MACHINE_PATHS = re.compile("(?<![\\w.-])/(?:" + "work|root|" + "home)/")


def check_sizes(path, text):
    lines = text.split("\n")
    if path.endswith((".hpp", ".cpp", ".py", ".proto", "CMakeLists.txt")):
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_COLUMNS:
                yield f"{path}:{number}: {len(line)} columns, at most {MAX_COLUMNS}"
        if len(lines) > MAX_FILE_LINES:
            yield f"{path}: {len(lines)} lines, at most {MAX_FILE_LINES}: a second idea hides in it"


def functions(code):
    """(first line, lines, opening text) of each function body in bare C++ as clang-format leaves it.

    A brace opens a function when what stands before it has parentheses and no word that says otherwise, and no
    function is open around it; a lambda counts as part of the function that holds it.
    """
    found, stack, start, line, depth = [], [], 0, 1, 0
    for i, c in enumerate(code):
        if c == "\n":
            line += 1
        if c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
        elif c == "{":
            before = code[start:i]
            kind = "initializer"
            if depth == 0 and not re.search(r"[\w>=,(\]]$|[=,(]\s*$|\breturn\s*$", before):
                kind = "function" if opens_function(before) else "block"
            elif depth == 0 and re.search(r"\b(do|else|try)$", before.rstrip()):
                kind = "block"
            stack.append((kind, line, before.strip(), depth))
            if kind != "initializer":
                start, depth = i + 1, 0
        elif c == "}" and stack:
            kind, first, opening, outer = stack.pop()
            if kind != "initializer":
                start, depth = i + 1, outer
            if kind == "function" and not any(k == "function" for k, *_ in stack):
                found.append((first, line - first + 1, opening))
        elif c == ";" and depth == 0:
            start = i + 1
    return found


def opens_function(before):
    head = re.sub(r"^\s*#[^\n]*$", "", before, flags=re.M).strip()
    head = re.sub(r"^(public|private|protected)\s*:\s*", "", head)
    if "(" not in head or re.match(r"(if|for|while|switch|else|do|catch|namespace|enum|union)\b", head):
        return False
    return not re.match(r"(template\s*<.*>\s*)?(class|struct)\b[^()]*$", head, re.S)


def check_functions(path, code):
    if path.startswith("tests/"):
        return
    for first, length, opening in functions(code):
        if length > MAX_FUNCTION_LINES:
            name = opening.split("(")[0].split()[-1:] or ["?"]
            yield f"{path}:{first}: function {name[0]} has {length} lines, at most {MAX_FUNCTION_LINES}"


def check_words(path, code):
    layer = layer_of(path)
    rules = list(ANYWHERE)
    if layer and layer not in SKINS:
        rules += AMBIENT
    for number, line in enumerate(code.split("\n"), 1):
        for pattern, instead in rules:
            match = re.search(pattern, line)
            if match and not any(path == where and word in match.group(0) for where, word in EXCEPTIONS):
                yield f"{path}:{number}: {match.group(0).strip(' (')}: {instead}"


def statement_around(code, at):
    """(text before, text after) inside the statement that holds code[at]; after is None if no `;` ends it."""
    depth, i = 0, at - 1
    while i >= 0:
        if code[i] in ")]":
            depth += 1
        elif code[i] in "([":
            depth -= 1
            if depth < 0:
                return code[i:at], None
        elif depth == 0 and code[i] in ";{}":
            break
        i -= 1
    before, depth, j = code[i + 1:at], 0, at
    while j < len(code):
        if code[j] in "([{":
            depth += 1
        elif code[j] in ")]}":
            depth -= 1
            if depth < 0:
                return before, None
        elif depth == 0 and code[j] == ";":
            return before, code[at:j]
        j += 1
    return before, None


AWAIT_BEFORE = re.compile(
    r"^\s*(else\b\s*)?((if\s*(constexpr\s*)?|for\s*|while\s*)\((?!.*\bco_await\b).*\)|case\b[^;]*:|default\s*:|do)?\s*"
    r"(([\w:<>, ]+?[&*\s]+)?(\w+|auto\s*&{0,2}\s*\[[\w\s,]+\])\s*=\s*)?$", re.S)


def check_coroutines(path, code):
    """GCC 12.2 miscompiles co_await in conditions and inside larger expressions: it stands alone, or what it gives
    goes to one plain name."""
    for match in re.finditer(r"\bco_await\b", code):
        before, after = statement_around(code, match.start())
        before = re.sub(r"^\s*#[^\n]*$", "", before, flags=re.M)
        if after is None or not AWAIT_BEFORE.match(before) or re.search(r"\bco_await\b", after[8:]):
            number = code.count("\n", 0, match.start()) + 1
            yield f"{path}:{number}: co_await: only as a whole statement or in `v = co_await …;` (GCC 12.2)"


def check_header(path, text):
    if not path.endswith(".hpp"):
        return
    if "\n#pragma once\n" not in "\n" + text:
        yield f"{path}: no #pragma once"
    if not text.startswith("//"):
        yield f"{path}: a header opens with its idea: a comment on the first line"


def check_own_header(path, text, files):
    """x.cpp includes x.hpp first: so each header with a .cpp is known to compile by itself."""
    header = path[:-4] + ".hpp"
    first = re.search(r'^#include [<"]([^>"]+)[>"]', text, re.M)
    if path.endswith(".cpp") and header in files and (not first or first.group(1) != header):
        yield f'{path}: includes "{header}" before anything else'


def check_name(path):
    name = path.split("/")[-1]
    if is_cpp(path) and BANNED_STEMS & set(re.split(r"[_.-]", name)):
        yield f"{path}: a name that says nothing: call the file by what it is"


def check_text(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if is_cpp(path) and re.search(r"\b(TODO(?!\([\w/ -]+\))|FIXME|XXX)\b", line):
            yield f"{path}:{number}: TODO(area) in so many words, or an issue"
        if MACHINE_PATHS.search(line):
            yield f"{path}:{number}: a path of one machine"


def check(files):
    complaints = []
    for path, text in files.items():
        complaints += check_sizes(path, text)
        complaints += check_text(path, text)
        if is_cpp(path):
            code = bare(text)
            complaints += check_name(path)
            complaints += check_header(path, text)
            complaints += check_own_header(path, text, files)
            complaints += check_words(path, code)
            complaints += check_functions(path, code)
            complaints += check_coroutines(path, code)
    return complaints


def long_files(files):
    sizes = {path: text.count("\n") for path, text in files.items() if is_cpp(path)}
    return [f"{path}: {lines} lines" for path, lines in sorted(sizes.items()) if lines > USUAL_FILE_LINES]


if __name__ == "__main__":
    tree = read_tree(*sys.argv[1:2])
    for note in long_files(tree):
        print(f"note: {note}, usually at most {USUAL_FILE_LINES}")
    report("style", check(tree), tree)
