#!/usr/bin/env python3
"""Holds the include table: which folder may include and link which, and where foreign headers may appear.

LAYERS below is the table of docs/ARCHITECTURE.md; the two are compared, so neither can drift. Rules stand on
includes (text) and on the link lists of the folders' CMakeLists.txt.
"""
import re
import sys

from sources import bare, is_cpp, read_tree, report

# folder: (our folders it may include and link, foreign libraries it may include and link)
LAYERS = {
    "base": ([], ["spdlog", "xxhash", "nettle"]),
    "base/net": (["base"], ["os"]),
    "resources": (["base"], ["yaml-cpp", "nlohmann-json"]),
    "discovery/view": (["base", "resources"], []),
    "discovery": (["base", "resources", "discovery/view"], []),
    "discovery/rpc": (["base", "discovery", "proto"], ["os", "grpc"]),
    "discovery/sources": (["base", "base/net", "resources", "discovery"], ["os", "curl", "c-ares", "openssl"]),
    "dns": (["base", "discovery/view"], []),
    "dns/net": (["base", "base/net", "dns"], ["os", "c-ares"]),
    "forwarder/http": (["base"], []),
    "forwarder": (["base", "resources", "discovery/view", "forwarder/http"], ["absl", "re2"]),
    "forwarder/net": (["base", "base/net", "forwarder/http", "forwarder"], ["os", "absl", "nghttp2", "openssl"]),
    "agent": (["all"], ["all"]),
    "tests": (["all"], ["all"]),
}

# A foreign header stands in one file only, or has a reason to be in a folder that has no right to its library.
FILES = {
    "spdlog": {"base/log.cpp"},
    "xxhash": {"base/hash.cpp"},
    "nettle": {"base/digest.cpp"},
    "arpa/inet.h": {"base/address.cpp"},  # inet_pton and inet_ntop: text, no network
}
# What may cross threads (Inbox, Published) and write the log: the only locks outside the skins.
LOCKS = {"base/inbox.hpp", "base/published.hpp", "base/published.cpp", "base/log.cpp"}
GENERATED = re.compile(r"^proto/.*\.pb\.h$")  # protobuf ends in discovery/rpc

STANDARD = set("""
algorithm any array atomic bit bitset cctype cerrno cfloat charconv chrono cinttypes climits cmath compare complex
concepts coroutine cstdarg cstddef cstdint cstdio cstdlib cstring deque exception functional initializer_list
iterator limits list map memory memory_resource new numbers numeric optional ostream queue ranges ratio set
source_location span sstream stack stdexcept string string_view system_error tuple type_traits typeindex typeinfo
unordered_map unordered_set utility valarray variant vector version iomanip iosfwd istream
""".split())
OS_STANDARD = set("""
condition_variable csignal ctime filesystem fstream future iostream locale mutex random semaphore shared_mutex
stop_token syncstream thread barrier latch csetjmp
""".split())
FOREIGN = [
    ("os", re.compile(r"^(sys|netinet|arpa|net|linux|asm|bits)/|^(unistd|fcntl|poll|signal|netdb|sched|pthread|errno|"
                      r"time|dirent|dlfcn|ifaddrs|spawn|pwd|grp|termios|getopt|limits|stdlib|stdio|string|"
                      r"malloc|regex)\.h$")),
    ("spdlog", re.compile(r"^(spdlog|fmt)/")),
    ("xxhash", re.compile(r"^xxhash\.h$")),
    ("nettle", re.compile(r"^nettle/")),
    ("yaml-cpp", re.compile(r"^yaml-cpp/")),
    ("nlohmann-json", re.compile(r"^nlohmann/")),
    ("absl", re.compile(r"^absl/")),
    ("re2", re.compile(r"^re2/")),
    ("curl", re.compile(r"^curl/")),
    ("c-ares", re.compile(r"^ares.*\.h$")),
    ("openssl", re.compile(r"^openssl/")),
    ("nghttp2", re.compile(r"^nghttp2/")),
    ("grpc", re.compile(r"^(grpc|grpcpp|google/protobuf)/")),
    ("cli11", re.compile(r"^CLI/")),
    ("catch2", re.compile(r"^catch2/")),
    ("std::regex", re.compile(r"^regex$")),  # RE2 is ours: linear in the text
    ("sanitizer", re.compile(r"^sanitizer/")),
]
LINKS = {
    "spdlog::spdlog": "spdlog", "PkgConfig::XXHASH": "xxhash", "PkgConfig::NETTLE": "nettle", "yaml-cpp": "yaml-cpp",
    "nlohmann_json::nlohmann_json": "nlohmann-json", "absl::flat_hash_map": "absl",
    "absl::inlined_vector": "absl", "absl::node_hash_map": "absl",
    "PkgConfig::RE2": "re2", "re2::re2": "re2",
    "CURL::libcurl": "curl", "PkgConfig::CARES": "c-ares", "OpenSSL::SSL": "openssl", "OpenSSL::Crypto": "openssl",
    "PkgConfig::NGHTTP2": "nghttp2", "gRPC::grpc++": "grpc", "protobuf::libprotobuf": "grpc",
    "protobuf::libprotobuf-lite": "grpc", "gRPC::grpc++_reflection": "grpc", "CLI11::CLI11": "cli11",
    "Threads::Threads": None, "strict_warnings": None,  # None: any folder
}


