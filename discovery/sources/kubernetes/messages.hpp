// What an API server says, as values: pages of lists, events of watches, the Status of an error.
//
// Objects are read as the same documents are that stand in a file (resources/kinds/); only errors
// are told of them, for what is merely odd in an object nobody wrote by hand. Custom resources are
// written by hand: of them the text is kept, to be read as a file's. What is no JSON, or
// not of the shape that the API promises, is an error of the whole text. Thread: pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "discovery/sources/kubernetes/reflector.hpp"
#include "resources/tree.hpp"

namespace discovery::sources::kubernetes {

inline constexpr std::size_t kMaxPageBytes = resources::kMaxFileBytes;
inline constexpr std::size_t kMaxEventBytes = 8u << 20;  // an object of etcd's 1.5 MB, as JSON

// How problems call the place of an object.
inline constexpr std::string_view kPlace = "kubernetes";

base::Result<Page> read_page(const Resource& resource, std::string_view text);
base::Result<WatchEvent> read_event(const Resource& resource, std::string_view line);
// Of an APIResourceList: how paths call each kind, subresources aside.
using KindNames = std::map<std::string, std::string, std::less<>>;
base::Result<KindNames> read_kinds(std::string_view text);
// Of the body of an HTTP error: a Status' message, or the text itself.
std::string read_status(std::string_view text);

}  // namespace discovery::sources::kubernetes
