#include "dns/destination_names.hpp"

#include <algorithm>
#include <unordered_set>

#include "dns/explain.hpp"
#include "dns/naming.hpp"

namespace dns {
namespace {

namespace view = discovery::view;

constexpr std::uint16_t kNoQuota = 0xffff;
constexpr std::uint32_t kMaxSrvWeight = 0xffff;

std::uint32_t seconds(base::Duration duration) {
  const auto whole = std::chrono::ceil<std::chrono::seconds>(duration).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(whole, 0, 86400));
}

// How many SRV records each tier gives, so that fall-backs show beside a large best tier: an even
// part first, what is left over to the better ones.
void share_out(std::uint16_t max_answers, std::vector<TierDraft>& tiers) {
  if (max_answers == 0) max_answers = kNoQuota;
  const auto even = static_cast<std::uint16_t>(
      std::max<std::size_t>(1, max_answers / std::max<std::size_t>(1, tiers.size())));
  std::size_t left = max_answers;
  for (auto& tier : tiers) {
    tier.quota = static_cast<std::uint16_t>(std::min<std::size_t>(tier.records.size(), even));
    left -= std::min<std::size_t>(left, tier.quota);
  }
  for (auto& tier : tiers) {
    const auto more = std::min(left, tier.records.size() - tier.quota);
    tier.quota = static_cast<std::uint16_t>(tier.quota + more);
    left -= more;
  }
}

void drop_repeats(std::vector<RecordDraft>& records) {
  std::unordered_set<base::Bytes> seen;
  std::erase_if(records, [&](const RecordDraft& r) { return !seen.insert(r.rr).second; });
}

class Renderer {
 public:
  Renderer(const view::ResolvedDestination& resolved, const view::Resolution& resolution,
           const Name& host, const ZoneConfig& config)
      : destination_(*resolved.destination),
        resolved_(resolved),
        resolution_(resolution),
        host_(host),
        config_(config),
        ttls_(ttls(config)) {}

  Names render() && {
    for (class_ = 0; class_ < resolved_.by_class.size(); ++class_) {
      const auto& selection = resolved_.by_class[class_];
      const bool endpoints = destination_.door.kind == view::Door::Kind::endpoints;
      // The forwarder's own address does not move with the endpoints' health.
      ttl_ = endpoints && selection.degraded ? ttls_.degraded : ttls_.steady;
      if (auto* block = at(host_))
        endpoints ? answer_endpoints(selection, *block) : answer_forwarder(*block);
      if (endpoints) name_endpoints(selection);
      for (const auto& port : destination_.ports) add_services(port, selection);
      add_explanation(selection);
    }
    for (auto& [name, blocks] : names_)
      for (auto& block : blocks) finish(block);
    return std::move(names_);
  }

 private:
  // The block of a name for the class at hand.
  BlockDraft* at(const std::optional<Name>& name) {
    if (!name) return nullptr;
    auto& blocks = names_[*name];
    if (blocks.empty()) {
      blocks.resize(resolved_.by_class.size());
      for (auto& block : blocks) block.negative_ttl = ttls_.negative;
    }
    blocks[class_].negative_ttl = std::min(ttls_.negative, ttl_);
    return &blocks[class_];
  }

  void answer_forwarder(BlockDraft& block) {
    TierDraft v4{.quota = quota()}, v6{.quota = quota()};
    for (const auto& ip : destination_.door.addresses)
      (ip.is_v4() ? v4 : v6).records.push_back({address_record(ip, ttl_)});
    if (destination_.door.addresses.empty()) no_forwarder(block);
    if (!v4.records.empty()) block.a.tiers.push_back(std::move(v4));
    if (!v6.records.empty()) block.aaaa.tiers.push_back(std::move(v6));
  }

  static void not_ready(BlockDraft& block, std::string_view why) {
    block.not_ready = true;
    block.ede = error_option(Ede::not_ready, why);
  }
  static void no_forwarder(BlockDraft& block) {
    not_ready(block, "the forwarder is the door and has no address");
  }
  // Nobody knows yet whether another cluster has an endpoint. "None" would be kept by caches for
  // longer than that takes.
  static void unheard(BlockDraft& block) {
    not_ready(block, "no endpoint yet: other clusters are not heard");
  }