def layer_of(path):
    """The folder of the table that a path lies in: the longest that fits; "" when none does."""
    best = ""
    for layer in list(LAYERS) + ["proto"]:
        if path.startswith(layer + "/") and len(layer) > len(best):
            best = layer
    return best


def foreign_of(header):
    """The foreign library of a header; "std" for pure standard headers; None when it is not known."""
    if header in STANDARD:
        return "std"
    if header in OS_STANDARD:
        return "os"
    return next((name for name, pattern in FOREIGN if pattern.search(header)), None)


def check_include(path, layer, quoted, header):
    """What is wrong with one include; None when nothing is."""
    ours, foreign = LAYERS[layer]
    if quoted:
        target = layer_of(header)
        if not target:
            return f'"{header}" is not a path from the root (foreign headers are included with <…>)'
        if GENERATED.match(header) and layer not in ("discovery/rpc", "tests"):
            return f'"{header}": protobuf ends in discovery/rpc'
        if target == layer or "all" in ours or target in ours:
            return None
        return f'"{header}": {layer} may not include {target}'
    library = foreign_of(header)
    if library is None:
        return f"<{header}> is not known to scripts/check_layers.py: give it a row"
    if library == "std" or path in FILES.get(library, FILES.get(header, ())):
        return None
    if library in FILES and path.split("/")[0] != "tests":
        return f"<{header}>: only {', '.join(sorted(FILES[library]))} may include it"
    if header == "mutex" and path in LOCKS:
        return None
    if "all" in foreign or library in foreign:
        return None
    return f"<{header}>: {layer} may not include {library} headers"


def check_includes(files):
    complaints = []
    for path, text in files.items():
        layer = layer_of(path)
        if not is_cpp(path) or layer not in LAYERS:
            continue
        for number, line in enumerate(bare(text).split("\n"), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                wrong = check_include(path, layer, match.group(1) == '"', match.group(2))
                if wrong:
                    complaints.append(f"{path}:{number}: {wrong}")
    return complaints


LIST = re.compile(r"\b(nearmost_library|target_link_libraries|add_library)\s*\(\s*([^()]*)\)")


def check_links(files):
    """Each folder's CMakeLists.txt: its targets, and what they link, obey the table."""
    complaints = []
    for path, text in files.items():
        layer = layer_of(path)
        if not path.endswith("CMakeLists.txt") or layer in ("", "tests", "agent", "proto"):
            continue
        ours, foreign = LAYERS[layer]
        own = layer.replace("/", "_")
        for command, words in LIST.findall(re.sub(r"#[^\n]*", "", text)):
            words = words.split()
            if not words:
                continue
            if words[0] != own:
                complaints.append(f"{path}: target {words[0]}: folder = target, so it is called {own}")
            linking = command == "target_link_libraries"
            for word in words[1:]:
                if word in ("PUBLIC", "PRIVATE", "INTERFACE", "SOURCES", "STATIC"):
                    linking = linking if command == "target_link_libraries" else word in ("PUBLIC", "PRIVATE")
                elif linking and not may_link(word, ours, foreign):
                    complaints.append(f"{path}: {own} may not link {word}")
    return complaints


def may_link(word, ours, foreign):
    if word in LINKS:
        return LINKS[word] is None or LINKS[word] in foreign
    return word.replace("_", "/", 1) in ours or word in ours


def table_of(markdown):
    """The layer table as ARCHITECTURE.md has it: rows `| folder | may include | foreign |` below "folder"."""
    rows, inside = {}, False
    for line in markdown.split("\n"):
        cells = [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] == "folder":
            inside = True
        elif inside and not set(cells[0]) <= set("-: "):
            lists = [[word.strip() for word in cell.split(",") if word.strip() not in ("", "–")] for cell in cells[1:3]]
            rows[cells[0]] = tuple(lists)
    return rows


def check_table(files):
    """The table people read and the table above are one."""
    written = table_of(files.get("docs/ARCHITECTURE.md", ""))
    complaints = []
    for layer in sorted(set(LAYERS) | set(written)):
        if layer == "tests":
            continue
        said, held = written.get(layer), LAYERS.get(layer)
        if said is None or held is None or [sorted(x) for x in said] != [sorted(x) for x in held]:
            complaints.append(f"docs/ARCHITECTURE.md: layer {layer}: the document says {said}, check_layers.py {held}")
    return complaints


def check(files):
    return check_includes(files) + check_links(files) + check_table(files)


if __name__ == "__main__":
    tree = read_tree(*sys.argv[1:2])
    report("layers", check(tree), tree)
