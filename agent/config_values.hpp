// How the values of agent.yaml are written: addresses, names, paths. Found by the binder through
// its `How` argument.
//
// Thread: pure functions but for ExistingPath, which looks at the disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "resources/binder.hpp"

namespace agent {

inline constexpr std::int64_t kMaxAnswers = 64;

struct Address {};          // "10.0.0.1:7700", "[::1]:7700"; for HostPort also "name:7700"
struct SourceOfAnswers {};  // an address with a port that answers can come from: no wildcard
struct WithoutPort {};      // "10.0.0.1"; no wildcard
struct Label {};            // a DNS label (RFC 1035 as Kubernetes takes it): a-z 0-9 -, at most 63
struct Name {};  // labels joined by dots, at most 253; upper case and a trailing dot are mended
struct ExistingPath {  // relative paths stand below `folder`
  std::string folder;
};
struct Network {};           // "10.2.0.0/16"
struct NamespacePattern {};  // a label; "kube-*": those that begin like this
struct HostPattern {};       // a name; "*.shop.example": those below it
inline constexpr Address kAddress;
inline constexpr SourceOfAnswers kSourceOfAnswers;
inline constexpr WithoutPort kWithoutPort;
inline constexpr Label kLabel;
inline constexpr Name kName;
inline constexpr Network kNetwork;
inline constexpr NamespacePattern kNamespacePattern;
inline constexpr HostPattern kHostPattern;

void read(const resources::Value& value, base::SocketAddress& out, const Address& how);
void read(const resources::Value& value, base::SocketAddress& out, const SourceOfAnswers& how);
void read(const resources::Value& value, base::HostPort& out, const Address& how);
void read(const resources::Value& value, base::IpAddress& out, const WithoutPort& how);
void read(const resources::Value& value, std::string& out, const Label& how);
void read(const resources::Value& value, std::string& out, const Name& how);
void read(const resources::Value& value, std::string& out, const ExistingPath& how);
void read(const resources::Value& value, base::Cidr& out, const Network& how);
void read(const resources::Value& value, std::string& out, const NamespacePattern& how);
void read(const resources::Value& value, std::string& out, const HostPattern& how);

// As it is read: "5s", "1500ms".
std::string written(base::Duration duration);

// `path` as it is if absolute, else below `folder`, without "./" and "..".
std::string below(const std::string& folder, std::string_view path);
bool exists(const std::string& path);

// A list, or its only item by itself.
template <class T, class How>
void read_one_or_more(const resources::Value& value, std::vector<T>& out, const How& how) {
  if (value.node().is_scalar()) {
    out.assign(1, T{});
    return read(value, out.front(), how);
  }
  resources::read(value, out, how);
}

}  // namespace agent
