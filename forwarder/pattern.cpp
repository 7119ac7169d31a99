#include "forwarder/pattern.hpp"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>

namespace forwarder {
namespace {

bool is_quantifier(char c) { return c == '*' || c == '?' || c == '{' || c == '+'; }
bool is_special(char c) {
  return is_quantifier(c) || c == '.' || c == '[' || c == '(' || c == ')' || c == '^' || c == '$' ||
         c == '|' || c == '\\';
}

bool is_punctuation(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool is_word = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') || byte == '_';
  return byte > ' ' && byte < 0x7f && !is_word;
}

// Plain characters and escaped punctuation in front of the first other construct. An alternative
// anywhere may start afresh, so it ends the search.
std::string find_literal_prefix(std::string_view text) {
  if (text.find('|') != std::string_view::npos) return {};
  std::string prefix;
  std::size_t at = text.starts_with('^') ? 1 : 0;
  while (at < text.size()) {
    auto next = at + 1;
    char literal = text[at];
    if (literal == '\\' && next < text.size() && is_punctuation(text[next]))
      literal = text[next++];
    else if (is_special(literal))
      break;
    if (next < text.size() && is_quantifier(text[next])) break;
    // A multi-byte character is one to a quantifier: stop before it rather than cut it.
    if (static_cast<unsigned char>(literal) >= 0x80) break;
    prefix.push_back(literal);
    at = next;
  }
  return prefix;
}

}  // namespace

Pattern::Pattern(std::shared_ptr<const re2::RE2> regex)
    : regex_(std::move(regex)), literal_prefix_(find_literal_prefix(regex_->pattern())) {}

base::Result<Pattern> Pattern::compile(std::string_view text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxPatternBytes);
  auto regex =
      std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!regex->ok()) return base::invalid(regex->error());
  return Pattern(std::move(regex));
}

bool Pattern::matches(std::string_view whole) const {
  return re2::RE2::FullMatch(re2::StringPiece(whole.data(), whole.size()), *regex_);
}

std::string Pattern::replace_all(std::string_view text, std::string_view substitution) const {
  std::string result(text);
  re2::RE2::GlobalReplace(&result, *regex_,
                          re2::StringPiece(substitution.data(), substitution.size()));
  return result;
}

base::Result<void> Pattern::check_substitution(std::string_view substitution) const {
  std::string error;
  if (!regex_->CheckRewriteString(re2::StringPiece(substitution.data(), substitution.size()),
                                  &error))
    return base::invalid(error);
  return {};
}

const std::string& Pattern::text() const { return regex_->pattern(); }

struct PatternSet::Automaton {
  re2::RE2::Set set;
};

std::optional<PatternSet> PatternSet::compile(const std::vector<const Pattern*>& patterns) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  const auto wanted = kBytesEach * static_cast<std::int64_t>(patterns.size());
  options.set_max_mem(std::clamp(wanted, options.max_mem(), kMaxBytes));
  auto made = std::make_shared<Automaton>(Automaton{re2::RE2::Set(options, re2::RE2::ANCHOR_BOTH)});
  for (const auto* pattern : patterns)
    if (made->set.Add(pattern->text(), nullptr) < 0) return std::nullopt;
  if (!made->set.Compile()) return std::nullopt;
  return PatternSet(std::move(made));
}

bool PatternSet::match(std::string_view whole, std::vector<int>& places) const {
  re2::RE2::Set::ErrorInfo error{re2::RE2::Set::kNoError};
  automaton_->set.Match(re2::StringPiece(whole.data(), whole.size()), &places, &error);
  std::ranges::sort(places);
  return error.kind == re2::RE2::Set::kNoError;
}

}  // namespace forwarder
