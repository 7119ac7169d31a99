// Mirrors one resource of a Kubernetes API server: LIST page by page, then WATCH from the version
// of that list, and LIST again only after a gap.
//
// Requests go out one at a time; their answers come back as events with `now`. The rules are those
// of Kubernetes' "API Concepts" and client-go's reflector:
// - versions are opaque: kept, sent back, never compared;
// - 410 says that what happened in between is lost, be it an HTTP status or an ERROR event inside a
//   200 stream: all is listed anew, and objects() stays as it is until the whole list is there;
// - a continue token that has expired begins its list again;
// - a stream that ends, as each does, goes on from the version heard last;
// - what cannot be watched kTriesBeforeList times though the server answers is listed anew: its
//   version may be one that the server never had (restored from a backup). Where that does not
//   help, both are asked for ever less often.
// Back-off is exponential with jitter. It stays short where nobody answers (kMaxAbsentDelay, twice
// that with jitter, from one attempt's begin to the next one's), for that costs nobody anything,
// and what a server that is back says is to serve within 5 s, however long it was away; one that
// answers with errors is left alone for up to kMaxRefusedDelay.
//
// A custom resource is asked for where it is defined, Pods while somebody wants a label of them.
// Where its definition is gone for kDoubted, so are its objects. Of what is kept of an object only
// a change of that is one: a status that is written, or a Node's, comes as an event, and is none.
//
// Invariants: objects() is one list with the events behind it, never a part of a list; an object
// that cannot be read keeps its last good state. Thread: one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.hpp"
#include "base/locality.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "discovery/node.hpp"
#include "resources/documents.hpp"

namespace discovery::sources::kubernetes {

struct Resource {
  enum class As {
    documents,  // what it says is read at once, and nobody wrote it by hand
    texts,      // a custom resource: judged together with the files, by its text
    places,     // a Node: where it is, by its labels
    labels,     // a Pod: those of its labels that somebody wants; while nobody does it is not read
  };
  std::string name;  // "endpointslices": how paths call it
  std::string kind;  // "EndpointSlice"
  std::vector<std::string>
      groups;  // "apis/discovery.k8s.io/v1" and what older servers have instead
  As as = As::documents;
  // Without it nothing is said; what is not needed may be refused to us, or not be there.
  bool needed = true;
  std::vector<std::string> labels = {};  // keys of those that are wanted; sorted
  // Of such an object nothing is needed but its metadata.
  bool is_metadata() const { return as == As::places || as == As::labels; }
};

// What a status says of an object: Gloo's status.common.State.
struct StatedState {
  std::int64_t observed_generation = 0;
  std::string approval, message;
  friend bool operator==(const StatedState&, const StatedState&) = default;
};

// What is kept of a custom resource: its JSON without what others write (status, versions).
struct CustomObject {
  std::string text;
  std::int64_t generation = 0;
  StatedState state;
  std::string uid = {};  // another one where it was deleted and made anew
};

// The kinds that are read at once; a Documents, which has a list for each kind, is seven times as
// large, and there is one of these in every object.
struct ReadDocuments {
  resources::SharedList<resources::Service> services;
  resources::SharedList<resources::EndpointSlice> endpoint_slices;
};

struct Object {
  std::string name;              // "namespace/name"
  std::string version;           // resourceVersion
  ReadDocuments documents;       // itself; none where it has errors, or is nothing for us
  resources::Problems problems;  // errors
  CustomObject custom = {};
  base::Locality place = {};
  base::Labels labels = {};  // of a Pod, and what its uid is
  resources::PodRef pod = {};
};

struct Page {
  std::string version;
  std::string rest;  // the continue token; "" = this is the last
  std::vector<Object> items;
};

struct WatchEvent {
  enum class Kind { put, deleted, bookmark, error, other };
  Kind kind = Kind::other;
  Object object;        // of a bookmark only its version
  int code = 0;         // of an error
  std::string message;  // of an error
};

struct Request {
  enum class Kind { list, watch, kinds, status };
  Kind kind = Kind::list;
  std::string target;       // path and query
  base::Duration patience;  // for the whole answer
  std::string body = {};    // of a status: a merge patch (RFC 7396)
  bool metadata_only = false;
  std::optional<base::Duration> begins_within = {};  // that it does; none: in time for the whole
};

// How a request ended that brought no page: an error, or a stream that is over.
struct Ending {
  enum class Fault { none, too_large, unintelligible };
  int status = 0;      // HTTP's; 0 = no answer
  std::string reason;  // "" = a stream that ended as it should
  Fault fault = Fault::none;
  std::optional<base::Duration> retry_after;
};

class Reflector {
 public:
  static constexpr std::uint32_t kPageObjects = 100;  // halved while a page is too large to be read
  static constexpr unsigned kTriesBeforeList = 3;
  static constexpr base::Duration kFirstDelay = std::chrono::milliseconds(800);
  static constexpr base::Duration kMaxAbsentDelay = std::chrono::seconds(2);
  static constexpr base::Duration kMaxRefusedDelay = std::chrono::seconds(30);
  static constexpr base::Duration kMaxRetryAfter = std::chrono::minutes(2);
  static constexpr base::Duration kListPatience = std::chrono::seconds(60);
  // A stream that ends sooner, and without a word, has failed.
  static constexpr base::Duration kShortWatch = std::chrono::seconds(1);
  // Streams last half of this to all of it, by chance; the server ends them.
  static constexpr base::Duration kMaxWatch = std::chrono::minutes(10);
  static constexpr base::Duration kWatchGrace = std::chrono::seconds(30);
  // A server says at once that a stream has begun, and then perhaps nothing for long.
  static constexpr base::Duration kOpenPatience = std::chrono::seconds(10);
  // What is gone twice in this time is no accident: the next list waits.
  static constexpr base::Duration kCalm = std::chrono::seconds(10);
  // What fails for so long though the server answers, and is not needed, is waited for no more.
  static constexpr base::Duration kUnneededPatience = std::chrono::seconds(15);
  // A definition that is gone for so long was taken away; a server that starts may lack it.
  static constexpr base::Duration kDoubted = std::chrono::seconds(60);

