#include "dns/table_writer.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/hash.hpp"

namespace dns {
namespace {

constexpr std::uint32_t kEmptyBlock = 0;
constexpr std::uint32_t kSoaRefresh = 3600, kSoaRetry = 600, kSoaExpire = 86400;

std::string key(const Name& name) { return std::string(base::as_text(name.wire())); }

// A word up to which a draw falls to a tier, so that words are shared out as the shares are.
std::uint64_t share_to_word(double share_so_far) {
  const double word = std::ldexp(share_so_far, 64);
  return word >= 0x1p64 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(std::max(word, 0.0));
}

// Record data with names that end in a pointer to the apex wherever they lie below it.
class ApexData {
 public:
  explicit ApexData(const Apex& apex) : apex_(apex) { out_.pointers[out_.pointer_count++] = 0; }

  void name(const Name& name) {
    if (!name.is_within(apex_.name)) return data_.put(name.wire());
    data_.put(name.wire().first(name.wire().size() - apex_.name.wire().size()));
    out_.pointers[out_.pointer_count++] =
        static_cast<std::uint16_t>(kRecordData + data_.bytes().size());
    data_.u16(0);
  }
  void u32(std::uint32_t value) { data_.u32(value); }
  const base::Bytes& bytes() const { return data_.bytes(); }
  ApexRecord finish(Slice bytes) {
    out_.bytes = bytes;
    return out_;
  }

