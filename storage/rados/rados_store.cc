#include "storage/rados/rados_store.h"

#include <rados/librados.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "core/system_failure.h"
#include "core/text.h"

namespace anabranch::storage {

using core::Failure;
using core::Result;
using Kind = ChangeEnd::Kind;

namespace {

constexpr const char* kEpoch = "epoch";
constexpr std::size_t kEpochDigits = 16;
// A log has some hundred files. The cluster gives so many entries in one answer.
constexpr std::uint64_t kEntriesMax = 100'000;
// How long an operation waits for its answer, and a process for the cluster at its start.
constexpr const char* kSecondsMax = "20";

Failure failed(const std::string& call, int code) { return core::system_failure(call, -code); }

struct WriteOp {
  rados_write_op_t op = rados_create_write_op();
  WriteOp() = default;
  ~WriteOp() { rados_release_write_op(op); }
  WriteOp(const WriteOp&) = delete;
  WriteOp& operator=(const WriteOp&) = delete;
};

// What one read of an object's epoch and entries needs. librados makes both walks at once, also for
// an object that is absent: they end with this.
struct EntriesRead {
  rados_read_op_t op = rados_create_read_op();
  rados_xattrs_iter_t attributes = nullptr;
  rados_omap_iter_t entries = nullptr;
  unsigned char more = 0;
  int attributes_code = 0;
  int entries_code = 0;

  EntriesRead() {
    rados_read_op_getxattrs(op, &attributes, &attributes_code);
    rados_read_op_omap_get_vals2(op, "", "", kEntriesMax, &entries, &more, &entries_code);
  }
  ~EntriesRead() {
    rados_getxattrs_end(attributes);
    rados_omap_get_end(entries);
    rados_release_read_op(op);
  }
  EntriesRead(const EntriesRead&) = delete;
  EntriesRead& operator=(const EntriesRead&) = delete;
};

// The condition, as the first parts of an operation.
void add_condition(rados_write_op_t op, const ObjectChange& change) {
  if (change.condition == ObjectChange::If::kAbsent) {
    return rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, nullptr);
  }
  rados_write_op_assert_exists(op);
  const std::string than = core::to_hex(change.than);
  // The comparison reads: the value that is given here, then that of the object.
  const bool equal = change.condition == ObjectChange::If::kEpochIs;
  rados_write_op_cmpxattr(op, kEpoch, equal ? LIBRADOS_CMPXATTR_OP_EQ : LIBRADOS_CMPXATTR_OP_GT,
                          than.data(), than.size());
}

void add_entries(rados_write_op_t op, const ObjectChange& change) {
  for (const auto& [key, value] : change.entries) {
    const std::array<const char*, 1> keys{key.data()};
    const std::array<std::size_t, 1> key_sizes{key.size()};
    if (!value) {
      rados_write_op_omap_rm_keys2(op, keys.data(), key_sizes.data(), keys.size());
      continue;
    }
    const std::array<const char*, 1> values{value->data()};
    const std::array<std::size_t, 1> sizes{value->size()};
    rados_write_op_omap_set2(op, keys.data(), values.data(), key_sizes.data(), sizes.data(),
                             keys.size());
  }
}

void add_change(rados_write_op_t op, const ObjectChange& change) {
  add_condition(op, change);
  if (change.remove) return rados_write_op_remove(op);
  if (change.epoch) {
    const std::string epoch = core::to_hex(*change.epoch);
    rados_write_op_setxattr(op, kEpoch, epoch.data(), epoch.size());
  }
  add_entries(op, change);
  if (change.size) rados_write_op_truncate(op, *change.size);
  if (!change.bytes.empty()) {
    rados_write_op_write(op, change.bytes.data(), change.bytes.size(), change.offset);
  }
}

// Only what certainly has changed nothing is known: all else may have been done.
ChangeEnd end_of(int code) {
  if (code >= 0) return {};
  switch (-code) {
    case ECANCELED:
    case EEXIST:
      return {.kind = Kind::kRefused, .failure = {}};
    case ENOENT:
      return {.kind = Kind::kAbsent, .failure = {}};
    case ENOSPC:
    case EDQUOT:
    case EPERM:
    case EACCES:
      return {.kind = Kind::kFailed, .failure = failed("RADOS", code)};
    default:
      return {.kind = Kind::kUnknown, .failure = failed("RADOS", code)};
  }
}

class RadosChange final : public BegunChange {
 public:
  // A change that could not be sent has ended with `code`.
  RadosChange(rados_completion_t completion, int code) : completion_(completion), code_(code) {}
  ~RadosChange() override {
    if (completion_ != nullptr) rados_aio_release(completion_);
  }
  RadosChange(const RadosChange&) = delete;
  RadosChange& operator=(const RadosChange&) = delete;

