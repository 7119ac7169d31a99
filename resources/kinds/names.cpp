#include "resources/kinds/names.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace resources {
namespace {

constexpr std::size_t kMaxHost = 253, kMaxLabel = 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_alphanumeric(char c) { return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z'); }

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= kMaxLabel && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-'; });
}

constexpr std::string_view kLabelFault =
    "a label is empty, too long, or holds other than letters, digits and inner hyphens";

// Cuts off the labels of `name` up to the last one; false when one of all is none.
bool skip_labels(std::string_view& name) {
  for (;;) {
    const auto dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

std::string_view labels_fault(std::string_view host) {
  if (!skip_labels(host)) return kLabelFault;
  return std::all_of(host.begin(), host.end(), is_digit) ? "the last label is a number" : "";
}

using base::lower;

std::string hint_for(std::string_view host) {
  if (host.find("://") != std::string_view::npos) return "write the host only, without a scheme";
  if (host.find('/') != std::string_view::npos) return "write the host only, without a path";
  if (host.find(':') != std::string_view::npos) return "write it without the port";
  if (host.find('_') != std::string_view::npos) return "use - instead of _";
  if (std::any_of(host.begin(), host.end(), [](char c) { return c < 0; }))
    return "write it in punycode (xn--…)";
  if (host.starts_with('*')) return "write *.NAME";
  if (host.find('*') != std::string_view::npos) return "a * can only be the first character";
  return "";
}

}  // namespace

std::string_view host_fault(std::string_view host, Wildcards wildcards) {
  if (host.empty()) return "empty";
  if (host.starts_with("*")) {
    if (wildcards == Wildcards::label && !host.starts_with("*."))
      return "a * can only be the whole first label here";
    host.remove_prefix(1);
    if (host.empty()) return "";
    // "*.x", "*-x.y" and "*x.y": behind the star a label may begin with its hyphen.
    if (host.starts_with(".") || host.starts_with("-")) host.remove_prefix(1);
  }
  if (host.ends_with(".")) host.remove_suffix(1);
  if (host.size() > kMaxHost) return "longer than 253 characters";
  return labels_fault(host);
}

std::string_view srv_name_fault(std::string_view name) {
  const auto take_label = [&name] {
    const auto dot = std::min(name.find('.'), name.size());
    const auto label = name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
    return label;
  };
  const auto service = take_label();
  if (!service.starts_with('_') || !is_label(service.substr(1))) return "its service is no name";
  if (const auto protocol = take_label(); base::lower(protocol) != "_tcp")
    return protocol.starts_with('_') ? "endpoints are reached by TCP" : "its protocol is missing";
  if (name.starts_with('*')) return "a * is no name of a server's";
  return host_fault(name, Wildcards::label);
}

void read(const Value& value, std::string& host, const Wildcards& wildcards) {
  std::string text;
  read(value, text);
  if (!value.node().is_scalar()) return;
  text = lower(std::move(text));
  if (text.find("${") != std::string::npos) {
    value.warn("a shell variable that nobody filled in: no request has this host",
               "run the file through envsubst");
  } else if (const auto fault = host_fault(text, wildcards); !fault.empty()) {
    value.error(quoted(value.node().text) + " is no host: " + std::string(fault), hint_for(text));
  }
  if (text.ends_with(".")) text.pop_back();
  host = std::move(text);
}

void read_network(const Value& value, std::string& network) {
  std::string text;
  read(value, text);
  if (!value.node().is_scalar()) return;
  text = lower(std::move(text));
  if (text.ends_with(".")) text.pop_back();
  auto labels = text;
  std::replace(labels.begin(), labels.end(), '_', '-');  // may stand where a hyphen may
  std::string_view last = labels;
  if (labels.size() > kMaxHost || !skip_labels(last))
    return value.error(quoted(value.node().text) + " is no name of a network",
                       "use letters, digits, dots, inner - and _");
  network = std::move(text);
}

bool is_object_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxHost &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != '/'; });
}

void check_object_name(const Value& value, std::string_view text) {
  if (!text.empty() && !is_object_name(text)) {
    value.error("a name that no object can have",
                "use up to 253 letters, digits, hyphens and dots");
  }
}

bool is_dns_label(std::string_view text) {
  return is_label(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void check_dns_label(const Value& value, std::string_view text) {
  if (text.empty() || is_dns_label(text)) return;
  value.error(quoted(text) + " cannot be part of a DNS name",
              "use 1 to 63 lower-case letters, digits and inner hyphens");
}

void read_dns_label(const Value& value, std::string& out) {
  read(value, out);
  if (value.node().is_scalar()) check_dns_label(value, out);
}

void read_place(Fields& fields, base::Locality& out) {
  fields.optional("region", out.region);
  fields.optional("zone", out.zone);
  fields.optional("subZone", out.sub_zone);
}

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (base::lower(c) >= 'a' && base::lower(c) <= 'z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool may_be_an_endpoint(const base::IpAddress& ip) {
  return !ip.is_unspecified() && !ip.is_multicast() && ip != base::IpAddress::v4(0xffffffff);
}

void check_endpoint_address(const Value& value, const base::IpAddress& ip) {
  if (may_be_an_endpoint(ip)) return;
  value.error(ip.to_string() + " is nobody's address", "write the address clients connect to");
}

}  // namespace resources
