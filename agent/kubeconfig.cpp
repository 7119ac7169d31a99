#include "agent/kubeconfig.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "agent/config_values.hpp"
#include "base/address.hpp"
#include "resources/binder.hpp"
#include "resources/suggest.hpp"
#include "resources/tree.hpp"

namespace agent {
namespace {

using discovery::sources::kubernetes::Access;
using discovery::sources::kubernetes::FileOrText;
using resources::Node;
using resources::Severity;

// RFC 4648 §4, white space aside.
std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;  // of bits that are not out yet
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ') continue;
    if (c == '=') break;
    const auto digit = kDigits.find(c);
    if (digit == kDigits.npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  if (count == 6) return std::nullopt;  // half a byte
  return out;
}

struct Refused {
  std::string_view field, why, hint;
};
constexpr std::array kRefusedOfCluster = {
    Refused{"proxy-url", "the API server is reached directly, not by a proxy", "take it out"},
    Refused{"tls-server-name", "the server is proven by the name in its address",
            "write the certificate's name in server"},
};
constexpr std::string_view kTokenHint =
    "make a service account's token (kubectl create token) and name its file: tokenFile";
constexpr std::array kRefusedOfUser = {
    Refused{"exec", "an agent runs no other program for its credentials", kTokenHint},
    Refused{"auth-provider", "an agent asks nobody else for its credentials", kTokenHint},
    Refused{"username", "API servers take no passwords any more", kTokenHint},
    Refused{"as", "an agent speaks for itself", "give it an account of its own"},
};

class Reader {
 public:
  Reader(const std::string& path, resources::Problems& problems)
      : report_(path, problems, resources::UnknownFields::warn),
        folder_(std::filesystem::path(path).parent_path().string()) {}

  std::optional<Access> read(const Node& root, const std::string& wanted) {
    const auto context_name = wanted.empty() ? text(&root, "current-context") : wanted;
    if (context_name.empty()) {
      error(root, "current-context", "no context is named", "write kubernetes: {context: NAME}");
      return std::nullopt;
    }
    const auto* context = entry(root, "contexts", context_name, "context");
    if (!context) return std::nullopt;
    Access access;
    const auto* cluster = entry(root, "clusters", text(context, "cluster"), "cluster");
    if (cluster) read_cluster(*cluster, access);
    if (const auto name = text(context, "user"); !name.empty())
      if (const auto* user = entry(root, "users", name, "user")) read_user(*user, access);
    if (report_.errors() > 0) return std::nullopt;
    return access;
  }

 private:
  static std::string text(const Node* map, std::string_view field) {
    const Node* node = map ? map->find(field) : nullptr;
    return node && node->is_scalar() && !node->is_null() ? node->text : "";
  }

  void error(const Node& at, std::string_view field, std::string message, std::string hint) {
    const Node* node = at.find(field);
    report_.add(Severity::error, (node ? *node : at).mark, std::string(field), std::move(message),
                std::move(hint));
  }

  // The member `what` of the item of that name.
  const Node* entry(const Node& root, std::string_view list, const std::string& name,
                    std::string_view what) {
    static constexpr std::size_t kMaxNames = 1000;
    std::vector<std::string> names;
    if (const Node* items = root.find(list))
      for (const auto& item : items->children) {
        if (text(&item, "name") == name) {
          const Node* found = item.find(what);
          if (found && found->is_map()) return found;
          error(item, what, std::string(what) + " \"" + name + "\" says nothing", "");
          return nullptr;
        }
        if (names.size() < kMaxNames) names.push_back(text(&item, "name"));
      }
    error(root, list, "there is no " + std::string(what) + " \"" + name + "\"",
          resources::did_you_mean(name, std::vector<std::string_view>(names.begin(), names.end())));
    return nullptr;
  }

  void refuse(const Node& map, std::span<const Refused> fields) {
    for (const auto& [field, why, hint] : fields)
      if (const Node* found = map.find(field); found && !found->is_null())
        error(map, field, std::string(why), std::string(hint));
  }

