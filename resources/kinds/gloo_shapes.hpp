// The shapes of the Gloo v2.6 objects that are read by no reader of their own (gloo.md §4–§21), as
// text that check_shape walks: `name:type` fields, a field without a type is a string, [T] a list,
// <T> a map to T, a capital letter names another line, and `any` is not looked into. One definition
// a line.
#pragma once

#include <string_view>

namespace resources {

inline constexpr std::string_view kGlooShapes = R"(
AllowedRoutes = [{cloudProvider:{aws:{lambdaFunctions:[string] iamRoles:[string] regions:[string] accountIds:[string]}}}]
)";

}  // namespace resources
