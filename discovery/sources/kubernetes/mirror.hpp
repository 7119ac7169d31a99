// A Reflector and the bytes that come for it: pages are read when they are whole, events of a
// stream line by line.
//
// Limits: kMaxPageBytes a page, kMaxEventBytes an event (messages.hpp), of an error what is shown.
// Thread: one.
#pragma once

#include <optional>
#include <string>

#include "discovery/sources/kubernetes/api_server.hpp"
#include "discovery/sources/kubernetes/reflector.hpp"

namespace discovery::sources::kubernetes {

class Mirror {
 public:
  Mirror(Resource resource, base::Random random) : reflector_(std::move(resource), random) {}

  std::optional<Request> next(base::TimePoint now);
  // False when nothing more of the answer is wanted.
  bool take(base::TimePoint now, ApiServer::Heard heard);

  Reflector& reflector() { return reflector_; }
  const Reflector& reflector() const { return reflector_; }

 private:
  bool take_list(base::TimePoint now, ApiServer::Heard& heard);
  bool take_stream(base::TimePoint now, ApiServer::Heard& heard);

  Reflector reflector_;
  Request::Kind asked_ = Request::Kind::list;
  bool opened_ = false;
  std::string text_;  // of the answer: what was not read yet
};

}  // namespace discovery::sources::kubernetes
