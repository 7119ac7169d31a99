// The matchers that share a path, a prefix or a beginning of a pattern: which of them holds for a
// request, the first in order.
//
// Many on one path are told apart by what they ask of a header or of a query parameter: where most
// want some value of one name, they are found by the value, and only those of the request's own are
// asked. Thread: immutable after seal().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forwarder/matcher.hpp"
#include "forwarder/text_hash.hpp"

namespace forwarder {

// A look-up under way.
struct Search {
  const Request& request;
  std::optional<std::uint32_t> best{};  // the least ordinal that holds, so far
  std::size_t tried = 0;                // matchers that were asked
  std::vector<int> matching{};          // room for PatternSet

  bool wants(std::uint32_t ordinal) const { return !best || ordinal < *best; }
};

struct Candidate {
  std::uint32_t ordinal = 0;
  const Matcher* matcher = nullptr;  // null: it asks for nothing but what led here

  // True when it is the best now.
  bool consider(Search& search) const;
};

class Candidates {
 public:
  void add(Candidate candidate);  // behind those before
  void seal();
  void consider(Search& search) const;

 private:
  // What a request must have, one of them by name.
  enum class Part : std::uint8_t { header, query };
  using Name = std::pair<Part, std::string>;

  class Group {
   public:
    Group() = default;
    explicit Group(std::vector<Candidate> list) : list_(std::move(list)) {}
    void add(Candidate candidate) { list_.push_back(candidate); }
    // Takes those apart that want some value of one name, but of no name in `used`.
    void split(std::set<Name> used = {});
    void consider(Search& search) const;

   private:
    std::vector<Candidate> list_;  // in order, that are not told apart
    Name name_;
    ByText<std::unique_ptr<Group>> by_value_;
    std::unique_ptr<Group> rest_;  // that want no value of that name
  };

  std::optional<Candidate> first_;  // most paths have one
  std::unique_ptr<Group> others_;   // behind it
};

}  // namespace forwarder
