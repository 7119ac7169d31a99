#include "discovery/sources/http_checker.hpp"

#include <cerrno>
#include <cstdlib>

#include "base/ascii.hpp"
#include "discovery/fields.hpp"
#include "discovery/sources/libcurl.hpp"

namespace discovery::sources {
namespace {

using Answer = HealthChecks::Answer;
using Kind = resources::HealthCheck::Kind;

constexpr std::size_t kGrpcHead = 5;            // a flag and the length
constexpr std::size_t kMostAnswer = 64 * 1024;  // bytes of an answer's body that are read
constexpr int kLooksEveryMs = 1000;

// What this host lacks says nothing of an endpoint.
Answer answer_of(CURLcode result, long error_number) {
  if (result == CURLE_COULDNT_CONNECT && error_number == 0) return Answer::not_asked;  // no socket
  switch (error_number) {
    case EAFNOSUPPORT:
    case ENETUNREACH:
    case EPERM:
    case EACCES:
    case EMFILE:
    case ENFILE:
      return Answer::not_asked;
    default:
      break;
  }
  if (result == CURLE_OPERATION_TIMEDOUT) return Answer::silent;
  if (result == CURLE_COULDNT_CONNECT)
    return error_number == ECONNREFUSED || error_number == ECONNRESET ? Answer::refused
                                                                      : Answer::silent;
  return Answer::wrong;
}

std::string state_name(std::uint64_t state) {
  constexpr const char* kNames[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
  return state < std::size(kNames) ? kNames[state] : "state " + std::to_string(state);
}

}  // namespace

std::string http_fault(long status) {
  return status >= 200 && status < 400 ? "" : "answers " + std::to_string(status);
}

std::string grpc_question(std::string_view service) {
  FieldWriter out;
  out.text(1, service);
  const auto message = std::move(out).take();
  base::ByteWriter framed;
  framed.u8(0);
  framed.u32(static_cast<std::uint32_t>(message.size()));
  framed.put(base::as_span(message));
  return std::move(framed).take();
}

std::string grpc_fault(long status, int grpc_status, std::string_view body) {
  if (status != 200) return "answers " + std::to_string(status) + ", which is no gRPC";
  if (grpc_status > 0) return "answers gRPC status " + std::to_string(grpc_status);
  if (body.size() < kGrpcHead) return "answers no health";
  FieldReader in(body.substr(kGrpcHead));
  std::uint64_t state = 0;
  while (const auto field = in.next())
    if (field->id == 1) state = field->number;
  if (!in.ok()) return "answers what is no health";
  return state == 1 ? "" : "says " + state_name(state);
}

struct HttpChecker::Call {
  std::string url, host, body, answer;
  base::Duration patience{};
  bool grpc = false;
  int grpc_status = -1;
  Done done;
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;

  ~Call() {
    if (!handle) return;
    libcurl()->cleanup(handle);
    libcurl()->free_all(headers);
  }
  static std::size_t append(const char* data, std::size_t size, std::size_t count, void* into) {
    auto& call = *static_cast<Call*>(into);
    // Of a page only the status counts; it ends when that is known to be long.
    if (call.answer.size() + size * count > kMostAnswer) return 0;
    call.answer.append(data, size * count);
    return size * count;
  }
  static std::size_t header(const char* data, std::size_t size, std::size_t count, void* into) {
    const auto line = base::lower(std::string_view(data, size * count));
    constexpr std::string_view kName = "grpc-status:";
    if (line.starts_with(kName))
      static_cast<Call*>(into)->grpc_status = std::atoi(line.c_str() + kName.size());
    return size * count;
  }
};

HttpChecker::HttpChecker() = default;

HttpChecker::~HttpChecker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (multi_) libcurl()->multi_wakeup(multi_);
  }
  if (thread_.joinable()) thread_.join();
}

std::string HttpChecker::trouble() const {
  const std::lock_guard lock(mutex_);
  return missing_ ? "checks by HTTP and gRPC are not made: " + std::string(kLibCurl) +
                        " cannot be loaded: is libcurl installed?"
                  : "";
}

