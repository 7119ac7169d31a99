// Whose a certificate is, for who has a folder of them and no agent.yaml.
//
// Errors: name the file. Thread: any.
#pragma once

#include <string>

#include "agent/tls.hpp"

namespace agent::tls {

base::Result<Expected> identity_in(const std::string& certificate_path);

}  // namespace agent::tls
