#include "regions/wire/digest_request.h"

#include "core/wire.h"
#include "storage/layout.h"

namespace anabranch::regions {

namespace {

std::string read_key(core::Reader& in) {
  const std::string_view key = in.bin();
  if (key.size() > storage::kKeySizeMax) in.fail("a storage key is too long");
  return std::string(key.substr(0, storage::kKeySizeMax));
}

}  // namespace

void write_digest_request(core::Writer& out, const DigestRequest& question) {
  out.array(6).uint64(static_cast<std::uint64_t>(question.kind)).uint64(question.moment);
  out.uint64(question.number).bin(question.from).bin(question.until).array(question.keys.size());
  for (const std::string& key : question.keys) out.bin(key);
}

DigestRequest read_digest_request(core::Reader& in) {
  DigestRequest question;
  const std::size_t newer = in.array_of(6);
  const std::uint64_t kind = in.uint64();
  if (kind > static_cast<std::uint64_t>(DigestRequest::Kind::kShow)) in.fail("an unknown question");
  question.kind = static_cast<DigestRequest::Kind>(kind & 3U);
  question.moment = in.uint64();
  question.number = in.uint64();
  question.from = read_key(in);
  question.until = read_key(in);
  const std::size_t keys = in.array();
  if (keys > DigestRequest::kKeysMax) in.fail("a question about too many rows");
  for (std::size_t i = 0; i < keys && in.ok(); ++i) question.keys.push_back(read_key(in));
  in.skip(newer);
  return question;
}

void write_digest_response(core::Writer& out, const DigestResponse& answer) {
  out.array(10).uint64(answer.moment).uint64(answer.number).boolean(answer.kept);
  out.boolean(answer.comparable);
  write_vector(out, answer.applied);
  write_hash(out, answer.digest);
  out.uint64(answer.rows).bin(answer.next).array(answer.list.size() * 2);
  for (const RowShare& row : answer.list) {
    out.bin(row.key);
    write_hash(out, row.digest);
  }
  out.array(answer.texts.size());
  for (const std::string& text : answer.texts) out.bin(text);
}

DigestResponse read_digest_response(core::Reader& in) {
  DigestResponse answer;
  const std::size_t newer = in.array_of(10);
  answer.moment = in.uint64();
  answer.number = in.uint64();
  answer.kept = in.boolean();
  answer.comparable = in.boolean();
  answer.applied = read_vector(in);
  answer.digest = read_hash(in);
  answer.rows = in.uint64();
  answer.next = read_key(in);
  const std::size_t list = in.array();
  if (list % 2 != 0) in.fail("a list of rows has half a row");
  for (std::size_t i = 0; i < list && in.ok(); i += 2) {
    std::string key = read_key(in);
    answer.list.push_back({std::move(key), read_hash(in)});
  }
  const std::size_t texts = in.array();
  for (std::size_t i = 0; i < texts && in.ok(); ++i) answer.texts.emplace_back(in.bin());
  in.skip(newer);
  return answer;
}

}  // namespace anabranch::regions