  void answer_endpoints(const view::Selection& selection, BlockDraft& block) {
    say_state(selection, block);
    // Nobody knows a best tier among those that are all ill; a headless caller wants to see
    // everyone.
    const bool merged = destination_.headless || selection.fail_open;
    for (std::size_t i = 0; i < selection.tiers.size(); ++i) {
      const auto& tier = selection.tiers[i];
      if (i == 0 || !merged) {
        const TierDraft empty{.share = merged ? 1 : tier.share,
                              .index = static_cast<std::uint16_t>(i),
                              .quota = quota()};
        block.a.tiers.push_back(empty);
        block.aaaa.tiers.push_back(empty);
      }
      for (const auto& choice : tier.endpoints) {
        const auto& endpoint = choice.endpoint();
        auto& draft = endpoint.ip.is_v4() ? block.a.tiers.back() : block.aaaa.tiers.back();
        draft.records.push_back({address_record(endpoint.ip, ttl_), {}, endpoint.weight});
        mark_stale(draft, choice);
      }
    }
  }

  // What is to be said beside the endpoints, or instead of them.
  void say_state(const view::Selection& selection, BlockDraft& block) const {
    std::size_t members = 0;
    for (const auto& tier : selection.tiers) members += tier.endpoints.size();
    block.fail_open = selection.fail_open;
    if (selection.fail_open && members > 0)
      block.ede = error_option(Ede::other, "none of " + std::to_string(members) +
                                               " endpoints is healthy: answering what there is");
    else if (members == 0 && !resolution_.view->synced)
      unheard(block);
    else if (members == 0)
      block.ede =
          error_option(Ede::other, "no endpoint: " + std::to_string(selection.left_out.size()) +
                                       " left out, see _explain");
  }

  void mark_stale(TierDraft& tier, const view::Choice& choice) const {
    if (!choice.stale || tier.stale) return;
    tier.stale = true;
    const auto* cluster = resolution_.view->find_cluster(choice.endpoint().cluster);
    tier.ede =
        error_option(Ede::stale_answer,
                     "cluster " + choice.endpoint().cluster + " is silent" +
                         (cluster && cluster->age ? " for " + base::to_string(*cluster->age) : ""));
  }

  std::optional<Name> name_of(const view::Choice& choice) const {
    return endpoint_name(host_, destination_, choice.endpoint());
  }

  void name_endpoints(const view::Selection& selection) {
    for (const auto& tier : selection.tiers)
      for (const auto& choice : tier.endpoints) {
        auto* block = at(name_of(choice));
        if (!block) continue;
        auto& set = choice.endpoint().ip.is_v4() ? block->a : block->aaaa;
        if (set.tiers.empty()) set.tiers.push_back({.quota = kNoQuota});
        set.tiers.back().records.push_back({address_record(choice.endpoint().ip, ttl_)});
        mark_stale(set.tiers.back(), choice);
      }
    if (destination_.headless)
      for (const auto& choice : selection.left_out)
        if (!choice.endpoint().hostname.empty()) at(name_of(choice));
  }

  void add_services(const view::DestinationPort& port, const view::Selection& selection) {
    const bool behind_forwarder = destination_.door.kind == view::Door::Kind::forwarder;
    for (const auto& name : service_names(host_, port)) {
      auto* block = at(name);
      block->srv.order = RrSet::Order::by_priority;
      if (behind_forwarder && !view::is_http(port.protocol))
        block->ede = error_option(Ede::other, "port " + std::to_string(port.number) +
                                                  " is not served: the forwarder is the door and "
                                                  "speaks HTTP only");
      else if (behind_forwarder)
        add_forwarder_target(port, *block);
      else
        add_endpoint_targets(port, selection, *block);
    }
  }

  void add_forwarder_target(const view::DestinationPort& port, BlockDraft& block) {
    if (destination_.door.addresses.empty()) return no_forwarder(block);
    if (block.srv.tiers.empty()) block.srv.tiers.emplace_back();
    RecordDraft target{srv_record(ttl_, 0, 1, port.number, host_), {}};
    for (const auto& ip : destination_.door.addresses) target.glue += address_record(ip, ttl_);
    block.srv.tiers.back().records.push_back(std::move(target));
  }

  void add_endpoint_targets(const view::DestinationPort& port, const view::Selection& selection,
                            BlockDraft& block) {
    say_state(selection, block);
    for (std::size_t i = 0; i < selection.tiers.size(); ++i) {
      std::uint32_t heaviest = kMaxSrvWeight;
      for (const auto& choice : selection.tiers[i].endpoints)
        heaviest = std::max(heaviest, choice.endpoint().weight);
      for (const auto& choice : selection.tiers[i].endpoints) {
        const auto& endpoint = choice.endpoint();
        const auto number = target_port(port, *choice.service, endpoint);
        const auto target = name_of(choice);
        if (!number || !target) continue;
        const auto weight =
            std::max<std::uint64_t>(1, std::uint64_t{endpoint.weight} * kMaxSrvWeight / heaviest);
        auto& tier = tier_of(block.srv, i, selection.tiers[i].share);
        tier.records.push_back({srv_record(ttl_, static_cast<std::uint16_t>(i),
                                           static_cast<std::uint16_t>(weight), *number, *target),
                                address_record(endpoint.ip, ttl_),
                                static_cast<std::uint32_t>(weight)});
        mark_stale(tier, choice);
      }
    }
  }

