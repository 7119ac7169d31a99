// A kubeconfig: which API server one of its contexts means, and as whom it is asked.
//
// Read as kubectl reads it (client-go, clientcmd/api/v1): data before files, a token's file before
// a token, paths relative to the kubeconfig. What would need another program (exec, auth-provider),
// no proof of the server (insecure-skip-tls-verify) or is not spoken here (proxy-url, as,
// passwords) is an error with its remedy, and only where the context has it. Errors: problems at
// their lines. Thread: a pure function.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "discovery/sources/kubernetes/access.hpp"
#include "resources/problem.hpp"

namespace agent {

inline constexpr std::size_t kMaxKubeconfigBytes = 1u << 20;

// `context`: "" = its current-context. None where there are errors.
std::optional<discovery::sources::kubernetes::Access> parse_kubeconfig(
    const std::string& path, std::string_view text, const std::string& context,
    resources::Problems& problems);
// Of the file; that it cannot be read is a problem, too.
std::optional<discovery::sources::kubernetes::Access> read_kubeconfig(
    const std::string& path, const std::string& context, resources::Problems& problems);

// Where an API server is: "https://HOST[:PORT][/PATH]" without a slash at its end, or "http://" on
// loopback. "" or what is wrong with it.
std::string fault_of_server(std::string_view url);

}  // namespace agent
