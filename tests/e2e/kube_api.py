"""A Kubernetes API server for tests: LIST in pages and WATCH, as "Kubernetes API Concepts" documents them.

Objects are written by put() and delete(), each of which takes the next resource version. Lists are snapshots: pages of
one list come from one version, by a continue token that compact() makes expire (410). A watch from a version that is
compacted is told so by HTTP 410 or, as servers mostly do, by an ERROR event inside a 200 stream (`gone_in_stream`).
What goes wrong in life is a method: break_streams(), lose_history(), stop() and start() with another history behind it,
hang() between the two.
Custom resources are there when define() has made their definition: then discovery names them, each with a generation
that counts its specs, and a status that only a merge patch of the subresource writes.
Faults of the client (an unknown path, a bad parameter) are answered as a real server does, with a Status.
"""
import base64
import bisect
import copy
import json
import os
import re
import socket
import ssl
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RESOURCES = {  # path below the root: plural, kind
    "api/v1": {"services": "Service", "namespaces": "Namespace", "nodes": "Node",
               "pods": "Pod"},
    "apis/discovery.k8s.io/v1": {"endpointslices": "EndpointSlice"},
}
CLUSTER_SCOPED = {"nodes", "namespaces"}
TRUE = ("1", "t", "T", "true", "TRUE", "True")  # to an API server (Go's strconv.ParseBool)
BOOKMARK_SECONDS = 1.0


def status(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
            "reason": reason, "code": code}


def merged(target, patch):
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merged(target.get(key), value)
    return target


def name_of(made):
    return made["metadata"].get("namespace", "") + "/" + made["metadata"]["name"]


class Expired(Exception):
    pass


class Store:
    """Objects by resource and name, and the events that led to them. What lies before the compacted version can no
    longer be asked for; streams that run hear on.
    """

    def __init__(self, first_version=1000):
        self.changed = threading.Condition()
        self.version = self.compacted = first_version
        self.objects = {}
        self.events = []  # (version, type, plural, object)

    def put(self, plural, made, counts_generations=False):
        with self.changed:
            made = copy.deepcopy(made)
            metadata = made["metadata"]
            if plural not in CLUSTER_SCOPED:
                metadata.setdefault("namespace", "default")
            known = self.objects.setdefault(plural, {})
            name = name_of(made)
            self.version += 1
            metadata["resourceVersion"] = str(self.version)
            if counts_generations:
                before = known.get(name)
                same = before and before.get("spec") == made.get("spec")
                metadata["generation"] = before["metadata"]["generation"] + (not same) if before else 1
                if before and "status" in before:
                    made["status"] = before["status"]  # not to be written this way
            self.events.append((self.version, "MODIFIED" if name in known else "ADDED", plural, made))
            known[name] = made
            self.changed.notify_all()

    def patch_status(self, plural, name, patch):
        """RFC 7396 of the status alone; the object, or None. What changes nothing is no event."""
        with self.changed:
            before = self.objects.get(plural, {}).get(name)
            if not before:
                return None
            made = copy.deepcopy(before)
            made["status"] = merged(made.get("status"), patch.get("status"))
            if made == before:
                return before
            self.version += 1
            made["metadata"]["resourceVersion"] = str(self.version)
            self.events.append((self.version, "MODIFIED", plural, made))
            self.objects[plural][name] = made
            self.changed.notify_all()
            return made

    def delete(self, plural, name):
        with self.changed:
            gone = copy.deepcopy(self.objects[plural].pop(name))
            self.version += 1
            gone["metadata"]["resourceVersion"] = str(self.version)
            self.events.append((self.version, "DELETED", plural, gone))
            self.changed.notify_all()

    def compact(self):
        """Nobody has heard of the version that is the first to be kept: who watches must list again."""
        with self.changed:
            self.version += 1
            self.compacted = self.version

    def page(self, plural, limit, token):
        """(version, items, the next token): items as of the version that the list began with."""
        with self.changed:
            if token:
                version, after = json.loads(base64.urlsafe_b64decode(token))
            else:
                version, after = self.version, ""
            if version < self.compacted:
                raise Expired
            then = dict(self.objects.get(plural, {}))
            for at, kind, of, made in reversed(self.events):
                if at <= version:
                    break
                name = name_of(made)
                if of == plural and kind == "ADDED":
                    then.pop(name, None)
                elif of == plural:  # back to what it was before
                    before = [o for v, k, p, o in self.events if v < at and p == plural and k != "DELETED"
                              and name_of(o) == name]
                    then[name] = before[-1] if before else made
            names = sorted(n for n in then if n > after)
            chosen = names[:limit] if limit else names
            rest = ""
            if len(chosen) < len(names):
                rest = base64.urlsafe_b64encode(json.dumps([version, chosen[-1]]).encode()).decode()
            return version, [then[n] for n in chosen], rest

    def since(self, plural, version):
        first = bisect.bisect_right(self.events, version, key=lambda event: event[0])
        return [(v, kind, made) for v, kind, of, made in self.events[first:] if of == plural]


DEFINITIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy", "kubernetes", "crds")


def defined_kinds():
    """Of the definitions that operators apply."""
    names = []
    for name in sorted(os.listdir(DEFINITIONS)):
        with open(os.path.join(DEFINITIONS, name), encoding="utf-8") as file:
            text = file.read()
        kind, plural = re.search(r"names: \{kind: (\w+),.* plural: (\w+),", text).groups()
        if plural != plural_of(kind) or f"name: {plural}.networking.nearmost.internal\n" not in text:
            raise AssertionError(f"{name} names {kind} and {plural}")
        names.append(kind)
    return names


def plural_of(kind):
    return kind.lower()[:-1] + "ies" if kind.endswith("cy") else kind.lower() + "s"


def resource_list(group, kinds):
    verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
    entries = [{"name": plural, "singularName": kind.lower(), "namespaced": plural not in CLUSTER_SCOPED, "kind": kind,
                "verbs": verbs} for plural, kind in kinds.items()]
    entries += [{"name": plural + "/status", "singularName": "", "namespaced": True, "kind": kind,
                 "verbs": ["get", "patch", "update"]} for plural, kind in kinds.items()]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group.split("/", 1)[1],
            "resources": entries}


def group_list(paths):
    """Of "apis/GROUP/VERSION": what kubectl asks for first."""
    groups = []
    for path in paths:
        group, version = path.split("/")[1:]
        version = {"groupVersion": f"{group}/{version}", "version": version}
        groups.append({"name": group, "versions": [version], "preferredVersion": version})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def partial(made):
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": made["metadata"]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, code, body, headers=()):
        data = json.dumps(body, separators=(",", ":")).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        api = self.server.api
        url = urllib.parse.urlsplit(self.path)
        asked = dict(urllib.parse.parse_qsl(url.query))
        group, _, plural = url.path.strip("/").rpartition("/")
        kind = api.kinds(group).get(plural)
        if not self.may_ask(api):
            return None
        if url.path == "/api":
            return self.reply(200, {"kind": "APIVersions", "versions": ["v1"]})
        if url.path == "/apis":
            return self.reply(200, group_list(path for path in [*RESOURCES, *api.custom] if path != "api/v1"))
        if kinds := api.kinds(url.path.strip("/")):
            return self.reply(200, resource_list(url.path.strip("/"), kinds))
        if not kind:
            return self.reply(404, status(404, "NotFound", "the server could not find the requested resource"))
        if plural in api.forbidden:
            verb = "watch" if asked.get("watch") in TRUE else "list"
            return self.reply(403, status(403, "Forbidden", f'{plural} is forbidden: User "nearmost" cannot {verb} '
                                          f'resource "{plural}" at the cluster scope'))
        time.sleep(api.delay)
        if asked.get("watch") in TRUE:
            return self.watch(api, group, plural, kind, asked)
        try:
            version, items, rest = api.store.page(api.plural(group, plural), int(asked.get("limit", 0)),
                                                  asked.get("continue", ""))
        except Expired:
            return self.reply(410, status(410, "Expired", "The provided continue parameter is too old"))
        if group in RESOURCES:  # items of such a list say neither kind nor apiVersion
            items = [{k: v for k, v in item.items() if k not in ("kind", "apiVersion")} for item in items]
        metadata = {"resourceVersion": str(version), **({"continue": rest} if rest else {})}
        if self.wants_metadata("PartialObjectMetadataList"):
            return self.reply(200, {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                                    "metadata": metadata, "items": [partial(item) for item in items]})
        return self.reply(200, {"kind": kind + "List", "apiVersion": group.split("/", 1)[1], "metadata": metadata,
                                "items": items})

    def wants_metadata(self, kind):
        """Whether the kind that the client would take first is this one: of metadata alone."""
        first = self.headers.get("Accept", "").split(",")[0].replace(" ", "").split(";")
        return first[0] == "application/json" and {f"as={kind}", "g=meta.k8s.io", "v=v1"} <= set(first[1:])

    def may_ask(self, api):
        api.note(self.path if self.command == "GET" else f"{self.command} {self.path}")
        api.accepted[self.path.split("?")[0]] = self.headers.get("Accept", "")
        if self.headers.get("Authorization") in [f"Bearer {token}" for token in api.tokens]:
            return True
        peer = self.connection.getpeercert() if api.client_ca else None
        if peer and (("commonName", "nearmost"),) in peer["subject"]:
            return True
        self.reply(401, status(401, "Unauthorized", "Unauthorized"))
        return False

    def do_PATCH(self):
        api = self.server.api
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.may_ask(api):
            return None
        parts = self.path.strip("/").split("/")  # apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME/status
        if len(parts) != 8 or parts[3] != "namespaces" or parts[7] != "status" \
                or parts[5] not in api.kinds("/".join(parts[:3])):
            return self.reply(404, status(404, "NotFound", "the server could not find the requested resource"))
        if self.headers.get("Content-Type") != "application/merge-patch+json":
            return self.reply(415, status(415, "UnsupportedMediaType", "the body was in an unknown format"))
        if parts[5] + "/status" in api.forbidden:
            return self.reply(403, status(403, "Forbidden", f'{parts[5]}.{parts[1]} "{parts[6]}" is forbidden: User '
                                          f'"nearmost" cannot patch resource "{parts[5]}/status"'))
        made = api.store.patch_status(api.plural("/".join(parts[:3]), parts[5]), f"{parts[4]}/{parts[6]}",
                                      json.loads(body))
        if not made:
            return self.reply(404, status(404, "NotFound", f'{parts[5]}.{parts[1]} "{parts[6]}" not found'))
        return self.reply(200, made)

    def watch(self, api, group, plural, kind, asked):
        version = int(asked.get("resourceVersion", 0))
        ends = time.monotonic() + min(float(asked.get("timeoutSeconds", 3600)), api.max_watch)
        expired = version < api.store.compacted
        if expired and not api.gone_in_stream:
            return self.reply(410, status(410, "Expired", f"too old resource version: {version}"))
        if api.mute:
            while not api.stopped:
                time.sleep(0.05)
            self.close_connection = True
            return None
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if expired:
            self.chunk({"type": "ERROR", "object": status(410, "Expired", f"too old resource version: {version}")})
            ends = 0
        breaks = api.breaks
        bookmark = time.monotonic() + BOOKMARK_SECONDS
        while time.monotonic() < ends and not api.stopped and plural in api.kinds(group):
            with api.store.changed:
                events = api.store.since(api.plural(group, plural), version)
                if not events and api.breaks == breaks:
                    api.store.changed.wait(0.05)
                    events = api.store.since(api.plural(group, plural), version)
                latest = api.store.version
            if api.breaks != breaks:  # in the midst of an object, without the last chunk
                self.write(b'{"type":"MODIFIED","object":{"kind":"' + kind.encode() + b'","metadata":{"na')
                self.close_connection = True
                return None
            for version, type_, made in events:
                made = partial(made) if self.wants_metadata("PartialObjectMetadata") else made
                self.chunk({"type": type_, "object": made}, halves=api.split_chunks)
            if time.monotonic() > bookmark and asked.get("allowWatchBookmarks"):
                version = latest
                self.chunk({"type": "BOOKMARK", "object": {
                    "kind": kind, "apiVersion": group.split("/", 1)[1],
                    "metadata": {"resourceVersion": str(version), "creationTimestamp": None}}})
                bookmark = time.monotonic() + BOOKMARK_SECONDS
        self.wfile.write(b"0\r\n\r\n")
        self.close_connection = api.stopped
        return None

    def write(self, data):
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def chunk(self, event, halves=False):
        data = json.dumps(event, separators=(",", ":")).encode() + b"\n"
        if halves:
            self.write(data[:len(data) // 2])
            time.sleep(0.02)
            data = data[len(data) // 2:]
        self.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass  # clients that go away


class KubeApi:
    def __init__(self, ip, tokens=("secret",), certificate=None):
        """`certificate`: (cert, key) files for TLS."""
        self.store = Store()
        self.custom = {}  # group and version: plural, kind
        self.tokens = list(tokens)
        self.certificate, self.client_ca = certificate, None
        self.forbidden, self.delay, self.max_watch = set(), 0.0, 3600.0
        self.mute = False  # watches that come meanwhile are never answered
        self.gone_in_stream, self.split_chunks = True, False
        self.breaks, self.stopped = 0, False
        self.lock, self.asked = threading.Lock(), []
        self.accepted = {}  # by path
        self.address, self.server = (ip, 0), None
        self.silent, self.taker, self.taken = None, None, []

    @property
    def url(self):
        return f"http{'s' if self.certificate else ''}://{self.address[0]}:{self.address[1]}"

    def kinds(self, group):
        return RESOURCES.get(group) or self.custom.get(group) or {}

    def plural(self, group, plural):
        """As the store calls it: a kind of two groups is two resources."""
        return plural if group in RESOURCES else f"{plural}.{group.split('/')[1]}"

    def define(self, api_version, *kinds):
        """Makes custom resources of these kinds, as definitions do that are established."""
        self.custom.setdefault("apis/" + api_version, {}).update({plural_of(kind): kind for kind in kinds})

    def undefine(self, api_version):
        """Takes the definitions away, with their objects."""
        for plural in self.custom["apis/" + api_version]:
            stored = self.plural("apis/" + api_version, plural)
            for name in list(self.store.objects.get(stored, {})):
                self.store.delete(stored, name)
        del self.custom["apis/" + api_version]

    def apply(self, made):
        """A custom resource, as `kubectl apply` would."""
        group = "apis/" + made["apiVersion"]
        self.store.put(self.plural(group, plural_of(made["kind"])), made, counts_generations=True)

    def remove(self, api_version, kind, name):
        self.store.delete(self.plural("apis/" + api_version, plural_of(kind)), name)

    def state(self, api_version, kind, name):
        """What the object's status says, {} when nothing yet."""
        with self.store.changed:
            made = self.store.objects[self.plural("apis/" + api_version, plural_of(kind))][name]
            return dict(made.get("status", {}).get("common", {}).get("State", {}))

    def note(self, path):
        with self.lock:
            self.asked.append(path)

    def requests(self, *words):
        with self.lock:
            return [path for path in self.asked if all(word in path for word in words)]

    def start(self):
        if self.silent:
            self.silent = None
            self.taker.join()
        self.stopped = False
        self.server = Server(self.address, Handler)
        self.server.api = self
        self.address = self.server.server_address[:2]
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            if self.client_ca:  # whom it names is let in without a token
                context.load_verify_locations(self.client_ca)
                context.verify_mode = ssl.CERT_OPTIONAL
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        """Ends every stream and listens no more; what is written meanwhile is there after start()."""
        self.stopped = True
        self.server.shutdown()
        self.server.server_close()

    def hang(self):
        """In place of the server that was stopped: connections are taken, and nothing is ever said on them, not after
        start() either.
        """
        self.silent = socket.create_server(self.address, backlog=64)
        self.silent.settimeout(0.05)
        self.taker = threading.Thread(target=self.take_all, args=(self.silent,), daemon=True)
        self.taker.start()

    def take_all(self, listener):
        while self.silent:
            try:
                self.taken.append(listener.accept()[0])
            except TimeoutError:
                pass
        listener.close()

    def break_streams(self):
        self.breaks += 1

    def lose_history(self):
        """Breaks the streams, and what came between is not to be had any more, whatever they had heard of."""
        with self.store.changed:
            self.store.compact()
            self.break_streams()
