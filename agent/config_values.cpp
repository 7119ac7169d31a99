#include "agent/config_values.hpp"

#include <algorithm>
#include <filesystem>

#include "base/ascii.hpp"

namespace agent {
namespace {

constexpr std::size_t kMaxLabel = 63, kMaxName = 253;

bool is_label(std::string_view text, std::string_view extra) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kMaxLabel && text.front() != '-' && text.back() != '-' &&
         std::ranges::all_of(
             text, [&](char c) { return letter(c) || extra.find(c) != std::string_view::npos; });
}

bool is_name(std::string_view text) {
  if (text.size() > kMaxName) return false;
  while (true) {
    const auto dot = text.find('.');
    if (!is_label(text.substr(0, dot), "-_")) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// The text of a scalar; none (and a problem) for a list or a map.
std::optional<std::string> scalar(const resources::Value& value) {
  std::string text;
  resources::read(value, text);
  if (!value.node().is_scalar()) return std::nullopt;
  return text;
}

}  // namespace

void read(const resources::Value& value, base::SocketAddress& out, const Address&) {
  const auto text = scalar(value);
  if (!text) return;
  if (const auto address = base::SocketAddress::parse(*text)) {
    out = *address;
  } else {
    value.error(resources::quoted(*text) + " is not an address with a port",
                "write it like 127.0.0.1:7700 or \"[::1]:7700\"");
  }
}

void read(const resources::Value& value, base::SocketAddress& out, const SourceOfAnswers&) {
  const auto errors = value.report().errors();
  read(value, out, kAddress);
  if (value.report().errors() == errors && out.ip.is_unspecified())
    value.error(out.ip.to_string() + " means every address of the machine",
                "name the addresses that clients ask; answers must come from the one asked");
}

void read(const resources::Value& value, base::HostPort& out, const Address&) {
  const auto text = scalar(value);
  if (!text) return;
  const auto parsed = base::HostPort::parse(*text);
  if (!parsed || parsed->port == 0) {
    return value.error(resources::quoted(*text) + " is not a host with a port",
                       "write it like west.example.net:7700");
  }
  const auto ip = base::IpAddress::parse(parsed->host);
  if (!ip.ok() && !is_name(base::lower(parsed->host))) {
    return value.error(resources::quoted(parsed->host) + " is no host",
                       "write a name or an address, and a port: west.example.net:7700");
  }
  if (ip.ok() && ip->is_unspecified()) {
    return value.error(resources::quoted(*text) + ": nobody can be reached at a wildcard",
                       "name a host or an address");
  }
  out = *parsed;
}

void read(const resources::Value& value, base::IpAddress& out, const WithoutPort&) {
  const auto text = scalar(value);
  if (!text) return;
  if (const auto ip = base::IpAddress::parse(*text)) {
    if (ip->is_unspecified()) {
      return value.error("a wildcard would take every service's port on this host",
                         "name the addresses");
    }
    out = *ip;
  } else if (base::SocketAddress::parse(*text)) {
    value.error(resources::quoted(*text) + " has a port",
                "the ports are the destinations': write the address alone");
  } else {
    value.error(resources::quoted(*text) + " is not an IP address",
                "write it like 10.0.0.1 or ::1");
  }
}

void read(const resources::Value& value, std::string& out, const Label&) {
  const auto text = scalar(value);
  if (!text) return;
  if (is_label(*text, "-")) {
    out = *text;
  } else {
    value.error(resources::quoted(*text) + " is not a DNS label",
                is_label(base::lower(*text), "-")
                    ? "write \"" + base::lower(*text) + "\""
                    : "a-z, 0-9 and - inside, at most " + std::to_string(kMaxLabel));
  }
}

void read(const resources::Value& value, std::string& out, const Name&) {
  const auto text = scalar(value);
  if (!text) return;
  std::string name = base::lower(*text);
  if (name.ends_with('.')) name.pop_back();
  if (is_name(name)) {
    out = name;
  } else {
    value.error(resources::quoted(*text) + " is not a name",
                "labels of a-z, 0-9 and - joined by dots: mesh.internal");
  }
}

void read(const resources::Value& value, std::string& out, const ExistingPath& how) {
  const auto text = scalar(value);
  if (!text) return;
  out = below(how.folder, *text);
  if (!exists(out)) {
    value.error(out + " does not exist", "paths stand relative to the folder of agent.yaml");
  }
}

void read(const resources::Value& value, base::Cidr& out, const Network&) {
  const auto text = scalar(value);
  if (!text) return;
  if (const auto network = base::Cidr::parse(*text))
    out = *network;
  else
    value.error(resources::quoted(*text) + " is not a network",
                "write it like 10.2.0.0/16 or fd00:2::/48, no bit set behind the prefix");
}

void read(const resources::Value& value, std::string& out, const NamespacePattern&) {
  const auto text = scalar(value);
  if (!text) return;
  const std::string_view stem(text->data(), text->size() - (text->ends_with('*') ? 1 : 0));
  const bool fits =
      stem.ends_with('-') ? is_label(std::string(stem) + "x", "-") : is_label(stem, "-");
  if (fits)
    out = *text;
  else
    value.error(resources::quoted(*text) + " is not a namespace",
                "write its name, or how several begin: kube-*");
}

void read(const resources::Value& value, std::string& out, const HostPattern&) {
  auto text = scalar(value);
  if (!text) return;
  auto name = base::lower(*text);
  if (name.ends_with('.')) name.pop_back();
  if (is_name(name.starts_with("*.") ? name.substr(2) : name))
    out = name;
  else
    value.error(resources::quoted(*text) + " is not a host",
                "write a name, or *.NAME for all below it; no other place can hold a *");
}

bool exists(const std::string& path) {
  std::error_code failure;
  return std::filesystem::exists(path, failure);
}

std::string written(base::Duration duration) {
  const std::int64_t ms = base::to_ms(duration);
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

std::string below(const std::string& folder, std::string_view path) {
  const std::filesystem::path joined = std::filesystem::path(folder) / path;
  return joined.lexically_normal().string();
}

}  // namespace agent
