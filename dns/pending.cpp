#include "dns/pending.hpp"

#include <algorithm>

#include "dns/record.hpp"

namespace dns {
namespace {

using Verdict = UpstreamAnswer::Verdict;

constexpr auto kNoneAnswered =
    error_option<Ede::no_reachable_authority>("no upstream has answered");
constexpr auto kNoneReached = error_option<Ede::network_error>("no upstream can be reached");
constexpr auto kTooMany = error_option<Ede::other>("too many queries are passed on");

std::string key_of(const ForeignQuery& query) {
  const auto question = base::as_span(query.question);
  const auto name = Name::read(question).value();
  std::string key(base::as_text(name.wire()));
  key.append(base::as_text(question.subspan(name.wire().size())));
  key += static_cast<char>((query.dnssec_ok ? 1 : 0) | (query.checking_disabled ? 2 : 0));
  return key;
}

}  // namespace

void Pending::ask(base::TimePoint now, ForeignQuery query, Asker asker, Effects& effects) {
  counters_.asked.add();
  if (!has_room(now, asker)) return turn_away({std::move(query), std::move(asker)}, effects);
  ++waiting_;
  ++per_client_[asker.client.ip];
  auto key = key_of(query);
  if (const auto same = by_key_.find(key); same != by_key_.end()) {
    counters_.coalesced.add();
    same->second->waiters.push_back({std::move(query), std::move(asker)});
  } else {
    const auto question = questions_.insert(
        questions_.end(), Question{.key = key, .deadline = now + kPatience, .waiters = {}});
    question->waiters.push_back({std::move(query), std::move(asker)});
    question->server = question->servers().size() - 1;  // so that the first is next
    by_key_.emplace(std::move(key), question);
    try_next(now, question, effects);
  }
  counters_.under_way.set(questions_.size());
}

bool Pending::has_room(base::TimePoint now, const Asker& asker) const {
  const auto client = per_client_.find(asker.client.ip);
  return now - asker.asked_at <= kMaxAge && waiting_ < kMaxWaiting &&
         (client == per_client_.end() || client->second < kMaxPerClient);
}

void Pending::turn_away(Waiter waiter, Effects& effects) {
  counters_.refused.add();
  if (waiter.asker.transport == Transport::udp) return;
  counters_.dns.responses[static_cast<std::size_t>(Rcode::servfail)].add();
  effects.replies.push_back({std::move(waiter.asker), failure_reply(waiter.query, kTooMany)});
}

void Pending::try_next(base::TimePoint now, Place question, Effects& effects) {
  if (question->attempts == kMaxAttempts || !choose(*question)) return fail_all(question, effects);
  const auto& upstream = standing(*question);
  try_again(now, question, {.tcp = now < upstream.tcp_until, .edns = now >= upstream.plain_until},
            effects);
}

// The server that answered last; of those that have not, the next behind the one just asked.
bool Pending::choose(Question& question) {
  const auto& servers = question.servers();
  const auto none = servers.size();
  auto best = none;
  std::uint64_t best_good = 0;
  for (std::size_t step = 1; step <= servers.size(); ++step) {
    const auto i = (question.server + step) % servers.size();
    const auto good = upstreams_[servers[i]].good;
    if (question.out >> i & 1 || (best != none && good <= best_good)) continue;
    best = i;
    best_good = good;
  }
  if (best == none) return false;
  question.server = best;
  return true;
}

void Pending::try_again(base::TimePoint now, Place question, Via via, Effects& effects) {
  if (now >= question->deadline || question->attempts == kMaxAttempts)
    return fail_all(question, effects);
  auto& upstream = standing(*question);
  upstream.counters->requests.add();
  ++question->attempts;
  question->attempt = ++attempts_;
  question->via = via;
  question->sent = upstream_query(question->waiters.front().query, via.edns, random_);
  by_attempt_.emplace(question->attempt, question);
  effects.attempts.push_back(
      {question->attempt, question->servers()[question->server], via, question->sent});
}

Pending::Place Pending::take(std::uint64_t attempt) {
  const auto found = by_attempt_.find(attempt);
  if (found == by_attempt_.end()) return questions_.end();
  const auto question = found->second;
  by_attempt_.erase(found);
  question->attempt = 0;
  return question;
}

void Pending::answered(base::TimePoint now, std::uint64_t attempt,
                       std::span<const std::uint8_t> bytes, Effects& effects) {
  const auto question = take(attempt);
  if (question == questions_.end()) return;
  auto& upstream = standing(*question);
  const auto answer = read_upstream_answer(base::as_span(question->sent), bytes);
  auto via = question->via;
  const bool malformed = answer.verdict == Verdict::malformed;
  if (malformed) upstream.counters->errors.add();
  if (!answer.same_case) upstream.counters->mismatches.add();
  if ((malformed || !answer.same_case) && !via.tcp) {
    upstream.counters->retries_over_tcp.add();
    via.tcp = true;
    return try_again(now, question, via, effects);
  }
  if (malformed) {
    question->out |= 1u << question->server;
    return try_next(now, question, effects);
  }
  if (!answer.same_case) upstream.tcp_until = now + kRemembered;
  upstream.good = ++answers_;
  upstream.counters->unanswered.set(0);
  if (answer.verdict == Verdict::good) return reply_all(question, bytes, answer, effects);
  if (answer.verdict == Verdict::no_edns && via.edns) {
    upstream.plain_until = now + kRemembered;
    via.edns = false;
    return try_again(now, question, via, effects);
  }
  question->out |= 1u << question->server;
  question->failure = base::as_text(bytes);
  question->failure_read = answer;
  try_next(now, question, effects);
}

void Pending::failed(base::TimePoint now, std::uint64_t attempt, Failure failure,
                     Effects& effects) {
  const auto question = take(attempt);
  if (question == questions_.end()) return;
  auto& upstream = standing(*question);
  upstream.counters->errors.add();
  upstream.counters->unanswered.add();
  upstream.good = 0;
  if (failure == Failure::unreachable) {
    question->unreachable = true;
    question->out |= 1u << question->server;
  }
  try_next(now, question, effects);
}

void Pending::tick(base::TimePoint now, Effects& effects) {
  while (!questions_.empty() && questions_.front().deadline <= now)
    fail_all(questions_.begin(), effects);
}

base::TimePoint Pending::next_deadline() const {
  return questions_.empty() ? base::TimePoint::max() : questions_.front().deadline;
}

void Pending::reply_all(Place question, std::span<const std::uint8_t> bytes,
                        const UpstreamAnswer& answer, Effects& effects) {
  counters_.dns.responses[static_cast<std::size_t>(answer.rcode)].add(question->waiters.size());
  for (auto& waiter : question->waiters)
    effects.replies.push_back({std::move(waiter.asker), reply_of(waiter.query, bytes, answer)});
  end(question);
}

// With what a server said, if one said anything.
void Pending::fail_all(Place question, Effects& effects) {
  if (!question->failure.empty()) {
    const auto bytes = std::exchange(question->failure, {});
    return reply_all(question, base::as_span(bytes), question->failure_read, effects);
  }
  counters_.dns.responses[static_cast<std::size_t>(Rcode::servfail)].add(question->waiters.size());
  for (auto& waiter : question->waiters) {
    auto reply = question->unreachable ? failure_reply(waiter.query, kNoneReached)
                                       : failure_reply(waiter.query, kNoneAnswered);
    effects.replies.push_back({std::move(waiter.asker), std::move(reply)});
  }
  end(question);
}

// Askers have been moved out of the waiters, but for their addresses.
void Pending::end(Place question) {
  for (const auto& waiter : question->waiters) {
    const auto client = per_client_.find(waiter.asker.client.ip);
    if (--client->second == 0) per_client_.erase(client);
  }
  waiting_ -= question->waiters.size();
  by_attempt_.erase(question->attempt);
  by_key_.erase(question->key);
  questions_.erase(question);
  counters_.under_way.set(questions_.size());
}

std::vector<Pending::Upstream> Pending::upstream_counters() const {
  std::vector<Upstream> all;
  for (const auto& [address, standing] : upstreams_) all.emplace_back(address, standing.counters);
  return all;
}

}  // namespace dns
