// How an API server is reached, and as whom. Thread: values.
#pragma once

#include <string>

namespace discovery::sources::kubernetes {

// One of the two, or neither. A file is read whenever it is needed.
struct FileOrText {
  std::string file, text;
  bool empty() const { return file.empty() && text.empty(); }
  friend bool operator==(const FileOrText&, const FileOrText&) = default;
};

struct Access {
  std::string server;  // "https://10.0.0.1:6443", perhaps with a path, without a last slash
  FileOrText ca;       // PEM; neither = the system's
  FileOrText token;    // neither = none
  FileOrText certificate, key;  // PEM, of a client; neither = none
  friend bool operator==(const Access&, const Access&) = default;
};

}  // namespace discovery::sources::kubernetes
