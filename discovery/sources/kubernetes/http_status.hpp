// The statuses of HTTP that an API server's answers are told apart by (RFC 9110 section 15; of them
// API conventions, "HTTP Status codes").
#pragma once

namespace discovery::sources::kubernetes::http {

inline constexpr int kOk = 200;
inline constexpr int kUnauthorized = 401;
inline constexpr int kForbidden = 403;
inline constexpr int kNotFound = 404;
inline constexpr int kTimeout = 408;
inline constexpr int kConflict = 409;
inline constexpr int kGone = 410;
inline constexpr int kTooMany = 429;

}  // namespace discovery::sources::kubernetes::http
