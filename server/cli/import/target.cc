#include "server/cli/import/target.h"

#include <algorithm>
#include <utility>

#include "server/cli/printable.h"

namespace anabranch::server::cli {
namespace {

using core::Result;

constexpr std::size_t kBatchBytes = std::size_t{2} << 20U;
constexpr std::size_t kBatchPieces = 1000;
constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;
constexpr std::size_t kPieceItems = 1000;
constexpr std::size_t kShownBytes = 60;

}  // namespace

Target::Target(Client client, Existing existing, Progress& progress, ProgressLines& lines)
    : client_(std::move(client)),
      existing_(existing),
      progress_(progress),
      lines_(lines),
      report_(progress.report()) {}

void Target::leave_out(const std::string& reason, std::uint32_t database, std::string_view key) {
  report_.leave_out(reason, database, key);
}

Result<void> Target::boundary(const Position& position) {
  if (batch_bytes_ >= kBatchBytes || batch_.size() >= kBatchPieces) {
    if (Result<void> done = flush(); !done.ok()) return done;
  }
  if (batch_.empty()) progress_.move_to(position, report_);
  return {};
}

Result<void> Target::begin(KeyHead head) {
  open_ = Piece{};
  open_.head = std::move(head);
  open_bytes_ = open_.head.key.size();
  dropped_ = true;
  written_ = false;
  if (open_.head.key.size() > kNameBytesMax) {
    leave_out("over the limits: a key of more than 65536 bytes", open_.head.database,
              open_.head.key);
  } else if (open_.head.database >= kDatabases) {
    leave_out("there are databases 0 to 15 only", open_.head.database, open_.head.key);
  } else if (open_.head.expires_ms && *open_.head.expires_ms <= clock_.now_ms()) {
    ++report_.expired;
  } else {
    dropped_ = false;
  }
  return {};
}

Result<void> Target::item(std::string_view first, std::string_view second) {
  if (dropped_) return {};
  const bool is_string = open_.head.kind == KeyKind::kString;
  const std::size_t name = is_string ? 0 : first.size();
  const std::size_t value = is_string ? first.size() : second.size();
  if (name > kNameBytesMax || value > kValueBytesMax) {
    leave_out(name > kNameBytesMax ? "over the limits: a field or member of more than 65536 bytes"
                                   : "over the limits: a value of more than 32 MiB",
              open_.head.database, open_.head.key);
    return {};
  }
  open_.items.emplace_back(first);
  if (open_.head.kind == KeyKind::kHash) open_.items.emplace_back(second);
  open_bytes_ += first.size() + second.size();
  if (open_bytes_ < kPieceBytes && open_.items.size() < kPieceItems) return {};
  return is_string ? Result<void>{} : cut();
}

Result<void> Target::cut() {
  Piece rest;
  rest.head = open_.head;
  rest.first = false;
  batch_bytes_ += open_bytes_;
  batch_.push_back(std::exchange(open_, std::move(rest)));
  open_bytes_ = 0;
  written_ = true;
  return batch_bytes_ >= kBatchBytes ? flush() : Result<void>{};
}

Result<void> Target::end() {
  if (dropped_ || (open_.items.empty() && !written_)) return {};
  open_.last = true;
  return cut();
}

Result<void> Target::flush() {
  if (batch_.empty()) return {};
  if (Result<void> decided = decide(); !decided.ok()) return decided;
  if (Result<void> saved = progress_.save(); !saved.ok()) return saved;
  if (Result<void> written = write(); !written.ok()) return written;
  batch_.clear();
  batch_bytes_ = 0;
  lines_.say(report_);
  return {};
}

void Target::add(std::uint32_t database, std::vector<std::string> words, const std::string& key) {
  if (selected_ != database) {
    commands_ += Client::bytes_of({"SELECT", std::to_string(database)});
    keys_of_commands_.emplace_back();
    selected_ = database;
  }
  commands_ += Client::bytes_of(words);
  keys_of_commands_.push_back(words.front() + " of " +
                              in_quotes(std::string_view(key).substr(0, kShownBytes)));
}

Result<Target::Answers> Target::send() {
  const auto names = std::exchange(keys_of_commands_, {});
  if (names.empty()) return Answers{};
  if (const Result<void> sent = client_.send(std::exchange(commands_, {})); !sent.ok()) {
    return sent.failure();
  }
  Answers answers;
  for (const std::string& name : names) {
    Result<std::string> answer = client_.answer();
    if (!answer.ok() && answer.failure().code == ErrorCode::kInvalid) {
      return core::invalid("the leader refuses " + (name.empty() ? "SELECT" : name) + ": " +
                           answer.failure().message);
    }
    if (!answer.ok()) return answer.failure();
    if (!name.empty()) answers.push_back(std::move(answer).value());
  }
  return answers;
}

Result<void> Target::decide() {
  for (const Piece& piece : batch_) {
    if (piece.first) add(piece.head.database, {"EXISTS", piece.head.key}, piece.head.key);
  }
  const Result<Answers> there = send();
  if (!there.ok()) return there.failure();
  std::size_t next = 0;
  bool keep = keep_rest_;
  std::vector<Piece> left;
  for (Piece& piece : batch_) {
    if (piece.first) {
      const bool exists = there.value().at(next++) != "0";
      const bool ours = progress_.has(piece.head.database, piece.head.key);
      keep = exists && !ours && existing_ == Existing::kKeep;
      piece.clears = exists;
      if (keep) {
        report_.keep(piece.head.database, piece.head.key);
      } else {
        if (exists && !ours) ++report_.overwritten;
        progress_.claim(piece.head.database, piece.head.key);
      }
    }
    if (!keep) left.push_back(std::move(piece));
  }
  keep_rest_ = keep;
  batch_ = std::move(left);
  return {};
}

std::vector<std::string> Target::words_of(const Piece& piece) {
  const KeyHead& head = piece.head;
  std::vector<std::string> words{"SET", head.key};
  if (head.kind == KeyKind::kHash) words.front() = "HSET";
  if (head.kind == KeyKind::kSet) words.front() = "SADD";
  words.insert(words.end(), piece.items.begin(), piece.items.end());
  if (head.kind == KeyKind::kString && head.expires_ms) {
    words.insert(words.end(), {"PXAT", std::to_string(*head.expires_ms)});
  }
  return words;
}

Result<void> Target::write() {
  for (const Piece& piece : batch_) {
    const KeyHead& head = piece.head;
    const bool is_string = head.kind == KeyKind::kString;
    if (piece.clears && !is_string) add(head.database, {"DEL", head.key}, head.key);
    if (!piece.items.empty()) add(head.database, words_of(piece), head.key);
    if (piece.last && !is_string && head.expires_ms) {
      add(head.database, {"PEXPIREAT", head.key, std::to_string(*head.expires_ms)}, head.key);
    }
  }
  const Result<Answers> done = send();
  if (!done.ok()) return done.failure();
  for (const Piece& piece : batch_) {
    if (piece.first) report_.bytes += piece.head.key.size();
    for (const std::string& item : piece.items) report_.bytes += item.size();
    if (piece.last) ++report_.keys;
  }
  return {};
}

Result<void> Target::finish() { return flush(); }

}  // namespace anabranch::server::cli
