#include "discovery/sources/kubernetes/mirror.hpp"

#include "discovery/sources/kubernetes/http_status.hpp"
#include "discovery/sources/kubernetes/messages.hpp"

namespace discovery::sources::kubernetes {
namespace {

// What of an answer with an error is shown and no more.
constexpr std::size_t kMaxErrorBytes = 64 << 10;

}  // namespace

std::optional<Request> Mirror::next(base::TimePoint now) {
  auto request = reflector_.next(now);
  if (!request) return request;
  asked_ = request->kind;
  opened_ = false;
  text_.clear();
  return request;
}

bool Mirror::take(base::TimePoint now, ApiServer::Heard heard) {
  if (heard.status == http::kOk)
    return asked_ == Request::Kind::list ? take_list(now, heard) : take_stream(now, heard);
  if (text_.size() < kMaxErrorBytes) text_ += heard.bytes;
  if (!heard.ended) return true;
  if (heard.ended->reason.empty()) heard.ended->reason = refusal(heard.status, text_);
  reflector_.ended(now, *heard.ended);
  return true;
}

bool Mirror::take_list(base::TimePoint now, ApiServer::Heard& heard) {
  text_ += heard.bytes;
  if (text_.size() > kMaxPageBytes) {
    reflector_.ended(
        now,
        {heard.status, "a page of a list is larger than 16 MiB", Ending::Fault::too_large, {}});
    return false;
  }
  if (!heard.ended) return true;
  if (!heard.ended->reason.empty()) {
    reflector_.ended(now, *heard.ended);
    return true;
  }
  auto page = read_page(reflector_.resource(), std::exchange(text_, {}));
  if (page)
    reflector_.listed(now, std::move(*page));
  else
    reflector_.ended(now, {heard.status, page.error().message, Ending::Fault::unintelligible, {}});
  return true;
}

bool Mirror::take_stream(base::TimePoint now, ApiServer::Heard& heard) {
  const auto give_up = [&](std::string reason) {
    reflector_.ended(now, {heard.status, std::move(reason), Ending::Fault::unintelligible, {}});
    return false;
  };
  if (!std::exchange(opened_, true)) reflector_.opened(now);
  text_ += heard.bytes;
  std::size_t begin = 0;
  for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n', begin)) {
    const auto line = std::string_view(text_).substr(begin, end - begin);
    begin = end + 1;
    auto event = read_event(reflector_.resource(), line);
    if (!event) return give_up(event.error().message);
    if (reflector_.heard(now, std::move(*event)) == Reflector::Then::hang_up) return false;
  }
  text_.erase(0, begin);
  if (text_.size() > kMaxEventBytes) return give_up("an event of a watch is larger than 8 MiB");
  // Half an event is none: the next stream begins behind the last whole one.
  if (heard.ended) reflector_.ended(now, *heard.ended);
  return true;
}

}  // namespace discovery::sources::kubernetes