void HttpChecker::ask(const base::SocketAddress& address, const resources::HealthCheck& how,
                      Done done) {
  auto call = std::make_unique<Call>();
  call->grpc = how.kind == Kind::grpc;
  call->url =
      "http://" + address.to_string() + (call->grpc ? "/grpc.health.v1.Health/Check" : how.path);
  call->host = how.host;
  if (call->grpc) call->body = grpc_question(how.service);
  call->patience = how.patience;
  call->done = std::move(done);
  {
    const std::lock_guard lock(mutex_);
    if (!multi_ && libcurl()) {
      multi_ = libcurl()->multi_init();
      thread_ = std::thread(&HttpChecker::run, this);
    }
    missing_ = !multi_;
    if (multi_) {
      waiting_.push_back(std::move(call));
      libcurl()->multi_wakeup(multi_);
      return;
    }
  }
  call->done(Answer::not_asked, "");
}

void HttpChecker::run() {
  const auto& curl = *libcurl();
  for (;;) {
    std::vector<std::unique_ptr<Call>> next;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
      next.swap(waiting_);
    }
    for (auto& call : next) begin(std::move(call));
    int running = 0, left = 0;
    curl.multi_perform(multi_, &running);
    while (const auto* message = curl.multi_info(multi_, &left))
      if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
    curl.multi_poll(multi_, nullptr, 0, kLooksEveryMs, nullptr);
  }
  for (const auto& [handle, call] : calls_) curl.multi_remove(multi_, handle);
  calls_.clear();
  curl.multi_cleanup(multi_);
}

void HttpChecker::begin(std::unique_ptr<Call> call) {
  const auto& curl = *libcurl();
  call->handle = curl.init();
  const auto set = [&](CURLoption option, auto value) { curl.set(call->handle, option, value); };
  if (!call->host.empty()) call->headers = curl.append(nullptr, ("Host: " + call->host).c_str());
  if (call->grpc) {
    call->headers = curl.append(nullptr, "Content-Type: application/grpc");
    call->headers = curl.append(call->headers, "TE: trailers");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
    set(CURLOPT_POSTFIELDS, call->body.data());
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(call->body.size()));
    set(CURLOPT_HEADERFUNCTION, &Call::header);
    set(CURLOPT_HEADERDATA, call.get());
  }
  set(CURLOPT_URL, call->url.c_str());
  set(CURLOPT_HTTPHEADER, call->headers);
  set(CURLOPT_USERAGENT, "nearmost-check");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_FRESH_CONNECT, 1L);
  set(CURLOPT_FORBID_REUSE, 1L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(base::to_ms(call->patience)));
  set(CURLOPT_WRITEFUNCTION, &Call::append);
  set(CURLOPT_WRITEDATA, call.get());
  curl.multi_add(multi_, call->handle);
  auto* handle = call->handle;
  calls_[handle] = std::move(call);
}

void HttpChecker::end(void* handle, int result) {
  const auto& curl = *libcurl();
  const auto call = std::move(calls_.extract(handle).mapped());
  long status = 0, error_number = 0;
  curl.get(handle, CURLINFO_RESPONSE_CODE, &status);
  curl.get(handle, CURLINFO_OS_ERRNO, &error_number);
  curl.multi_remove(multi_, handle);
  // Too long a page is a page.
  const bool whole = result == CURLE_OK || (result == CURLE_WRITE_ERROR && !call->grpc);
  if (!whole) {
    const auto code = static_cast<CURLcode>(result);
    return call->done(answer_of(code, error_number), curl.text(code));
  }
  auto fault =
      call->grpc ? grpc_fault(status, call->grpc_status, call->answer) : http_fault(status);
  const auto answer = fault.empty() ? Answer::open : Answer::wrong;
  call->done(answer, std::move(fault));
}

}  // namespace discovery::sources