  Reflector(Resource resource, base::Random random);

  // Of a custom resource, which is asked for only where it is defined: whether it is. To be told
  // again and again. `name`: how paths call it; "" = it is not there.
  void defined(base::TimePoint now, const std::string& name);

  // Of Pods: which of their labels are kept from now on. All is listed anew, whatever is under way;
  // what was read before stays until then, and goes at once where none are wanted.
  void want(base::TimePoint now, std::vector<std::string> labels);

  // The request that is due, if one is; none while one is under way.
  std::optional<Request> next(base::TimePoint now);
  base::TimePoint deadline() const;  // of next(); max while a request is under way

  // objects() is not what the server has: it is listed anew, whatever is under way.
  void distrust(base::TimePoint now);

  // Of the request under way. `opened`: a stream whose head says that it is one.
  void opened(base::TimePoint now);
  enum class Then { read_on, hang_up };  // hang_up: this request is over, whatever else comes
  Then heard(base::TimePoint now, WatchEvent event);
  void listed(base::TimePoint now, Page page);
  void ended(base::TimePoint now, const Ending& ending);

  const std::map<std::string, Object>& objects() const { return objects_; }
  const Resource& resource() const { return resource_; }
  // What has happened to objects() since this was last asked; a gap makes it a relist.
  std::optional<Listing> take_change();
  bool synced() const { return synced_; }  // a whole list was read
  // Nothing is to be waited for: synced, or not there, or refused and not needed.
  bool settled() const { return synced_ || presence_ == Presence::absent || refused_; }
  // What is heard of it is all there is.
  bool is_well() const {
    return presence_ == Presence::there && synced_ && phase_ == Phase::watch && !failing_since_;
  }
  std::string list_target(std::uint32_t limit, std::string_view rest) const;
  bool is_there() const { return presence_ == Presence::there || !objects_.empty(); }

  struct Status {
    std::uint64_t lists = 0, events = 0, failures = 0;
    std::string trouble;  // of the last request; "" = it is well
    std::optional<base::Duration>
        age;  // since when nothing is heard; none while the stream is well
  };
  Status status(base::TimePoint now) const;

 private:
  enum class Phase { list, watch };
  enum class Presence { unknown, there, absent };
  std::string path() const;
  std::string target() const;
  base::Duration draw_watch();
  bool put(Object object);
  bool erase(const std::string& name);
  bool differ(const Object& before, const Object& after) const;
  void list_anew();
  bool ignores(base::TimePoint now);
  bool is_waited_for_in_vain(base::TimePoint now, const Ending& ending) const;
  void retry(base::TimePoint now, const Ending& ending);
  void succeeded();

  Resource resource_;
  base::Random random_;
  Presence presence_;
  std::map<std::string, Object> objects_, listing_;
  std::string version_, rest_;
  Phase phase_ = Phase::list;
  bool under_way_ = false, spoke_ = false, synced_ = false, absent_ = false, refused_ = false;
  bool ignored_ = false;  // what the request under way brings
  bool cleared_ = false;  // with its definition; not listed since
  std::optional<Listing> change_;
  std::size_t group_ = 0;
  std::uint32_t page_objects_ = kPageObjects;
  base::TimePoint due_{}, began_{};
  unsigned failures_ = 0;        // in a row
  unsigned watch_failures_ = 0;  // since a stream opened, whatever was listed meanwhile
  std::optional<base::TimePoint> failing_since_, gone_at_, undefined_since_;
  base::Duration watch_{};  // how long the stream is asked for
  Status status_;
};

}  // namespace discovery::sources::kubernetes
