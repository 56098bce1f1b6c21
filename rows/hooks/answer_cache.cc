#include "rows/hooks/answer_cache.h"

#include <utility>

#include "core/assert.h"
#include "core/hash.h"
#include "core/varint.h"

namespace anabranch::rows {

AnswerCache::Key AnswerCache::key(std::string_view hook, const HookInput& input) {
  ANABRANCH_ASSERT(!hook.empty());
  std::string question;
  question.reserve(1 + hook.size() + hook_input_size(input));
  core::put_bytes(question, hook);
  append_hook_input(question, input);
  if (question.size() <= kPlainBytes) return question;
  // A plain question begins with the size of the hook's bytes, which is not 0.
  const auto hash = core::content_hash(question);
  return Key(1, '\0').append(hash.begin(), hash.end());
}

std::size_t AnswerCache::Hash::operator()(const Key& key) const {
  return core::seeded64(key, seed);
}

AnswerCache::Shared AnswerCache::find(const Key& key) {
  Generation dropped(seed_);
  const std::lock_guard lock(mutex_);
  if (const auto found = young_.answers.find(key); found != young_.answers.end()) {
    ++hits_;
    return found->second;
  }
  const auto found = old_.answers.find(key);
  if (found == old_.answers.end()) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  Shared answer = std::move(found->second);
  old_.bytes -= size_of(key, *answer);
  old_.answers.erase(found);
  add(key, answer, dropped);
  return answer;
}

void AnswerCache::keep(Key key, Answer answer) {
  if (size_of(key, answer) > bytes_max_ / 4) return;
  auto shared = std::make_shared<const Answer>(std::move(answer));
  Generation dropped(seed_);
  const std::lock_guard lock(mutex_);
  add(std::move(key), std::move(shared), dropped);
}

void AnswerCache::add(Key key, Shared answer, Generation& dropped) {
  const std::size_t size = size_of(key, *answer);
  if (young_.bytes + size > bytes_max_ / 2) {
    dropped = std::exchange(old_, std::exchange(young_, Generation(seed_)));
  }
  if (young_.answers.emplace(std::move(key), std::move(answer)).second) young_.bytes += size;
}

AnswerCache::Figures AnswerCache::figures() const {
  const std::lock_guard lock(mutex_);
  return {young_.bytes + old_.bytes, hits_, misses_};
}

}  // namespace anabranch::rows
