// Every field of agent.yaml once: its path, whether it may change while the agent runs, and how it
// is shown.
#include <algorithm>
#include <array>

#include "agent/config.hpp"
#include "agent/config_forwarder.hpp"
#include "agent/config_values.hpp"

namespace agent {
namespace {

// Quoted unless it can be nothing but a plain string.
std::string in_yaml(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '/' || c == '-' || c == '_' || c == ':';
  };
  const bool is_plain = !text.empty() && std::ranges::all_of(text, plain) && text.front() != '-' &&
                        text.front() != ':' && text.back() != ':';
  if (is_plain) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string listed(const auto& items, auto text_of) {
  std::string out;
  for (const auto& item : items) {
    if (!out.empty()) out += ", ";
    out += in_yaml(text_of(item));
  }
  return "[" + out + "]";
}

// "" where it is empty.
std::string mapped(const auto& items, auto text_of) {
  std::string out;
  for (const auto& [key, item] : items) {
    if (!out.empty()) out += ", ";
    out += in_yaml(key) + ": " + text_of(item);
  }
  return out.empty() ? "" : "{" + out + "}";
}

constexpr auto kText = [](const auto& value) { return value.to_string(); };
constexpr auto kSame = [](const std::string& value) { return value; };

std::string shown(const std::vector<discovery::view::CallerNetwork>& localities) {
  std::string out;
  for (const auto& [network, locality] : localities) {
    if (!out.empty()) out += ", ";
    out += in_yaml(network.to_string()) + ": {region: " + in_yaml(locality.region) +
           ", zone: " + in_yaml(locality.zone) + "}";
  }
  return out.empty() ? "" : "{" + out + "}";
}

std::string shown(const std::vector<PassOnConfig>& rules) {
  std::string out;
  for (const auto& [zone, to, file] : rules) {
    if (!out.empty()) out += ", ";
    out += "{zone: " + in_yaml(zone) +
           ", to: " + (file.empty() ? listed(to, kText) : in_yaml(file)) + "}";
  }
  return "[" + out + "]";
}

std::string optional(std::string_view text) { return text.empty() ? "" : in_yaml(text); }

std::string_view word(base::LogLevel level) {
  constexpr std::array<std::string_view, 5> kWords{"debug", "info", "warn", "error", "off"};
  return kWords.at(static_cast<std::size_t>(level));
}

enum class Change { fixed, live };

// "" = not set: the field is left out.
struct FieldRow {
  std::string_view path;
  Change change;
  std::string (*show)(const Config&);
};

// In the order of the printed file: fields of one section stand together.
constexpr std::array kFields{
    FieldRow{"cluster", Change::fixed, [](const Config& c) { return in_yaml(c.cluster); }},
    FieldRow{"role", Change::fixed,
             [](const Config& c) { return std::string(c.is_leaf() ? "leaf" : "agent"); }},
    FieldRow{"replica", Change::fixed,
             [](const Config& c) {
               return c.is_leaf() || c.replicas > 0 ? std::string() : std::to_string(c.replica);
             }},
    FieldRow{"replicas", Change::fixed,
             [](const Config& c) {
               return c.replicas > 0 ? std::to_string(c.replicas) : std::string();
             }},
    FieldRow{"locality.region", Change::live,
             [](const Config& c) { return optional(c.locality.region); }},
    FieldRow{"locality.zone", Change::live,
             [](const Config& c) { return optional(c.locality.zone); }},
    FieldRow{
        "gossip.listen", Change::fixed,
        [](const Config& c) { return c.is_leaf() ? "" : in_yaml(c.gossip.listen.to_string()); }},
    FieldRow{"gossip.advertise", Change::fixed,
             [](const Config& c) {
               return c.gossip.advertise ? in_yaml(c.gossip.advertise->to_string()) : "";
             }},
    FieldRow{"gossip.peers", Change::live,
             [](const Config& c) { return listed(c.gossip.peers, kText); }},
    FieldRow{"gossip.tls.cert", Change::fixed,
             [](const Config& c) { return c.gossip.tls ? in_yaml(c.gossip.tls->cert) : ""; }},
    FieldRow{"gossip.tls.key", Change::fixed,
             [](const Config& c) { return c.gossip.tls ? in_yaml(c.gossip.tls->key) : ""; }},
    FieldRow{"gossip.tls.ca", Change::fixed,
             [](const Config& c) { return c.gossip.tls ? in_yaml(c.gossip.tls->ca) : ""; }},
    FieldRow{"gossip.insecure", Change::fixed,
             [](const Config& c) { return std::string(c.gossip.insecure ? "true" : "false"); }},
    FieldRow{"gossip.trustDomain", Change::fixed,
             [](const Config& c) { return in_yaml(c.gossip.trust_domain); }},
    FieldRow{"gossip.trustedDomains", Change::fixed,
             [](const Config& c) {
               return mapped(c.gossip.trusted_domains, [](const TrustedDomain& domain) {
                 return "{ca: " + in_yaml(domain.ca) +
                        ", clusters: " + listed(domain.clusters, kSame) + "}";
               });
             }},
    FieldRow{"gossip.limits.frameBytes", Change::fixed,
             [](const Config& c) { return std::to_string(c.gossip.limits.frame_bytes); }},
    FieldRow{"gossip.limits.rowBytes", Change::fixed,
             [](const Config& c) { return std::to_string(c.gossip.limits.row_bytes); }},
    FieldRow{"gossip.limits.rowsPerOrigin", Change::fixed,
             [](const Config& c) { return std::to_string(c.gossip.limits.rows); }},
    FieldRow{"gossip.limits.bytesPerOrigin", Change::fixed,
             [](const Config& c) { return std::to_string(c.gossip.limits.bytes); }},
    FieldRow{"gossip.limits.changesPerSecond", Change::fixed,
             [](const Config& c) { return std::to_string(c.gossip.limits.changes_per_second); }},
    FieldRow{"dns.listen", Change::fixed,
             [](const Config& c) { return listed(c.dns.listen, kText); }},
    FieldRow{"dns.zones", Change::live, [](const Config& c) { return listed(c.dns.zones, kSame); }},
    FieldRow{"dns.ttl", Change::live, [](const Config& c) { return written(c.dns.ttl); }},
    FieldRow{"dns.degradedTtl", Change::live,
             [](const Config& c) { return written(c.dns.degraded_ttl); }},
    FieldRow{"dns.negativeTtl", Change::live,
             [](const Config& c) { return written(c.dns.negative_ttl); }},
    FieldRow{"dns.maxAnswers", Change::live,
             [](const Config& c) { return std::to_string(c.dns.max_answers); }},
    FieldRow{"dns.workers", Change::fixed,
             [](const Config& c) { return std::to_string(c.dns.workers); }},
    FieldRow{"dns.passOn", Change::live, [](const Config& c) { return shown(c.dns.pass_on); }},
    FieldRow{"dns.clients", Change::live,
             [](const Config& c) { return listed(c.dns.clients, kText); }},
    FieldRow{"dns.localities", Change::live,
             [](const Config& c) { return shown(c.dns.localities); }},
    FieldRow{"dns.trustedForwarders", Change::live,
             [](const Config& c) { return listed(c.dns.trusted_forwarders, kText); }},
    FieldRow{
        "forwarder", Change::fixed,
        [](const Config& c) { return std::string(c.forwarder.listen.empty() ? "false" : ""); }},
    FieldRow{"forwarder.listen", Change::fixed,
             [](const Config& c) {
               return c.forwarder.listen.empty() ? std::string()
                                                 : listed(c.forwarder.listen, kText);
             }},
    FieldRow{"forwarder.workers", Change::fixed,
             [](const Config& c) {
               return c.forwarder.listen.empty() ? std::string()
                                                 : std::to_string(c.forwarder.workers);
             }},
    FieldRow{"forwarder.limits", Change::fixed,
             [](const Config& c) {
               return c.forwarder.listen.empty() ? std::string() : written(c.forwarder.limits);
             }},
    FieldRow{"forwarder.timeouts", Change::fixed,
             [](const Config& c) {
               return c.forwarder.listen.empty() ? std::string() : written(c.forwarder.timeouts);
             }},
    FieldRow{"forwarder.accessLog", Change::fixed,
             [](const Config& c) {
               return c.forwarder.access_log ? written(*c.forwarder.access_log) : std::string();
             }},
    FieldRow{"admin.listen", Change::fixed,
             [](const Config& c) { return in_yaml(c.admin.to_string()); }},
    FieldRow{"probes.listen", Change::fixed,
             [](const Config& c) { return in_yaml(c.probes.to_string()); }},
    FieldRow{"resources", Change::live, [](const Config& c) { return listed(c.resources, kSame); }},
    FieldRow{"checks", Change::live,
             [](const Config& c) { return std::string(c.checks ? "true" : "false"); }},
    FieldRow{"kubernetes.server", Change::fixed,
             [](const Config& c) { return c.kubernetes ? optional(c.kubernetes->server) : ""; }},
    FieldRow{"kubernetes.ca", Change::fixed,
             [](const Config& c) { return c.kubernetes ? optional(c.kubernetes->ca) : ""; }},
    FieldRow{"kubernetes.token", Change::fixed,
             [](const Config& c) { return c.kubernetes ? optional(c.kubernetes->token) : ""; }},
    FieldRow{
        "kubernetes.kubeconfig", Change::fixed,
        [](const Config& c) { return c.kubernetes ? optional(c.kubernetes->kubeconfig) : ""; }},
    FieldRow{"kubernetes.context", Change::fixed,
             [](const Config& c) { return c.kubernetes ? optional(c.kubernetes->context) : ""; }},
    FieldRow{"kubernetes.podLabels", Change::fixed,
             [](const Config& c) {
               if (!c.kubernetes) return std::string();
               return c.kubernetes->reads_pods ? listed(c.kubernetes->pod_labels, kSame)
                                               : std::string("false");
             }},
    FieldRow{"networks", Change::live, [](const Config& c) { return listed(c.networks, kSame); }},
    FieldRow{"export.exceptNamespaces", Change::live,
             [](const Config& c) { return listed(c.export_.except_namespaces, kSame); }},
    FieldRow{"import.hosts", Change::live,
             [](const Config& c) { return listed(c.import_.hosts, kSame); }},
    FieldRow{"import.networks", Change::live,
             [](const Config& c) {
               return mapped(c.import_.networks,
                             [](const auto& networks) { return listed(networks, kText); });
             }},
    FieldRow{"log.level", Change::live,
             [](const Config& c) { return std::string(word(c.log.level)); }},
    FieldRow{"log.format", Change::fixed,
             [](const Config& c) {
               return std::string(c.log.format == base::LogFormat::json ? "json" : "text");
             }},
    FieldRow{"state.dir", Change::fixed, [](const Config& c) { return optional(c.state_dir); }},
};

std::vector<std::string> differing(const Config& before, const Config& after, auto counts) {
  std::vector<std::string> paths;
  for (const FieldRow& field : kFields) {
    if (counts(field) && field.show(before) != field.show(after)) paths.emplace_back(field.path);
  }
  return paths;
}

}  // namespace

std::string print(const Config& config) {
  std::string out;
  std::vector<std::string_view> open;  // the sections that the last line stood in
  for (const FieldRow& field : kFields) {
    const std::string value = field.show(config);
    if (value.empty()) continue;
    std::vector<std::string_view> sections;
    std::string_view rest = field.path;
    for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
      sections.push_back(rest.substr(0, dot));
      rest.remove_prefix(dot + 1);
    }
    const auto same = std::ranges::mismatch(sections, open).in1 - sections.begin();
    for (auto depth = static_cast<std::size_t>(same); depth < sections.size(); ++depth) {
      out += std::string(2 * depth, ' ') + std::string(sections[depth]) + ":\n";
    }
    out += std::string(2 * sections.size(), ' ') + std::string(rest) + ": " + value + "\n";
    open = std::move(sections);
  }
  return out;
}

std::vector<std::string> changes_that_need_a_restart(const Config& before, const Config& after) {
  return differing(before, after,
                   [](const FieldRow& field) { return field.change == Change::fixed; });
}

std::vector<std::string> changes(const Config& before, const Config& after) {
  return differing(before, after, [](const FieldRow&) { return true; });
}

// The same fields that kFields calls live; a test holds the two together.
Config with_live_changes(Config before, const Config& after) {
  before.locality = after.locality;
  before.gossip.peers = after.gossip.peers;
  before.dns.zones = after.dns.zones;
  before.dns.ttl = after.dns.ttl;
  before.dns.degraded_ttl = after.dns.degraded_ttl;
  before.dns.negative_ttl = after.dns.negative_ttl;
  before.dns.max_answers = after.dns.max_answers;
  before.dns.pass_on = after.dns.pass_on;
  before.dns.clients = after.dns.clients;
  before.dns.localities = after.dns.localities;
  before.dns.trusted_forwarders = after.dns.trusted_forwarders;
  before.resources = after.resources;
  before.checks = after.checks;
  before.networks = after.networks;
  before.export_ = after.export_;
  before.import_ = after.import_;
  before.log.level = after.log.level;
  return before;
}

}  // namespace agent
