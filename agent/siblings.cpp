#include "agent/siblings.hpp"

namespace agent {

void Siblings::look(const discovery::Publication& publication) {
  for (const auto& origin : publication.origins) {
    if (origin.local || origin.id.cluster != cluster_ || !origin.age) continue;
    const Seen now{origin.stamp, origin.freshness == discovery::view::Freshness::fresh};
    if (seen_[origin.id] == now) continue;
    seen_[origin.id] = now;
    SiblingWord word{origin.id, origin.stamp, {}, origin.rows};
    if (!now.speaks) word.silent_since = publication.at - *origin.age;
    said_(std::move(word));
  }
}

}  // namespace agent