  FileOrText file_or_data(const Node& map, std::string_view field) {
    const auto data_field = std::string(field) + "-data";
    if (const auto data = text(&map, data_field); !data.empty()) {
      auto decoded = from_base64(data);
      if (decoded) return {"", std::move(*decoded)};
      error(map, data_field, "is no base64", "");
      return {};
    }
    return {file(map, field), ""};
  }

  std::string file(const Node& map, std::string_view field) {
    const auto name = text(&map, field);
    if (name.empty()) return "";
    auto path = below(folder_, name);
    if (!exists(path)) error(map, field, path + " does not exist", "");
    return path;
  }

  void read_cluster(const Node& cluster, Access& access) {
    access.server = text(&cluster, "server");
    while (access.server.ends_with('/')) access.server.pop_back();
    if (const auto fault = fault_of_server(access.server); !fault.empty())
      error(cluster, "server", fault, "write https://HOST:PORT");
    access.ca = file_or_data(cluster, "certificate-authority");
    if (text(&cluster, "insecure-skip-tls-verify") == "true")
      error(cluster, "insecure-skip-tls-verify",
            "anybody could be this server, and would be sent the token",
            "name its CA: certificate-authority");
    refuse(cluster, kRefusedOfCluster);
  }

  void read_user(const Node& user, Access& access) {
    refuse(user, kRefusedOfUser);
    access.token = {file(user, "tokenFile"), ""};
    if (access.token.file.empty()) access.token.text = text(&user, "token");
    access.certificate = file_or_data(user, "client-certificate");
    access.key = file_or_data(user, "client-key");
    if (access.certificate.empty() != access.key.empty())
      error(user, access.key.empty() ? "client-certificate" : "client-key",
            "a client's certificate and its key go together", "");
  }

  resources::Report report_;
  const std::string folder_;
};

}  // namespace

std::string fault_of_server(std::string_view url) {
  constexpr std::string_view kPlain = "http://", kSecure = "https://";
  const bool plain = url.starts_with(kPlain);
  if (!plain && !url.starts_with(kSecure))
    return resources::quoted(url) + " is not where an API server is";
  url.remove_prefix(plain ? kPlain.size() : kSecure.size());
  const auto authority = std::string(url.substr(0, url.find('/')));
  const auto colon = authority.rfind(':');
  const bool has_port = colon != authority.npos && authority.find(']', colon) == authority.npos;
  const auto address = base::HostPort::parse(has_port ? authority : authority + ":443");
  if (!address || url.find_first_of("?# \t") != url.npos)
    return resources::quoted(url) + " is not where an API server is";
  const auto ip = base::IpAddress::parse(address->host);
  if (plain && address->host != "localhost" && !(ip && ip->is_loopback()))
    return "the token would go in plain text to another host";
  return "";
}

std::optional<Access> parse_kubeconfig(const std::string& path, std::string_view text,
                                       const std::string& context, resources::Problems& problems) {
  std::optional<Node> root;
  bool broken = false;
  for (auto& problem : resources::read_trees(path, text, [&](resources::Tree&& tree) {
         if (!root && tree.root.is_map()) root = std::move(tree.root);
         broken |= resources::has_errors(tree.problems);
         problems.insert(problems.end(), tree.problems.begin(), tree.problems.end());
       })) {
    broken = true;
    problems.push_back(std::move(problem));
  }
  if (broken) return std::nullopt;
  if (root) return Reader(path, problems).read(*root, context);
  problems.push_back({Severity::error, {path, 0, 0}, "", "", "is no kubeconfig", ""});
  return std::nullopt;
}

std::optional<Access> read_kubeconfig(const std::string& path, const std::string& context,
                                      resources::Problems& problems) {
  std::error_code code;
  const auto size = std::filesystem::file_size(path, code);
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!code && size <= kMaxKubeconfigBytes && file) text << file.rdbuf();
  if (!code && size <= kMaxKubeconfigBytes && file)
    return parse_kubeconfig(path, text.str(), context, problems);
  const auto why = code ? code.message() : size > kMaxKubeconfigBytes ? "too large" : "not allowed";
  problems.push_back({Severity::error, {path, 0, 0}, "", "", "cannot be read: " + why, ""});
  return std::nullopt;
}

}  // namespace agent
