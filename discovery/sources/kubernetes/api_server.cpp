#include "discovery/sources/kubernetes/api_server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <string_view>
#include <system_error>

#include "discovery/sources/kubernetes/http_status.hpp"
#include "discovery/sources/kubernetes/messages.hpp"
#include "discovery/sources/libcurl.hpp"
#include "discovery/sources/whole_file.hpp"

namespace discovery::sources::kubernetes {
namespace {

constexpr std::size_t kMaxTokenBytes = 64 << 10;

base::Result<std::string> read_token(const FileOrText& given) {
  if (given.file.empty()) return given.text;
  const auto& path = given.file;
  const auto file = read_whole(path, kMaxTokenBytes);
  const auto fault = [&](const std::string& what) {
    return base::unavailable("the token in " + path + " " + what);
  };
  if (file.outcome == WholeFile::Outcome::failed)
    return fault("cannot be read: " + std::generic_category().message(file.error));
  if (file.outcome != WholeFile::Outcome::read) return fault("is no token");
  std::string_view token = file.bytes;
  while (!token.empty() && token.back() <= ' ') token.remove_suffix(1);
  const auto is_odd = [](char c) { return c <= ' ' || c > '~'; };
  if (token.empty() || std::ranges::any_of(token, is_odd)) return fault("is no token");
  return std::string(token);
}

// What the operator of a cluster can do about it.
std::string_view hint_for(int status) {
  if (status == http::kUnauthorized) return "; is the token this server's?";
  if (status == http::kForbidden) return "; let the agent's account get, list and watch it";
  return "";
}

// Metadata alone where that is enough, whole objects of servers that do not know how.
const char* accepts(const Request& request) {
  if (!request.metadata_only) return "Accept: application/json";
  return request.kind == Request::Kind::list
             ? "Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, "
               "application/json"
             : "Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, "
               "application/json";
}

int set_keep_alive(void*, curl_socket_t fd, curlsocktype) {
  const auto set = [fd](int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, ApiServer::kKeepAliveIdleSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, ApiServer::kKeepAliveEverySeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, ApiServer::kKeepAliveTries);
  // Keep-alive waits for as long as something is unacknowledged.
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(base::to_ms(ApiServer::kDeadAfter)));
  return CURL_SOCKOPT_OK;
}

}  // namespace

std::string refusal(int status, std::string_view body) {
  auto said = std::to_string(status);
  if (const auto message = read_status(body); !message.empty()) said += ": " + message;
  return said + std::string(hint_for(status));
}

struct ApiServer::Lane {
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
  std::string body;
  std::optional<Ending> ended;              // before it began
  std::optional<base::TimePoint> begin_by;  // it has to
  bool needs_fresh_connection = false;      // on the one before nothing came
  char error[CURL_ERROR_SIZE] = "";

  static std::size_t append(const char* data, std::size_t size, std::size_t count, void* lane) {
    static_cast<Lane*>(lane)->body.append(data, size * count);
    return size * count;
  }
};

base::Result<std::unique_ptr<ApiServer>> ApiServer::make(Access access, std::size_t lanes) {
  if (!libcurl())
    return base::unavailable(std::string(kLibCurl) + " cannot be loaded: is libcurl installed?");
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(access), lanes));
}

ApiServer::ApiServer(Access access, std::size_t lanes)
    : access_(std::move(access)), multi_(libcurl()->multi_init()) {
  for (std::size_t i = 0; i < lanes; ++i) lanes_.push_back(std::make_unique<Lane>());
}

ApiServer::~ApiServer() {
  for (std::size_t i = 0; i < lanes_.size(); ++i) drop(i);
  libcurl()->multi_cleanup(multi_);
}

