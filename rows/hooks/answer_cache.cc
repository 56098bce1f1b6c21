#include "rows/hooks/answer_cache.h"

#include <algorithm>
#include <utility>

namespace anabranch::rows {

namespace {

std::size_t size_of(const core::Path& path, const crdt::Cell& cell, const std::string& value) {
  std::size_t size = AnswerCache::kEntryBytes + path.encoded().size() + value.size();
  for (const crdt::Sibling& each : cell.siblings) {
    size += AnswerCache::kSiblingBytes + each.value.size() + (each.base ? each.base->size() : 0);
  }
  return size;
}

}  // namespace

std::optional<std::string> AnswerCache::find(const core::Path& path, const crdt::Cell& cell,
                                             const Tables& tables) {
  std::optional<Generation> dropped;
  Shared answer;
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = number_of(tables);
    if (number != 0) answer = take(path, dropped);
  }
  if (answer == nullptr || answer->tables != number || answer->cell != cell) return std::nullopt;
  ++found_;
  return answer->value;
}

void AnswerCache::keep(const core::Path& path, const crdt::Cell& cell, const Tables& tables,
                       std::string value) {
  const std::size_t bytes = size_of(path, cell, value);
  if (bytes > bytes_max_ / 4) return;
  auto answer = std::make_shared<Answer>(Answer{0, cell, std::move(value), bytes});
  std::optional<Generation> dropped;
  Tables forgotten;
  const std::lock_guard lock(mutex_);
  answer->tables = number_of(tables);
  if (answer->tables == 0) {
    answer->tables = ++last_tables_;
    Numbered& at = tables_[last_tables_ % kTablesMax];
    forgotten = std::exchange(at, Numbered{last_tables_, tables}).tables;
  }
  add(path, std::move(answer), dropped);
}

std::uint64_t AnswerCache::number_of(const Tables& tables) const {
  const auto* const found = std::ranges::find(tables_, tables, &Numbered::tables);
  return found == tables_.end() ? 0 : found->number;
}

AnswerCache::Shared AnswerCache::take(const core::Path& path, std::optional<Generation>& dropped) {
  if (const auto found = young_.answers.find(path); found != young_.answers.end()) {
    return found->second;
  }
  const auto found = old_.answers.find(path);
  if (found == old_.answers.end()) return nullptr;
  Shared answer = std::move(found->second);
  old_.bytes -= answer->bytes;
  old_.answers.erase(found);
  add(path, answer, dropped);
  return answer;
}

void AnswerCache::add(const core::Path& path, Shared answer, std::optional<Generation>& dropped) {
  if (young_.bytes + answer->bytes > bytes_max_ / 2) {
    dropped = std::exchange(old_, std::exchange(young_, Generation(seed_)));
  }
  Shared& kept = young_.answers[path];
  if (kept != nullptr) young_.bytes -= kept->bytes;
  young_.bytes += answer->bytes;
  kept = std::move(answer);
}

AnswerCache::Figures AnswerCache::figures() const {
  const std::lock_guard lock(mutex_);
  return {young_.bytes + old_.bytes, found_, asked_};
}

}  // namespace anabranch::rows
