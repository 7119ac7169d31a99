// Which labels of Pods are read: those that a subset looks at, here or in another cluster, and
// those that agent.yaml names.
//
// A Pod has many labels, some of which change with every rollout; all of them in every endpoint's
// row would cost the whole mesh what few look at. So each agent says in a row which keys its
// documents' subsets name (discovery::SubsetsRow), and who reads Pods tells of these alone, and
// says which; nobody names any: no Pods are read. Three things follow:
// - Documents with a key that is new here wait until those who read Pods tell it, for kPatience at
//   most: a route must not lose its endpoints because it names a subset of them.
// - The first rows of a restarted agent wait until others could say what they look at, and until
//   Pods are read so, for kPeersPatience and kPodsPatience at most: they take the place of rows
//   that had labels.
// - A key is looked at for kKept after nobody names it any more: routes come and go.
// Limits: kMaxSubsetKeysInRow keys in all; the own ones come first. Time is an argument. Thread:
// the builder's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/config.hpp"
#include "base/time.hpp"
#include "discovery/publication.hpp"
#include "discovery/row.hpp"
#include "discovery/sources/rows.hpp"
#include "resources/documents.hpp"

namespace agent {

class SubsetLabels {
 public:
  using Keys = std::vector<std::string>;  // sorted
  static constexpr base::Duration kPatience = std::chrono::seconds(2);
  static constexpr base::Duration kPeersPatience = std::chrono::seconds(1);
  static constexpr base::Duration kPodsPatience = std::chrono::seconds(3);
  static constexpr base::Duration kKept = std::chrono::minutes(10);

  struct Rule {
    bool reads_pods = false;
    Keys keys;  // whoever looks at them
  };
  static Rule rule(const Config& config);

  // The newest documents are these.
  void look_at(const resources::Documents& documents);
  // A key that the newest documents look at, and no others did, is not told yet by somebody who
  // could, as far as `publication` shows.
  bool are_missing(const discovery::Publication* publication) const;
  void wait_no_more();

  struct News {
    std::optional<Keys> wanted;  // Pods are to be read with these from now on
    std::optional<std::vector<discovery::EncodedRow>> rows;  // all that are to be said
  };
  // What is another than it was last.
  News update(base::TimePoint now, const Rule& rule, const discovery::Publication* publication);

  // Whether the first rows of Kubernetes may be said, with what is read of Pods.
  bool may_begin(base::TimePoint now, const discovery::Publication* publication,
                 const discovery::sources::PodLabels* pods);
  // Rows with these have been said.
  void told(const discovery::sources::PodLabels* pods);

 private:
  Keys looked_at(base::TimePoint now, const Rule& rule, const discovery::Publication* publication);

  Rule rule_;
  Keys named_;                                   // by the newest documents
  Keys new_;                                     // of these, since documents were served last
  std::map<std::string, base::TimePoint> seen_;  // when somebody named it last
  Keys wanted_;
  std::optional<Keys> told_;  // nothing: no rows of Kubernetes yet
  discovery::SubsetsRow said_;
  std::optional<base::TimePoint> began_;  // waiting for what the first rows need
};

}  // namespace agent
