#!/usr/bin/env python3
"""guards_test.py FOLDER COMPILER…: each guard is shown a planted violation and must name it, and a clean twin and must
stay silent. FOLDER takes what the compiler writes.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import check_docs
import check_headers
import check_layers
import check_style

HEADER = "// An idea.\n#pragma once\n"

# (guard, path, text, words that the only complaint must hold; "" = no complaint)
LAYERS = [
    ("dns/a.cpp", '#include "discovery/view/view.hpp"\n', ""),
    ("dns/a.cpp", '#include "forwarder/table.hpp"\n', "dns may not include forwarder"),
    ("forwarder/a.cpp", '#include "dns/name.hpp"\n', "forwarder may not include dns"),
    ("discovery/a.cpp", '#include "discovery/rpc/wire.hpp"\n', "discovery may not include discovery/rpc"),
    ("base/a.cpp", '#include "resources/object.hpp"\n', "base may not include resources"),
    ("dns/net/a.cpp", '#include "agent/config.hpp"\n', "dns/net may not include agent"),
    ("agent/a.cpp", '#include "proto/gossip.pb.h"\n', "protobuf ends in discovery/rpc"),
    ("discovery/rpc/wire.cpp", '#include "proto/gossip.pb.h"\n', ""),
    ("dns/a.cpp", '#include "name.hpp"\n', "not a path from the root"),
    ("dns/a.cpp", "#include <vector>\n", ""),
    ("dns/a.cpp", "#include <thread>\n", "dns may not include os"),
    ("dns/a.cpp", "#include <sys/socket.h>\n", "dns may not include os"),
    ("dns/a.cpp", '// #include <thread>\n"#include <thread>";\n', ""),
    ("dns/net/a.cpp", "#include <sys/socket.h>\n", ""),
    ("dns/net/a.cpp", "#include <curl/curl.h>\n", "may not include curl"),
    ("forwarder/a.cpp", "#include <re2/re2.h>\n", ""),
    ("resources/a.cpp", "#include <re2/re2.h>\n", "may not include re2"),
    ("base/time.cpp", "#include <spdlog/spdlog.h>\n", "only base/log.cpp"),
    ("agent/a.cpp", "#include <spdlog/spdlog.h>\n", "only base/log.cpp"),
    ("base/log.cpp", "#include <spdlog/spdlog.h>\n", ""),
    ("base/inbox.hpp", "#include <mutex>\n", ""),
    ("dns/a.hpp", "#include <mutex>\n", "dns may not include os"),
    ("base/a.cpp", "#include <boost/asio.hpp>\n", "not known"),
    ("dns/CMakeLists.txt", "nearmost_library(dns\n  SOURCES a.cpp\n  PUBLIC base discovery_view)\n", ""),
    ("dns/CMakeLists.txt", "nearmost_library(dns SOURCES a.cpp PUBLIC base forwarder)\n", "may not link forwarder"),
    ("dns/CMakeLists.txt", "target_link_libraries(dns PRIVATE PkgConfig::CARES)\n", "may not link PkgConfig::CARES"),
    ("dns/CMakeLists.txt", "nearmost_library(names SOURCES a.cpp)\n", "folder = target"),
    ("dns/net/CMakeLists.txt",
     "nearmost_library(dns_net SOURCES a.cpp PUBLIC dns base_net\n  PRIVATE PkgConfig::CARES)\n", ""),
]

STYLE = [
    ("dns/a.cpp", "int a;\n", ""),
    ("dns/a.cpp", "// " + "a" * 118 + "\n", "columns"),
    ("dns/a.cpp", "\n" * 501, "lines, at most 500"),
    ("dns/a.cpp", "auto t = std::chrono::steady_clock::now();\n", "take `now` as an argument"),
    ("dns/a.cpp", "// steady_clock::now() is banned\nauto s = \"getenv\";\n", ""),
    ("dns/net/a.cpp", "auto t = std::chrono::steady_clock::now();\n", ""),
    ("dns/a.cpp", "std::thread t;\n", "skins"),
    ("dns/a.cpp", "std::random_device d;\n", "base::Random"),
    ("dns/a.cpp", 'auto p = getenv("HOME");\n', "environment"),
    ("dns/a.cpp", "auto t = time(nullptr);\n", "take `now` as an argument"),
    ("dns/a.cpp", "try {\n} catch (...) {\n}\n", "throws"),
    ("tests/unit/dns/a_test.cpp", "std::this_thread::sleep_for(1s);\n", "nothing sleeps"),
    ("agent/a.cpp", "usleep(10);\n", "nothing sleeps"),
    ("dns/a.cpp", "static int count = 0;\n", "no static mutable state"),
    ("dns/a.cpp", "  thread_local std::map<int, int> seen;\n", "no static mutable state"),
    ("dns/a.cpp", "static const int kA = 0;\nstatic int f();\nstatic constexpr int kB = 1;\n", ""),
    ("dns/string_util.cpp", "int a;\n", "a name that says nothing"),
    ("dns/a.hpp", HEADER, ""),
    ("dns/a.hpp", "// An idea.\n", "#pragma once"),
    ("dns/a.hpp", "#pragma once\n", "opens with its idea"),
    ("dns/a.cpp", "// TODO: later\n", "TODO(area)"),
    ("dns/a.cpp", "// TODO(dns): later\n", ""),
    ("scripts/a", "cd /" + "work/main\n", "a path of one machine"),
    ("docs/a.md", "see ~/x and /" + "home/me/x\n", "a path of one machine"),
    ("docs/a.md", "https://example.org/" + "work/x\n", ""),
    ("base/net/a.cpp",
     "Task<> f() {\n  co_await g();\n  auto v = co_await g();\n  const auto& w = co_await g();\n}\n", ""),
    ("base/net/a.cpp", "Task<> f() {\n  if (x) co_await g();\n  while (y) {\n    co_await g(1, {2});\n  }\n}\n", ""),
    ("base/net/a.cpp", "Task<> f() {\n  spawn([] () -> Task<> { co_await g(); });\n}\n", ""),
    ("base/net/a.cpp", "Task<> f() {\n  if (x)\n    v = co_await g();\n  else if (y)\n    v = co_await h();\n}\n", ""),
    ("base/net/a.cpp", "Task<> f() {\n  if (x) {\n  } else if (co_await g()) h();\n}\n", "co_await"),
    ("base/net/a.cpp", "Task<> f() {\n  if (co_await g()) h();\n}\n", "co_await"),
    ("base/net/a.cpp", "Task<> f() {\n  while (co_await g()) {\n  }\n}\n", "co_await"),
    ("base/net/a.cpp", "Task<> f() {\n  co_return co_await g();\n}\n", "co_await"),
    ("base/net/a.cpp", "Task<> f() {\n  h(co_await g());\n}\n", "co_await"),
    ("base/net/a.cpp", "Task<> f() {\n  auto v = (co_await g()).value();\n}\n", "co_await"),
    ("base/net/a.cpp", "Task<> f() {\n  v = co_await g();\n  const bool w = co_await g();\n}\n", ""),
    ("base/net/a.cpp", "Task<> f() {\n  v = 1 + co_await g();\n}\n", "co_await"),
    ("base/net/a.cpp", "Task<> f() {\n  co_await loop.sleep_until(t);\n}\n", ""),
    ("base/net/a.cpp", "Task<> f() {\n  auto v = X{co_await g()};\n}\n", "co_await"),
]

LONG = "  a();\n" * 70
STYLE += [
    ("dns/a.cpp", "namespace dns {\nvoid f(int a) {\n" + LONG + "}\n}\n", "function f has 72 lines"),
    ("dns/a.cpp", "namespace {\nclass A {\n public:\n  A(int b) : b_{b} {\n" + LONG + "  }\n};\n}\n", "function A has"),
    ("dns/a.cpp", "auto f() -> int {\n" + LONG + "}\n", "function f has"),
    ("dns/a.cpp",
     "std::array<int, 3> A::f(int a) const noexcept {\n  if (a) {\n" + LONG + "  }\n}\n", "function A::f has"),
    ("dns/a.cpp", "constexpr int kTable[] = {\n" + "  1,\n" * 90 + "};\n", ""),
    ("dns/a.cpp", "namespace dns {\n" + "void f() {\n  a();\n}\n" * 40 + "}\n", ""),
    ("dns/a.cpp", "class A {\n" + "  int f() { return 1; }\n" * 80 + "};\n", ""),
    ("tests/unit/dns/a_test.cpp", "TEST_CASE(\"a\") {\n" + LONG + "}\n", ""),
]

OWN_HEADER = [
    ("dns/b.cpp", '#include "dns/b.hpp"\n\n#include <vector>\n', ""),
    ("dns/b.cpp", '#include <vector>\n#include "dns/b.hpp"\n', "before anything else"),
]

DOCS = [
    ("README.md", "see dns/a.cpp, `scripts/demo` and dns/\n", ""),
    ("README.md", "see dns/a.{cpp,hpp}\n", "dns/a.hpp does not exist"),
    ("README.md", "run scripts/absent\n", "scripts/absent does not exist"),
    ("README.md", "a module: dns/a; a match: dns/*.cpp; https://example.org/dns/absent\n", ""),
    ("docs/A.md", "[readme](../README.md) [gone](GONE.md)\n", "docs/GONE.md does not exist"),
    ("docs/ARCHITECTURE.md", "\n" * 201, "at most 200"),
]


def run(check, cases, around=()):
    failures = 0
    for path, text, expected in cases:
        complaints = [c for c in check({**dict(around), path: text}) if path.split(".")[0] in c]
        right = not complaints if expected == "" else len(complaints) == 1 and expected in complaints[0]
        if not right:
            failures += 1
            print(f"{path}: {text[:80]!r}\n  expected: {expected!r}\n  got: {complaints}")
    return failures


def the_table_cannot_drift():
    rows = "".join(f"| `{k}` | {', '.join(a) or '–'} | {', '.join(b) or '–'} |\n"
                   for k, (a, b) in check_layers.LAYERS.items() if k != "tests")
    table = "| folder | may include | foreign |\n|---|---|---|\n" + rows
    failures = len(check_layers.check_table({"docs/ARCHITECTURE.md": table}))
    changed = table.replace("| `dns` | base, discovery/view |", "| `dns` | base, discovery/view, forwarder |")
    if changed == table or len(check_layers.check_table({"docs/ARCHITECTURE.md": changed})) != 1:
        failures += 1
        print("a changed layer table was not noticed")
    return failures


def a_header_that_leans_on_others_is_found():
    folder, compiler = sys.argv[1], sys.argv[2:]
    os.makedirs(os.path.join(folder, "dns"), exist_ok=True)
    for name, text in [("leaning", "std::string name();\n"), ("standing", "#include <string>\nstd::string name();\n")]:
        with open(os.path.join(folder, "dns", name + ".hpp"), "w", encoding="utf-8") as file:
            file.write(HEADER + text)
    headers = ["dns/leaning.hpp", "dns/standing.hpp"]
    found = [header for header, _ in check_headers.broken(folder, compiler, folder, headers)]
    wrong = check_headers.unproven(dict.fromkeys([*headers, "dns/standing.cpp", "tests/a.hpp"], "")) != headers[:1]
    if wrong or found != headers[:1]:
        print(f"of {headers} the guard of headers found {found}")
        return 1
    return 0


def main():
    failures = run(lambda files: check_layers.check_includes(files) + check_layers.check_links(files), LAYERS)
    failures += run(check_style.check, STYLE)
    failures += run(check_style.check, OWN_HEADER, [("dns/b.hpp", HEADER)])
    failures += run(check_docs.check, DOCS, [("dns/a.cpp", ""), ("scripts/demo", ""), ("README.md", "")])
    failures += the_table_cannot_drift()
    failures += a_header_that_leans_on_others_is_found()
    cases = len(LAYERS) + len(STYLE) + len(OWN_HEADER) + len(DOCS) + 3
    print(f"{cases} cases, {failures} failures")
    sys.exit(1 if failures else 0)


main()
