#include "dns/host_answer.hpp"

#include <algorithm>

#include "dns/explain.hpp"
#include "dns/host_writer.hpp"
#include "dns/place_labels.hpp"
#include "dns/record.hpp"

namespace dns {
namespace {

constexpr auto kUnheard =
    error_option<Ede::not_ready>("no endpoint yet: other clusters are not heard");
constexpr auto kNoForwarder =
    error_option<Ede::not_ready>("the forwarder is the door and has no address");
constexpr auto kForwarderChooses =
    error_option<Ede::other>("the forwarder is the door and chooses: ask for the host itself");
constexpr Derived kNothing{.kind = Derived::Kind::between};

}  // namespace

HostAnswer::HostAnswer(const Table& table, const Found& found, const Host& host, const Query& query,
                       std::uint16_t caller_class)
    : table_(table),
      host_(host),
      placed_at_door_(found.placed && host_.door() == Host::Door::forwarder),
      name_(placed_at_door_ && found.name.kind != Derived::Kind::explanation ? kNothing
                                                                             : found.name),
      host_length_(found.host_length),
      query_(query),
      class_(caller_class),
      answer_(host_.answer(caller_class)),
      ready_(find_ready()) {}

bool HostAnswer::find_ready() const {
  const bool host = is(Derived::Kind::host);
  if (!host && !is(Derived::Kind::service)) return true;
  switch (host_.door()) {
    case Host::Door::endpoints:
      return table_.synced() || !(host ? answer_.empty() : service().empty());
    case Host::Door::forwarder:
      return !answer_.empty() || (!host && service().empty());
    case Host::Door::name_server:
    case Host::Door::reverse:
      break;
  }
  return true;
}

bool HostAnswer::has_records() const {
  switch (name_.kind) {
    case Derived::Kind::none:
    case Derived::Kind::between:
      return false;
    case Derived::Kind::host:
      return !answer_.empty() || !ready_ || host_.door() == Host::Door::reverse;
    case Derived::Kind::service:
      return !service().empty() || !ready_;
    case Derived::Kind::endpoint:
      return std::ranges::any_of(host_.bands(answer_), [&](const Band& band) {
        const auto member = host_.find(band, name_.ip);
        return member != Host::kNone && host_.is_called_by_address(answer_, member);
      });
    case Derived::Kind::pod:
      return std::ranges::binary_search(host_.pod_members(answer_), name_.number, {},
                                        &PodMember::pod);
    case Derived::Kind::explanation:
      break;
  }
  return true;
}

std::span<const std::uint8_t> HostAnswer::ede() const {
  if (placed_at_door_) return kForwarderChooses;
  const bool service = is(Derived::Kind::service);
  if (!service && !is(Derived::Kind::host)) return {};
  const bool forwarder = host_.door() == Host::Door::forwarder;
  if (!ready_) return forwarder ? std::span<const std::uint8_t>(kNoForwarder) : kUnheard;
  return host_.option(service && forwarder ? host_.service_error(name_.number) : answer_.ede);
}

bool HostAnswer::write(Reply& reply, base::Random& random, Counters& counters) const {
  const auto type = static_cast<Type>(query_.type);
  const bool address = type == Type::a || type == Type::aaaa;
  HostWriter writer(host_, answer_, reply, random, counters);
  switch (name_.kind) {
    case Derived::Kind::host:
      if (host_.door() == Host::Door::reverse) return type == Type::ptr && writer.add_pointers();
      return address && writer.add_drawn(type == Type::a ? answer_.a : answer_.aaaa, type);
    case Derived::Kind::endpoint:
      return address && writer.add_endpoint(name_.ip, type);
    case Derived::Kind::pod:
      return address && writer.add_pod(name_.number, type);
    case Derived::Kind::service:
      return type == Type::srv &&
             writer.add_service(service(), query_.name.wire().last(host_length_));
    case Derived::Kind::explanation:
      return type == Type::txt && write_explanation(reply);
    case Derived::Kind::none:
    case Derived::Kind::between:
      break;
  }
  return false;
}

bool HostAnswer::write_explanation(Reply& reply) const {
  const auto& resolved = *host_.resolved();
  const auto& classes = table_.callers().classes;
  const auto& by_class = resolved.by_class;  // one, at a place
  const auto& selection = by_class[class_ < by_class.size() ? class_ : 0];
  const auto& caller = classes[class_ < classes.size() ? class_ : 0];
  const auto name = query_.name.wire();
  const auto place = read_place(name.first(name.size() - host_length_));
  for (const auto& line :
       explain(*resolved.destination, selection, caller, place, table_.version()))
    reply.add(Section::answer, base::as_span(text_record(line, Class::in, answer_.ttl)));
  return true;
}

}  // namespace dns
