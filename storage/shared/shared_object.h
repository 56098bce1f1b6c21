// An object that is a file of a log: its changes go out at once, and are waited for together.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "storage/shared/object_store.h"

namespace anabranch::storage {

// Returns the failure of a change that was not done, for a person: "cannot VERB NAME: ...". It
// passes only where the store says so.
core::Failure failure_of(const ChangeEnd& end, const std::string& verb, const std::string& name);

// Any thread may read and finish; one at a time changes. The object goes from the store with this
// one where it has no name any more: until then it can be read.
class SharedObject {
 public:
  enum class Image : std::uint8_t { kNone, kKept };

  // `epoch` is that of the holder. An object that was made by it has its bytes in memory, too, so
  // that readers of the log's end ask no other machine.
  SharedObject(ObjectStore& store, std::string name, std::uint64_t epoch, Image image)
      : store_(store), name_(std::move(name)), epoch_(epoch), has_image_(image == Image::kKept) {}
  ~SharedObject();
  SharedObject(const SharedObject&) = delete;
  SharedObject& operator=(const SharedObject&) = delete;

  core::Result<void> write(std::uint64_t offset, std::string_view bytes);
  core::Result<void> truncate(std::uint64_t size);
  // Returns when all changes that were begun before have ended. After a failure each later call
  // fails with it, and so does each change.
  core::Result<void> finish();
  core::Result<std::size_t> read(std::uint64_t offset, std::span<char> into);
  core::Result<std::uint64_t> size();
  // Frees the memory of the bytes; waits for no change.
  void forget_image();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool has_name() const { return has_name_; }
  void lose_name() { has_name_ = false; }

 private:
  core::Result<void> begin(ObjectChange change);
  [[nodiscard]] ObjectChange fenced() const;
  void put_in_image(std::uint64_t offset, std::string_view bytes);

  ObjectStore& store_;
  const std::string name_;
  const std::uint64_t epoch_;
  std::atomic<bool> has_name_ = true;

  std::mutex finishing_;  // Held while changes are waited for.
  std::mutex state_;      // Taken after it, and shortly.
  std::deque<std::unique_ptr<BegunChange>> begun_;
  std::optional<core::Failure> failure_;
  bool has_image_;
  std::string image_;
};

}  // namespace anabranch::storage
