#include "agent/registrar.hpp"

namespace agent {

std::vector<base::Error> Registrar::resume(const std::vector<discovery::SavedRegistration>& saved) {
  const auto now = std::chrono::steady_clock::now();  // the loop's stands still before it runs
  std::vector<base::Error> refused;
  for (const auto& one : saved)
    if (const auto done = held_.resume(now, one, draw()); !done) refused.push_back(done.error());
  if (!saved.empty()) tell();
  alarm_.look();
  return refused;
}

base::Result<void> Registrar::put(const std::string& text, base::Duration lease) {
  const auto changed = held_.put(loop_.now(), text, lease, draw());
  if (!changed) return changed.error();
  if (*changed) tell();
  alarm_.look();
  return {};
}

base::Result<void> Registrar::remove(const std::string& text) {
  const auto known = held_.remove(loop_.now(), text, draw());
  if (known && *known) tell();
  alarm_.look();
  if (!known) return known.error();
  if (!*known)
    return base::Error{base::Code::not_found, "no such service with these endpoints is registered"};
  return {};
}

void Registrar::hear(const SiblingWord& word) {
  auto& heard = heard_[word.id];
  const auto difference = discovery::Rows::between(heard.word.rows, word.rows);
  for (const auto& row : difference.gone) heard.records.erase(std::string(row.key));
  for (const auto& row : difference.written)
    if (auto record = discovery::decode_registration(row.key, row.value))
      heard.records.insert_or_assign(std::string(row.key), std::move(*record));
  heard.word = word;
  if (take(heard)) tell();
  alarm_.look();
}

bool Registrar::take(const Heard& heard) {
  const auto& word = heard.word;
  discovery::sources::Registrations::Heard said{
      word.id, word.stamp.incarnation, word.silent_since, {}};
  for (const auto& [key, record] : heard.records) said.records.push_back(record);
  return held_.hear(loop_.now(), said);
}

// What an end that is over kept out may be known again.
void Registrar::look() {
  if (!held_.tick(loop_.now())) return;
  for (const auto& [id, heard] : heard_) take(heard);
  tell();
}

}  // namespace agent
