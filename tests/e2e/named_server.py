"""An HTTP server that says which address was asked, and in X-Host for which host; 500 where that is broken."""
import http.server
import threading


class Named(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    broken = set()  # addresses
    wanted = {}  # by address: the (path, host) that is there, all else is not found; all is there where none is named

    def do_GET(self):
        address = self.server.server_address[0]
        body = address.encode()
        asked = self.path, self.headers["Host"]
        found = self.wanted.get(address, asked) == asked
        self.send_response(500 if address in self.broken else 200 if found else 404)
        self.send_header("X-Host", self.headers["Host"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(address, port):
    server = http.server.ThreadingHTTPServer((address, port), Named)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
