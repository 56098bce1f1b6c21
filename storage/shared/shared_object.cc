#include "storage/shared/shared_object.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/planted_bug.h"

namespace anabranch::storage {

using core::Bug;
using core::Failure;
using core::planted;
using core::Result;

Failure failure_of(const ChangeEnd& end, const std::string& verb, const std::string& name) {
  const std::string call = "cannot " + verb + ' ' + name + ": ";
  using Kind = ChangeEnd::Kind;
  switch (end.kind) {
    case Kind::kRefused:
      return {ErrorCode::kIo, call + "another process has taken the log over"};
    case Kind::kAbsent:
      return {ErrorCode::kIo, call + "its object is gone"};
    case Kind::kUnknown:
      return {ErrorCode::kIo, call + "no answer came, and so nobody knows whether it was done"};
    case Kind::kFailed:
    case Kind::kDone:
      break;
  }
  return {ErrorCode::kIo, call + end.failure.message, end.failure.passes};
}

SharedObject::~SharedObject() {
  const bool finished = finish().ok();
  if (has_name_ || !finished) return;
  ObjectChange gone = fenced();
  gone.remove = true;
  // Where that fails an object is left that no name leads to.
  (void)store_.make(name_, std::move(gone));
}

ObjectChange SharedObject::fenced() const {
  ObjectChange change;
  change.than = epoch_;
  if (planted(Bug::kWriteUnfenced)) {
    change.condition = ObjectChange::If::kEpochBelow;
    change.than = std::numeric_limits<std::uint64_t>::max();
  }
  return change;
}

Result<void> SharedObject::begin(ObjectChange change) {
  const std::lock_guard lock(state_);
  if (failure_) return *failure_;
  begun_.push_back(store_.begin(name_, std::move(change)));
  return {};
}

void SharedObject::put_in_image(std::uint64_t offset, std::string_view bytes) {
  const std::lock_guard lock(state_);
  if (!has_image_) return;
  if (image_.size() < offset + bytes.size()) image_.resize(offset + bytes.size());
  image_.replace(offset, bytes.size(), bytes);
}

Result<void> SharedObject::write(std::uint64_t offset, std::string_view bytes) {
  put_in_image(offset, bytes);
  while (!bytes.empty()) {
    ObjectChange change = fenced();
    change.offset = offset;
    change.bytes = bytes.substr(0, ObjectStore::kBytesMax);
    bytes.remove_prefix(change.bytes.size());
    offset += change.bytes.size();
    if (auto begun = begin(std::move(change)); !begun.ok()) return begun;
  }
  return {};
}

Result<void> SharedObject::truncate(std::uint64_t size) {
  {
    const std::lock_guard lock(state_);
    if (has_image_) image_.resize(size);
  }
  ObjectChange change = fenced();
  change.size = size;
  return begin(std::move(change));
}

Result<void> SharedObject::finish() {
  const std::lock_guard finishing(finishing_);
  std::deque<std::unique_ptr<BegunChange>> begun;
  {
    const std::lock_guard lock(state_);
    begun.swap(begun_);
  }
  for (const auto& change : begun) {
    const ChangeEnd end = change->wait();
    if (end.done()) continue;
    Failure failure = failure_of(end, "write", name_);
    failure.passes = false;  // Others behind it may have been done.
    const std::lock_guard lock(state_);
    if (!failure_) failure_ = std::move(failure);
  }
  const std::lock_guard lock(state_);
  if (!failure_) return {};
  Failure failure = *failure_;
  if (planted(Bug::kGoOnAfterFailure)) failure_.reset();
  return failure;
}

Result<std::size_t> SharedObject::read(std::uint64_t offset, std::span<char> into) {
  {
    const std::lock_guard lock(state_);
    if (has_image_) {
      if (offset >= image_.size()) return std::size_t{0};
      return image_.copy(into.data(), into.size(), offset);
    }
  }
  if (auto finished = finish(); !finished.ok()) return finished.failure();
  std::size_t got = 0;
  while (got < into.size()) {
    const std::size_t size = std::min(into.size() - got, ObjectStore::kBytesMax);
    const auto read = store_.read(name_, offset + got, into.subspan(got, size));
    if (!read.ok()) return read;
    if (read.value() == 0) break;
    got += read.value();
  }
  return got;
}

Result<std::uint64_t> SharedObject::size() {
  {
    const std::lock_guard lock(state_);
    if (has_image_) return std::uint64_t{image_.size()};
  }
  if (auto finished = finish(); !finished.ok()) return finished.failure();
  return store_.size(name_);
}

void SharedObject::forget_image() {
  const std::lock_guard lock(state_);
  has_image_ = false;
  std::string().swap(image_);
}

}  // namespace anabranch::storage