void ApiServer::ask(std::size_t which, const Request& request) {
  const auto& curl = *libcurl();
  auto& lane = *lanes_[which];
  lane.body.clear();
  lane.error[0] = '\0';
  lane.handle = curl.init();
  lane.headers = curl.append(nullptr, accepts(request));
  if (request.kind == Request::Kind::status)
    lane.headers = curl.append(lane.headers, "Content-Type: application/merge-patch+json");
  if (!access_.token.empty()) {
    const auto token = read_token(access_.token);
    if (!token) {
      lane.ended = Ending{0, token.error().message, {}, {}};
      return;
    }
    lane.headers = curl.append(lane.headers, ("Authorization: Bearer " + *token).c_str());
  }
  const auto set = [&](CURLoption option, auto value) { curl.set(lane.handle, option, value); };
  set(CURLOPT_URL, (access_.server + request.target).c_str());
  set(CURLOPT_HTTPHEADER, lane.headers);
  set(CURLOPT_USERAGENT, "nearmost");
  set(CURLOPT_NOSIGNAL, 1L);
  if (request.kind == Request::Kind::status) {
    set(CURLOPT_CUSTOMREQUEST, "PATCH");
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    set(CURLOPT_COPYPOSTFIELDS, request.body.c_str());
  }
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(base::to_ms(kConnectPatience)));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(base::to_ms(request.patience)));
  if (request.begins_within)
    lane.begin_by = std::chrono::steady_clock::now() + *request.begins_within;
  set(CURLOPT_FRESH_CONNECT, std::exchange(lane.needs_fresh_connection, false) ? 1L : 0L);
  set(CURLOPT_PIPEWAIT, 1L);  // one connection for all lanes, where the server speaks HTTP/2
  set(CURLOPT_SOCKOPTFUNCTION, &set_keep_alive);
  set(CURLOPT_WRITEFUNCTION, &Lane::append);
  set(CURLOPT_WRITEDATA, &lane);
  set(CURLOPT_ERRORBUFFER, lane.error);
  set(CURLOPT_PRIVATE, reinterpret_cast<void*>(which));
  bool taken = true;
  const auto give = [&](const FileOrText& given, CURLoption file, CURLoption text) {
    curl_blob blob{const_cast<char*>(given.text.data()), given.text.size(), CURL_BLOB_COPY};
    if (!given.file.empty()) set(file, given.file.c_str());
    if (!given.text.empty()) taken &= curl.set(lane.handle, text, &blob) == CURLE_OK;
  };
  give(access_.ca, CURLOPT_CAINFO, CURLOPT_CAINFO_BLOB);
  give(access_.certificate, CURLOPT_SSLCERT, CURLOPT_SSLCERT_BLOB);
  give(access_.key, CURLOPT_SSLKEY, CURLOPT_SSLKEY_BLOB);
  if (!taken) {
    lane.ended = Ending{0, "this libcurl takes certificates from files only", {}, {}};
    return;
  }
  curl.multi_add(multi_, lane.handle);
}

void ApiServer::drop(std::size_t which) {
  const auto& curl = *libcurl();
  auto& lane = *lanes_[which];
  if (!lane.handle) return;
  curl.multi_remove(multi_, lane.handle);
  curl.cleanup(lane.handle);
  curl.free_all(lane.headers);
  lane.handle = nullptr;
  lane.headers = nullptr;
  lane.ended.reset();
  lane.begin_by.reset();
}

void ApiServer::end_silent() {
  const auto now = std::chrono::steady_clock::now();
  for (auto& lane : lanes_) {
    if (!lane->begin_by || now < *lane->begin_by || lane->ended) continue;
    long status = 0;
    libcurl()->get(lane->handle, CURLINFO_RESPONSE_CODE, &status);
    lane->begin_by.reset();
    if (status != 0) continue;
    lane->ended = Ending{0, access_.server + ": takes requests and does not answer them", {}, {}};
    lane->needs_fresh_connection = true;
  }
}

std::vector<ApiServer::Heard> ApiServer::wait(base::Duration patience) {
  const auto& curl = *libcurl();
  const bool is_something_there =
      std::ranges::any_of(lanes_, [](const auto& lane) { return lane->ended.has_value(); });
  constexpr std::int64_t kMostMs = 60'000;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  int running = 0;
  if (!is_something_there)
    curl.multi_poll(multi_, nullptr, 0, static_cast<int>(std::clamp<std::int64_t>(ms, 0, kMostMs)),
                    nullptr);
  curl.multi_perform(multi_, &running);
  int left = 0;
  while (const auto* message = curl.multi_info(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    void* which = nullptr;
    curl.get(message->easy_handle, CURLINFO_PRIVATE, &which);
    auto& lane = *lanes_[reinterpret_cast<std::size_t>(which)];
    const auto result = message->data.result;
    curl_off_t retry_after = 0;
    curl.get(message->easy_handle, CURLINFO_RETRY_AFTER, &retry_after);
    lane.ended = Ending{};
    if (retry_after > 0) lane.ended->retry_after = std::chrono::seconds(retry_after);
    if (result != CURLE_OK)
      lane.ended->reason = access_.server + ": " + (lane.error[0] ? lane.error : curl.text(result));
  }
  end_silent();
  std::vector<Heard> heard;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    auto& lane = *lanes_[i];
    if (!lane.handle) continue;
    Heard one;
    one.lane = i;
    long status = 0;
    curl.get(lane.handle, CURLINFO_RESPONSE_CODE, &status);
    one.status = static_cast<int>(status);
    one.bytes = std::exchange(lane.body, {});
    one.ended = lane.ended;
    if (one.ended) {
      one.ended->status = one.status;
      drop(i);
    }
    if (one.status || one.ended) heard.push_back(std::move(one));
  }
  return heard;
}

void ApiServer::wake() { libcurl()->multi_wakeup(multi_); }

}  // namespace discovery::sources::kubernetes
