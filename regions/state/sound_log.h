// The log of a storage with its sound records only: each is looked at whenever it is read, and one
// in which a byte has changed since it was made is as one that was trimmed, or came by a snapshot.
// Whoever lacks it gets a snapshot, since the rows are right: they do not come from the log. A
// record is judged by the checksum of its batch; one without by the chain hash that follows it, in
// the next batch of its origin or in the head, and when none does, it is not shown either.
//
// Damage that was found is remembered, to be named. As thread-safe as the storage.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/mutex.h"
#include "regions/state/log_reader.h"
#include "regions/state/log_signatures.h"
#include "storage/storage.h"

namespace anabranch::regions {

// A damaged record of the log.
struct LogDamage {
  storage::Position position = 0;
  core::Origin origin = 0;  // Of the batch and its ops, as far as that can still be read.
  core::Seq first = 0;
  core::Seq last = 0;
  bool certain = false;  // Whether origin and seqs are certain.
  std::string why;
};

class SoundLog final : public LogReader {
 public:
  static constexpr std::size_t kNotedMax = 1000;
  static constexpr std::size_t kReadLaterBytes = std::size_t{64} << 10U;  // See committed().

  // The storage must outlive this.
  explicit SoundLog(const storage::Storage& storage) : storage_(storage), signatures_(storage) {}

  // The first sound record at or after `position`.
  [[nodiscard]] std::optional<storage::StoredRecord> read_log(
      storage::Position position) const override;
  // The position of the first sound record of `origin` whose last seq is at least `seq`.
  [[nodiscard]] std::optional<storage::Position> find(core::Origin origin,
                                                      core::Seq seq) const override;

  [[nodiscard]] std::optional<RecordEnds> ends(core::Origin origin, core::Seq seq, Wanted wanted,
                                               ReadAllowance* allowance) const override;

  [[nodiscard]] bool lacks(storage::Position from, storage::Position to) const override;
  [[nodiscard]] std::string signature_before(const storage::StoredRecord& record) const override {
    return signatures_.before(record.origin, record.first);
  }
  // The signatures beside its batches, for the owner's thread.
  [[nodiscard]] LogSignatures& signatures() { return signatures_; }

  // take_news: the damage found since the last call; damage: all damage found and not trimmed yet.
  [[nodiscard]] std::vector<LogDamage> take_news();
  [[nodiscard]] std::vector<LogDamage> damage() const;
  // Returns whether the record with an op was found damaged.
  [[nodiscard]] bool damaged(core::Origin origin, core::Seq seq) const;
  // Tells that these records have become the last ones of the log: the ends of large ones are known
  // then without reading them.
  void committed(std::span<const storage::LogRecord> records);
  // Tells that all records before a position were trimmed.
  void forget_before(storage::Position position);

  // Tells that the log lacks batches of an origin up to an op, since a snapshot brought them,
  // though it may have earlier ones. It is known until the process ends.
  void note_gap(core::Origin origin, core::Seq last);
  // Tells that the whole log is forgotten, and begins anew.
  void forget_gaps();
  // Returns whether the log is known to lack a batch with an op at or behind `seq`, or certainly
  // has it damaged.
  [[nodiscard]] bool has_gap(core::Origin origin, core::Seq seq) const;

  [[nodiscard]] storage::Position last_position() const override {
    return storage_.last_position();
  }
  [[nodiscard]] storage::Position durable_position() const override {
    return storage_.durable_position();
  }

 private:
  // Returns whether a record is undamaged; notes it when not. Corrects the fields beside its bytes.
  bool is_sound(storage::StoredRecord& record) const;
  // The error in a record without a checksum, empty when there is none; nullopt when it cannot be
  // judged, since the next batch was merged from a snapshot or is damaged itself.
  [[nodiscard]] std::optional<std::string> wrong_with(const storage::StoredRecord& record) const;
  // The chain hash at the end of a record by the next batch or the head; nullopt when there is
  // neither.
  [[nodiscard]] std::optional<core::ChainHash> hash_behind(
      const storage::StoredRecord& record) const;
  void note(const storage::StoredRecord& record, std::string why, bool certain) const;

  const storage::Storage& storage_;
  LogSignatures signatures_;
  mutable core::Mutex mutex_;
  mutable std::map<storage::Position, LogDamage> damage_;
  mutable std::vector<storage::Position> news_;
  mutable KnownEnds known_ends_;
  std::map<core::Origin, core::Seq> gaps_;  // {origin: last op of its last gap}
};

// Describes a damaged record, and the remedy.
std::string to_string(const LogDamage& damage, std::string_view region);

}  // namespace anabranch::regions