 private:
  const Apex& apex_;
  base::ByteWriter data_;
  ApexRecord out_;
};

}  // namespace

TableWriter::TableWriter(bool synced) : table_(std::make_unique<Table>()) {
  table_->synced_ = synced;
  table_->blocks_.emplace_back();
  table_->block_of_class_.push_back(kEmptyBlock);
}

void TableWriter::add_zone(const Apex& apex) {
  ApexData soa(apex), ns(apex);
  soa.name(apex.name_server);
  soa.name(apex.hostmaster);
  for (const auto value : {apex.serial, kSoaRefresh, kSoaRetry, kSoaExpire, apex.negative_ttl})
    soa.u32(value);
  ns.name(apex.name_server);
  base::Bytes glue;
  for (const auto& ip : apex.addresses) glue += address_record(ip, apex.ttl);

  const auto number = static_cast<std::uint32_t>(table_->zones_.size());
  table_->zones_.push_back(
      {.apex_length = static_cast<std::uint8_t>(apex.name.wire().size()),
       .ttl = apex.ttl,
       .negative_ttl = apex.negative_ttl,
       .soa = soa.finish(put(record(Type::soa, Class::in, apex.ttl, soa.bytes()))),
       .ns = ns.finish(put(record(Type::ns, Class::in, apex.ttl, ns.bytes()))),
       .ns_glue = put(glue)});
  // A zone inside another one is reached through its empty non-terminals.
  if (const auto* outer = find_zone(apex.name.parent()); outer && !apex.name.is_root())
    node(apex.name.parent(), *outer);
  auto& at_apex = table_->nodes_[node(apex.name, number)];
  at_apex.apex = true;
  at_apex.zone = number;
}

bool TableWriter::add(const Name& name, const std::vector<BlockDraft>& blocks) {
  const auto* zone = find_zone(name);
  if (!zone) return false;
  const auto place = node(name, *zone);
  const auto first = static_cast<std::uint32_t>(table_->block_of_class_.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto same =
        std::find(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(i), blocks[i]);
    const auto earlier = static_cast<std::size_t>(same - blocks.begin());
    table_->block_of_class_.push_back(earlier < i ? table_->block_of_class_[first + earlier]
                                                  : put_block(blocks[i]));
  }
  table_->nodes_[place].first_block = first;
  table_->nodes_[place].by_class = blocks.size() > 1;
  return true;
}

void TableWriter::add_chaos(std::string_view version, std::string_view identity) {
  if (!version.empty()) table_->chaos_version_ = put(text_record(version, Class::chaos, 0));
  if (!identity.empty()) table_->chaos_identity_ = put(text_record(identity, Class::chaos, 0));
}

void TableWriter::add_callers(const std::unordered_map<base::IpAddress, std::uint16_t>& class_of) {
  table_->class_of_ = class_of;
}

void TableWriter::add_problem(std::string problem) {
  table_->problems_.push_back(std::move(problem));
}

std::unique_ptr<const Table> TableWriter::finish() && {
  auto& nodes = table_->nodes_;
  auto& slots = table_->slots_;
  slots.resize(std::bit_ceil(2 * nodes.size() + 1));
  for (std::uint32_t n = 0; n < nodes.size(); ++n) {
    const auto hash = base::hash64(table_->bytes({nodes[n].name, nodes[n].name_length}));
    std::size_t at = hash & (slots.size() - 1);
    while (slots[at].node != 0) at = (at + 1) & (slots.size() - 1);
    slots[at] = {static_cast<std::uint32_t>(hash >> 32), n + 1};
  }
  return std::move(table_);
}

// The node of a name in a zone; made with its missing ancestors as empty non-terminals.
std::uint32_t TableWriter::node(const Name& name, std::uint32_t zone) {
  const auto number = static_cast<std::uint32_t>(table_->nodes_.size());
  const auto [found, added] = node_of_.emplace(key(name), number);
  if (!added) return found->second;
  table_->nodes_.push_back({.name = put(found->first).offset,
                            .name_length = static_cast<std::uint8_t>(name.wire().size()),
                            .zone = zone});
  if (name.wire().size() > table_->zones_[zone].apex_length + std::size_t{1})
    node(name.parent(), zone);
  return number;
}

const std::uint32_t* TableWriter::find_zone(Name name) const {
  while (true) {
    if (const auto found = node_of_.find(key(name)); found != node_of_.end())
      return &table_->nodes_[found->second].zone;
    if (name.is_root()) return nullptr;
    name = name.parent();
  }
}

Slice TableWriter::put(std::string_view bytes) {
  auto& all = table_->bytes_;
  const Slice slice{static_cast<std::uint32_t>(all.size()),
                    static_cast<std::uint32_t>(bytes.size())};
  all.insert(all.end(), bytes.begin(), bytes.end());
  CHECK(all.size() <= ~std::uint32_t{0});
  return slice;
}

std::uint32_t TableWriter::put_block(const BlockDraft& draft) {
  table_->blocks_.push_back({.a = put_set(draft.a),
                             .aaaa = put_set(draft.aaaa),
                             .srv = put_set(draft.srv),
                             .txt = put_set(draft.txt),
                             .negative_ttl = draft.negative_ttl,
                             .fail_open = draft.fail_open,
                             .not_ready = draft.not_ready,
                             .ede = put(draft.ede)});
  return static_cast<std::uint32_t>(table_->blocks_.size() - 1);
}

RrSet TableWriter::put_set(const SetDraft& draft) {
  const RrSet set{.first = static_cast<std::uint32_t>(table_->tiers_.size()),
                  .tiers = static_cast<std::uint16_t>(draft.tiers.size()),
                  .order = draft.order};
  double share = 0;
  for (const auto& tier : draft.tiers) put_tier(tier, share += tier.share);
  // Shares that add up to a little less than 1 must not leave the rest to a tier without one.
  for (std::size_t i = draft.tiers.size(); i-- > 0;) {
    table_->tiers_[set.first + i].until = ~std::uint64_t{0};
    if (draft.tiers[i].share > 0) break;
  }
  return set;
}

void TableWriter::put_tier(const TierDraft& draft, double share_so_far) {
  Tier tier{.until = share_to_word(share_so_far),
            .first = static_cast<std::uint32_t>(table_->records_.size()),
            .count = static_cast<std::uint32_t>(draft.records.size()),
            .index = draft.index,
            .quota = draft.quota,
            .stale = draft.stale,
            .ede = put(draft.ede)};
  bool alike = true;
  for (const auto& record : draft.records) {
    const auto rr = put(record.rr);
    table_->records_.push_back({.offset = rr.offset,
                                .length = static_cast<std::uint16_t>(rr.length),
                                .glue_length = static_cast<std::uint16_t>(put(record.glue).length),
                                .weight = std::max(record.weight, 1u)});
    alike &= table_->records_.back().weight == table_->records_[tier.first].weight;
    tier.heaviest = std::max(tier.heaviest, table_->records_.back().weight);
  }
  if (alike) tier.heaviest = 0;
  table_->tiers_.push_back(tier);
}

}  // namespace dns
