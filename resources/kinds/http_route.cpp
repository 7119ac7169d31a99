#include "resources/kinds/http_route.hpp"

#include "resources/kinds/names.hpp"
#include "resources/kinds/references.hpp"
#include "resources/kinds/shapes.hpp"

namespace resources {
namespace {

constexpr std::uint16_t kUnserved = 500;  // what a route answers that we can read but not serve

constexpr Choice<SortMethod> kSortMethods[] = {
    {"TABLE_WEIGHT", SortMethod::table_weight, 0},
    {"ROUTE_SPECIFICITY", SortMethod::route_specificity, 1},
};
constexpr Choice<std::uint16_t> kRedirectCodes[] = {
    {"MOVED_PERMANENTLY", 301, 0},  {"FOUND", 302, 1},
    {"SEE_OTHER", 303, 2},          {"TEMPORARY_REDIRECT", 307, 3},
    {"PERMANENT_REDIRECT", 308, 4},
};

void read_regex_rewrite(const Value& value, std::optional<RegexRewrite>& out) {
  RegexRewrite rewrite;
  Fields fields(value);
  if (const auto pattern = fields.find("pattern")) {
    Fields regex(*pattern);
    regex.required("regex", rewrite.pattern);
    regex.ignored({"googleRe2"});
  } else {
    fields.missing("pattern");
  }
  fields.optional("substitution", rewrite.substitution);
  out = std::move(rewrite);
}

// How it goes together with what the matchers match is the forwarder's to say.
void read_path_rewrite(const Value& value, std::string& out) {
  read(value, out);
  if (!out.empty() && !out.starts_with("/"))
    value.warn("a path that does not start with /", "write \"/" + out + "\"");
}

void read_forward(const Value& value, ForwardTo& out) {
  Fields fields(value);
  if (const auto destinations = fields.find("destinations")) {
    read(*destinations, out.destinations);
    check_weights(*destinations, out.destinations);
  }
  fields.one_of({"pathRewrite", "regexRewrite"});
  fields.one_of({"hostRewrite", "autoHostRewrite"});
  if (const auto path = fields.find("pathRewrite")) read_path_rewrite(*path, out.path_rewrite);
  if (const auto regex = fields.find("regexRewrite")) read_regex_rewrite(*regex, out.regex_rewrite);
  fields.optional("hostRewrite", out.host_rewrite);
  fields.optional("autoHostRewrite", out.auto_host_rewrite);
}

void read_redirect_code(const Value& value, std::uint16_t& out) {
  for (const auto& choice : kRedirectCodes) {
    if (value.node().text != std::to_string(choice.value)) continue;
    out = choice.value;
    return value.warn("a responseCode is a name: read as " + std::string(choice.name),
                      "Gloo refuses the number " + value.node().text);
  }
  read(value, out, kRedirectCodes);
}

void read_redirect(const Value& value, Redirect& out) {
  Fields fields(value);
  fields.optional("hostRedirect", out.host);
  fields.optional("pathRedirect", out.path);
  if (const auto code = fields.find("responseCode")) read_redirect_code(*code, out.code);
  if (value.node().is_map() && out.host.empty() && out.path.empty()) {
    value.warn("redirects a request to where it came from", "set hostRedirect or pathRedirect");
  }
}

void read_direct_response(const Value& value, DirectResponse& out) {
  Fields fields(value);
  fields.required("status", out.status, between(200, 599));
  if (const auto body = fields.find("body")) {
    read(*body, out.body);
    if (out.body.size() > kMaxDirectBody) {
      body->error("a body of " + std::to_string(out.body.size()) + " bytes",
                  "at most " + std::to_string(kMaxDirectBody));
    }
  }
}

void read_delegate(const Value& value, Delegate& out) {
  Fields fields(value);
  if (const auto tables = fields.find("routeTables")) {
    read(*tables, out.tables);
    if (tables->node().is_list() && out.tables.empty())
      tables->error("delegates to no table", "list at least one selector");
  } else {
    fields.missing("routeTables");
  }
  fields.optional("sortMethod", out.sort, kSortMethods);
  if (const auto allowed = fields.find("allowedRoutes")) {
    allowed->warn("not supported yet: ignored", "it only filters cloud functions");
    check_shape(*allowed, "AllowedRoutes");
  }
}

void read_action(const Value& route, Fields& fields, HttpAction& out) {
  const auto name =
      fields.one_of({"forwardTo", "delegate", "redirect", "directResponse", "graphql"});
  const auto forward = fields.find("forwardTo"), delegate = fields.find("delegate"),
             redirect = fields.find("redirect"), direct = fields.find("directResponse"),
             graphql = fields.find("graphql");
  if (forward) read_forward(*forward, out.emplace<ForwardTo>());
  if (delegate) read_delegate(*delegate, out.emplace<Delegate>());
  if (redirect) read_redirect(*redirect, out.emplace<Redirect>());
  if (direct) read_direct_response(*direct, out.emplace<DirectResponse>());
  if (graphql) {
    graphql->warn("not supported yet: this route answers " + std::to_string(kUnserved));
    out = DirectResponse{kUnserved, "graphql is not supported\n"};
  }
  // Gloo takes such a route too, and published tables have it.
  if (name.empty() && route.node().is_map()) {
    route.warn("a route to nothing: no action, so it answers " + std::to_string(kUnserved),
               "add one of forwardTo, delegate, redirect, directResponse");
    out = DirectResponse{kUnserved, "this route has no action\n"};
  }
}

}  // namespace

void check_weights(const Value& list, const std::vector<DestinationRef>& destinations) {
  if (destinations.size() > kMaxDestinations) {
    return list.error(std::to_string(destinations.size()) + " destinations",
                      "at most " + std::to_string(kMaxDestinations) + " in one route");
  }
  std::uint32_t sum = 0, unset = 0;
  for (const auto& destination : destinations) {
    sum += destination.weight.value_or(0);
    if (!destination.weight) ++unset;
  }
  if (unset == destinations.size()) return;
  const auto found = "the weights add up to " + std::to_string(sum);
  if (sum > 100) {
    list.error(found + ", more than 100", "make them add up to 100");
  } else if (unset == 0 && sum < 100) {
    list.error(found + ", not to 100",
               "make them add up to 100, or leave one weight out to take the rest");
  } else if (sum + unset > 100) {
    list.error(found + ": nothing is left for the " + std::to_string(unset) + " without a weight",
               "write weight: 0 for never, or lower the others");
  }
}

namespace {

// What can be written well and yet be wrong, as the forwarder finds when it makes the route.
constexpr std::string_view kJudgedLater[] = {
    "forwardTo.destinations",         "forwardTo.pathRewrite",
    "forwardTo.regexRewrite.pattern", "forwardTo.regexRewrite.substitution",
    "forwardTo.hostRewrite",          "redirect.hostRedirect",
    "redirect.pathRedirect",          "delegate"};

void note_places(const Value& route, HttpRoute& out) {
  for (const auto path : kJudgedLater) {
    const Node* at = &route.node();
    for (auto rest = path; at && !rest.empty();) {
      const auto dot = rest.find('.');
      at = find_field(*at, rest.substr(0, dot));
      rest = dot == std::string_view::npos ? "" : rest.substr(dot + 1);
    }
    if (at) out.places.emplace_back(path, Value(*at, route).place());
  }
}

}  // namespace

void read(const Value& value, HttpRoute& out) {
  out.place = value.place();
  Fields fields(value);
  fields.optional("name", out.name);
  fields.optional("labels", out.labels);
  fields.optional("matchers", out.matchers);
  read_action(value, fields, out.action);
  note_places(value, out);
}

}  // namespace resources