  // Tiers may come from several ports of one label, so not always in order.
  static TierDraft& tier_of(SetDraft& set, std::size_t index, double share) {
    const auto at = std::find_if(set.tiers.begin(), set.tiers.end(),
                                 [index](const TierDraft& t) { return t.index >= index; });
    if (at != set.tiers.end() && at->index == index) return *at;
    return *set.tiers.insert(at, {.share = share, .index = static_cast<std::uint16_t>(index)});
  }

  void add_explanation(const view::Selection& selection) {
    auto* block = at(host_.child("_explain"));
    if (!block) return;
    auto& set = block->txt;
    set.order = RrSet::Order::as_written;
    set.tiers.push_back({.quota = kNoQuota});
    for (const auto& line : explain(destination_, selection, resolution_.callers.classes[class_],
                                    resolution_.view->version))
      set.tiers.back().records.push_back({text_record(line, Class::in, ttl_)});
  }

  // No record twice (RFC 2181 §5.2), as where two services share an endpoint. Sets without any
  // record say NODATA by themselves; shares of SRV tiers that serve the port are brought back to 1,
  // and the quotas shared out.
  void finish(BlockDraft& block) const {
    for (auto* set : {&block.a, &block.aaaa, &block.srv})
      for (auto& tier : set->tiers) drop_repeats(tier.records);
    const auto empty = [](const TierDraft& tier) { return tier.records.empty(); };
    for (auto* set : {&block.a, &block.aaaa})
      if (std::all_of(set->tiers.begin(), set->tiers.end(), empty)) set->tiers.clear();
    for (auto* set : {&block.a, &block.aaaa}) share_in_family(set->tiers);
    const bool names_endpoints = block.srv.order == RrSet::Order::by_priority &&
                                 destination_.door.kind == view::Door::Kind::endpoints;
    if (names_endpoints && block.srv.tiers.empty() && !resolution_.view->synced) unheard(block);
    tell_of_all_tiers(block.srv.tiers);
    double shares = 0;
    for (const auto& tier : block.srv.tiers) shares += tier.share;
    for (auto& tier : block.srv.tiers)
      tier.share = shares > 0 ? tier.share / shares : &tier == &block.srv.tiers.front() ? 1 : 0;
    share_out(destination_.headless ? kNoQuota : config_.max_answers, block.srv.tiers);
  }

  // An SRV answer holds every tier, so it is as stale as the first of them that is.
  static void tell_of_all_tiers(std::vector<TierDraft>& tiers) {
    const auto stale = std::ranges::find_if(tiers, &TierDraft::stale);
    if (stale == tiers.end()) return;
    const auto ede = stale->ede;
    for (auto& tier : tiers)
      if (!tier.stale) tier.stale = true, tier.ede = ede;
  }

  // A and AAAA are asked and drawn apart: if each could come from a tier that lacks it, a name with
  // healthy endpoints would now and then have no address at all. So a family's traffic goes to
  // those of the tiers in use that have it; where none has, it is NODATA.
  static void share_in_family(std::vector<TierDraft>& tiers) {
    double shares = 0;
    for (const auto& tier : tiers)
      if (!tier.records.empty()) shares += tier.share;
    if (shares <= 0) return;
    for (auto& tier : tiers) tier.share = tier.records.empty() ? 0 : tier.share / shares;
  }

  std::uint16_t quota() const {
    return destination_.headless || config_.max_answers == 0 ? kNoQuota : config_.max_answers;
  }

  const view::Destination& destination_;
  const view::ResolvedDestination& resolved_;
  const view::Resolution& resolution_;
  const Name& host_;
  const ZoneConfig& config_;
  const Ttls ttls_;
  Names names_;
  std::size_t class_ = 0;
  std::uint32_t ttl_ = 0;
};

}  // namespace

Ttls ttls(const ZoneConfig& config) {
  return {seconds(config.ttl), seconds(config.degraded_ttl), seconds(config.negative_ttl)};
}

Names destination_names(const view::ResolvedDestination& resolved,
                        const view::Resolution& resolution, const Name& host,
                        const ZoneConfig& config) {
  return Renderer(resolved, resolution, host, config).render();
}

}  // namespace dns
