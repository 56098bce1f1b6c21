#include "core/batch.h"

#include <algorithm>
#include <span>

#include "core/big_endian.h"
#include "core/checksum.h"
#include "core/codec.h"
#include "core/op_codec.h"
#include "core/planted_bug.h"
#include "core/wire.h"

namespace anabranch::core {
namespace {

constexpr std::size_t kHeadSize = 6;
constexpr std::size_t kHeadSizeMin = 5;  // Of versions without checksums.
constexpr std::size_t kHistoryHashSize = sizeof(std::uint64_t);
constexpr std::size_t kBodySize = 3;
constexpr std::size_t kOpeningSize = 5;
constexpr std::size_t kTransactionSize = 2;
// A head is short, also one extended by newer versions.
constexpr std::size_t kHeadTokensMax = 256;
// The most ops reserved because the input announces them: an op takes much more memory than its
// smallest encoding.
constexpr std::size_t kOpsReservedMax = 1024;

void assert_encodable(const BatchFrame& batch, const TransactionWriter& transactions) {
  ANABRANCH_ASSERT(batch.origin != 0);
  ANABRANCH_ASSERT(!transactions.empty() && !transactions.in_transaction());
  ANABRANCH_ASSERT(transactions.extent().first >= 1);
  ANABRANCH_ASSERT(batch.deps_changed.at(batch.origin) == 0);
  ANABRANCH_ASSERT(batch.deps_hashes.empty() ||
                   batch.deps_hashes.size() == batch.deps_changed.size());
}

std::size_t size_estimate(const BatchFrame& batch, const TransactionWriter& transactions) {
  constexpr std::size_t kHeadAndBody = 256;
  constexpr std::size_t kEntry = 20 + kHistoryHashSize;
  return kHeadAndBody + batch.deps_changed.size() * kEntry + transactions.size();
}

void append_big_endian(std::string& out, std::uint64_t number) {
  char bytes[sizeof number];
  out.append(bytes, write_big_endian(bytes, number));
}

template <typename Bytes>
std::uint64_t from_big_endian(const Bytes& bytes) {
  std::uint64_t number = 0;
  for (const auto byte : bytes) number = number << 8U | static_cast<unsigned char>(byte);
  return number;
}

void encode_deps_hashes(Writer& out, const std::vector<std::uint64_t>& hashes) {
  if (hashes.empty()) return;
  std::string bytes;
  bytes.reserve(hashes.size() * kHistoryHashSize);
  for (const std::uint64_t hash : hashes) append_big_endian(bytes, hash);
  out.bin(bytes);
}

void encode_opening(Writer& out, const std::optional<Opening>& opening) {
  if (!opening) {
    out.nil();
    return;
  }
  std::string mesh;
  for (const std::uint64_t half : {opening->mesh.high, opening->mesh.low}) {
    append_big_endian(mesh, half);
  }
  out.array(kOpeningSize).bin(mesh).text(opening->region);
  out.uint64(opening->number).uint64(opening->nonce).uint64(opening->previous);
}

std::optional<Opening> decode_opening(Reader& in) {
  if (in.take_nil()) return std::nullopt;
  const std::size_t extra = in.array_of(kOpeningSize);
  const std::string_view mesh = in.bin();
  if (mesh.size() != sizeof(Hash128)) {
    in.fail("a mesh id has not 16 bytes");
    return std::nullopt;
  }
  Opening opening;
  opening.mesh = {from_big_endian(mesh.substr(0, 8)), from_big_endian(mesh.substr(8))};
  opening.region = in.text();
  if (opening.region.size() > Batch::kRegionSizeMax) in.fail("the name of a region is too long");
  opening.number = in.uint64();
  opening.nonce = in.uint64();
  opening.previous = in.uint64();
  in.skip(extra);
  return opening;
}

// Decodes ops from `first` on, never beyond `last`; the last decoded op is transaction.last().
void decode_transaction(Reader& in, Origin origin, Seq first, Seq last, Transaction& transaction) {
  const std::size_t extra = in.array_of(kTransactionSize);
  transaction.first = first;
  transaction.hlc = {in.uint64()};
  const std::size_t size = in.array();
  if (in.ok() && size == 0) in.fail("a transaction is empty");
  if (in.ok() && size - 1 > last - first) in.fail("there are more ops than the head says");
  if (!in.ok()) return;
  transaction.ops.reserve(std::min(size, kOpsReservedMax));
  for (std::size_t i = 0; i < size && in.ok(); ++i) {
    decode_op(in, {origin, first + i}, transaction.ops.emplace_back());
  }
  in.skip(extra);
}

void decode_transactions(Reader& in, const BatchHeader& header, Batch& batch) {
  const std::size_t size = in.array();
  batch.transactions.reserve(std::min(size, kOpsReservedMax));
  std::uint64_t left = header.last - header.first + 1;
  for (std::size_t i = 0; i < size && in.ok(); ++i) {
    if (left == 0) return in.fail("there are more ops than the head says");
    const Seq first = header.last - left + 1;
    Transaction& transaction = batch.transactions.emplace_back();
    decode_transaction(in, header.origin, first, header.last, transaction);
    left -= transaction.ops.size();
  }
  if (left != 0) in.fail("there are fewer ops than the head says");
}

// Decodes the signature if there is one; returns the number of elements taken.
std::size_t decode_signature(Reader& in, std::size_t left, Batch& batch) {
  if (left == 0 || in.peek() != Token::Kind::kBin) return 0;
  const std::string_view signature = in.bin();
  if (signature.size() == Batch::kSignatureSize) batch.signature = signature;
  return 1;
}

struct Head {
  BatchHeader header;
  std::string_view deps_hashes;  // As encoded; empty when the batch has none.
};

// Takes the head off the front of `bytes`.
Result<Head> take_head(std::string_view& bytes) {
  Reader in = Reader::first_of(bytes, kHeadTokensMax);
  const std::size_t extra = in.array_of(1);
  const std::uint64_t format = in.uint64();
  if (in.ok() && format != Batch::kFormat) {
    return invalid("the batch has format " + std::to_string(format) +
                   ", this version reads format " + std::to_string(Batch::kFormat));
  }
  if (in.ok() && extra + 1 < kHeadSizeMin) in.fail("the head of a batch is too short");
  Head head;
  BatchHeader& header = head.header;
  header.origin = in.uint64();
  header.first = in.uint64();
  header.last = in.uint64();
  header.previous = read_chain(in);
  if (in.ok() && header.origin == 0) in.fail("a batch has no origin");
  if (in.ok() && header.first < 1) in.fail("a batch begins before 1");
  if (in.ok() && header.last < header.first) in.fail("a batch ends before it begins");
  if (!in.ok()) return in.failure();
  std::size_t left = extra + 1 - kHeadSizeMin;
  if (left > 1) {
    in.skip(1);  // The checksum.
    if (!in.take_nil()) head.deps_hashes = in.bin();
    left -= 2;
  }
  in.skip(left);
  if (!in.done()) return in.failure();
  return head;
}

void decode_deps_hashes(Reader& in, std::string_view bytes, Batch& batch) {
  if (bytes.empty()) return;
  if (bytes.size() != batch.deps_changed.size() * kHistoryHashSize) {
    return in.fail("a batch has not one hash for each origin that it depends on");
  }
  batch.deps_hashes.reserve(batch.deps_changed.size());
  for (; !bytes.empty(); bytes.remove_prefix(kHistoryHashSize)) {
    batch.deps_hashes.push_back(from_big_endian(bytes.substr(0, kHistoryHashSize)));
  }
}

}  // namespace

std::string encode_batch(const Batch& batch) {
  TransactionWriter transactions;
  for (const Transaction& transaction : batch.transactions) {
    ANABRANCH_ASSERT(!transaction.ops.empty());
    transactions.begin(transaction.first, transaction.hlc);
    for (const Op& op : transaction.ops) transactions.add(op);
    transactions.end();
  }
  return encode_batch(batch, transactions);
}

std::string encode_batch(const BatchFrame& batch, const TransactionWriter& transactions) {
  assert_encodable(batch, transactions);
  std::string bytes;
  bytes.reserve(size_estimate(batch, transactions));
  Writer out(bytes);
  const Extent extent = transactions.extent();
  out.array(kHeadSize + (batch.deps_hashes.empty() ? 0 : 1));
  out.uint64(Batch::kFormat).uint64(batch.origin).uint64(extent.first).uint64(extent.last);
  write_chain(out, batch.previous);
  out.bin(std::string(kChecksumSize, '\0'));
  const std::size_t checksum = bytes.size() - kChecksumSize;
  encode_deps_hashes(out, batch.deps_hashes);
  out.array(kBodySize + (batch.signature.empty() ? 0 : 1));
  write_vector(out, batch.deps_changed);
  encode_opening(out, batch.opening);
  transactions.write(out);
  if (!batch.signature.empty()) out.bin(batch.signature);
  write_checksum(bytes, checksum);
  return bytes;
}

Result<Batch> decode_batch(std::string_view bytes) {
  const std::string_view whole = bytes;
  auto head = take_head(bytes);
  if (!head.ok()) return head.failure();
  const BatchHeader& header = head.value().header;
  if (checksum_of(whole) == Checksum::kWrong && !planted(Bug::kTakeDamaged)) {
    return corrupt("the checksum of a batch is wrong");
  }
  Batch batch;
  batch.origin = header.origin;
  batch.previous = header.previous;
  Reader in(bytes);
  const std::size_t extra = in.array_of(kBodySize);
  batch.deps_changed = read_vector(in);
  if (batch.deps_changed.at(batch.origin) != 0) in.fail("a batch depends on its own origin");
  decode_deps_hashes(in, head.value().deps_hashes, batch);
  batch.opening = decode_opening(in);
  decode_transactions(in, header, batch);
  in.skip(extra - decode_signature(in, extra, batch));
  if (!in.done()) return in.failure();
  return batch;
}

Result<BatchHeader> decode_batch_header(std::string_view bytes) {
  auto head = take_head(bytes);
  if (!head.ok()) return head.failure();
  return head.value().header;
}

std::uint64_t history_hash(const ChainHash& chain) {
  return from_big_endian(std::span(chain).first<kHistoryHashSize>());
}

}  // namespace anabranch::core