  ChangeEnd wait() override {
    if (code_ < 0) return end_of(code_);
    rados_aio_wait_for_complete(completion_);
    return end_of(rados_aio_get_return_value(completion_));
  }

 private:
  rados_completion_t completion_;
  int code_;
};

class RadosStore final : public ObjectStore {
 public:
  explicit RadosStore(RadosOptions options) : options_(std::move(options)) {}
  ~RadosStore() override {
    if (pool_ != nullptr) {
      (void)rados_aio_flush(pool_);
      rados_ioctx_destroy(pool_);
    }
    if (cluster_ != nullptr) rados_shutdown(cluster_);
  }
  RadosStore(const RadosStore&) = delete;
  RadosStore& operator=(const RadosStore&) = delete;

  Result<void> connect();

  std::unique_ptr<BegunChange> begin(const std::string& object, ObjectChange change) override;
  [[nodiscard]] Result<std::size_t> read(const std::string& object, std::uint64_t offset,
                                         std::span<char> into) override;
  [[nodiscard]] Result<std::uint64_t> size(const std::string& object) override;
  [[nodiscard]] Result<std::optional<ObjectEntries>> entries(const std::string& object) override;

 private:
  const RadosOptions options_;
  rados_t cluster_ = nullptr;
  rados_ioctx_t pool_ = nullptr;
};

Result<void> RadosStore::connect() {
  const std::string where = options_.conf.empty() ? "Ceph" : "Ceph by " + options_.conf;
  int code = rados_create2(&cluster_, "ceph", options_.user.c_str(), 0);
  if (code < 0) return failed("cannot make a client of Ceph", code);
  code = rados_conf_read_file(cluster_, options_.conf.empty() ? nullptr : options_.conf.c_str());
  if (code < 0) return failed("cannot read the settings of " + where, code);
  for (const char* limit :
       {"rados_osd_op_timeout", "rados_mon_op_timeout", "client_mount_timeout"}) {
    (void)rados_conf_set(cluster_, limit, kSecondsMax);
  }
  code = rados_connect(cluster_);
  if (code < 0) return failed("cannot connect to " + where + " as " + options_.user, code);
  code = rados_ioctx_create(cluster_, options_.pool.c_str(), &pool_);
  if (code < 0) return failed("cannot open the pool " + options_.pool + " of " + where, code);
  rados_ioctx_set_namespace(pool_, options_.space.c_str());
  return {};
}

std::unique_ptr<BegunChange> RadosStore::begin(const std::string& object, ObjectChange change) {
  WriteOp write;
  add_change(write.op, change);
  rados_completion_t completion = nullptr;
  rados_aio_create_completion2(nullptr, nullptr, &completion);
  const int code =
      rados_aio_write_op_operate(write.op, pool_, completion, object.c_str(), nullptr, 0);
  return std::make_unique<RadosChange>(completion, code);
}

Result<std::size_t> RadosStore::read(const std::string& object, std::uint64_t offset,
                                     std::span<char> into) {
  const int got = rados_read(pool_, object.c_str(), into.data(), into.size(), offset);
  if (got < 0) return failed("cannot read " + object, got);
  return static_cast<std::size_t>(got);
}

Result<std::uint64_t> RadosStore::size(const std::string& object) {
  std::uint64_t size = 0;
  const int code = rados_stat(pool_, object.c_str(), &size, nullptr);
  if (code < 0) return failed("cannot look at " + object, code);
  return size;
}

Result<std::optional<ObjectEntries>> RadosStore::entries(const std::string& object) {
  EntriesRead read;
  const int code = rados_read_op_operate(read.op, pool_, object.c_str(), 0);
  if (code == -ENOENT) return std::optional<ObjectEntries>();
  if (code < 0) return failed("cannot read the entries of " + object, code);
  ObjectEntries entries;
  const char* name = nullptr;
  const char* value = nullptr;
  std::size_t size = 0;
  while (rados_getxattrs_next(read.attributes, &name, &value, &size) == 0 && name != nullptr) {
    if (std::strcmp(name, kEpoch) != 0 || size != kEpochDigits) continue;
    std::from_chars(value, value + size, entries.epoch, 16);
  }
  char* key = nullptr;
  char* entry = nullptr;
  std::size_t key_size = 0;
  while (rados_omap_get_next2(read.entries, &key, &entry, &key_size, &size) == 0 &&
         key != nullptr) {
    entries.entries.emplace(std::string(key, key_size), std::string(entry, size));
  }
  if (read.more != 0) return Failure{ErrorCode::kTooLarge, object + " has too many entries"};
  return std::optional(std::move(entries));
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_rados_store(const RadosOptions& options) {
  auto store = std::make_unique<RadosStore>(options);
  if (auto connected = store->connect(); !connected.ok()) return connected.failure();
  return std::unique_ptr<ObjectStore>(std::move(store));
}

}  // namespace anabranch::storage
