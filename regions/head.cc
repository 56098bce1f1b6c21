#include "regions/head.h"

#include <algorithm>

#include "core/codec.h"
#include "regions/wire.h"
#include "storage/layout.h"

namespace anabranch::regions {

std::string encode_head(const Head& head) {
  std::string bytes;
  core::Writer out(bytes);
  out.array(5).uint64(head.seq);
  write_chain(out, head.chain);
  write_vector(out, head.deps);
  out.uint64(head.hlc.bits).text(head.region);
  return bytes;
}

core::Result<Head> decode_head(std::string_view bytes) {
  core::Reader in(bytes);
  Head head;
  const std::size_t newer = in.array_of(5);
  head.seq = in.uint64();
  head.chain = read_chain(in);
  head.deps = read_vector(in);
  head.hlc = {in.uint64()};
  head.region = in.text();
  in.skip(newer);
  if (!in.done()) return in.failure();
  return head;
}

std::string encode_identity(const Identity& identity) {
  std::string bytes;
  core::Writer out(bytes);
  out.array(6).uint64(storage::kFormat);
  write_hash(out, identity.mesh);
  out.text(identity.region).uint64(identity.origin).uint64(identity.previous);
  out.uint64(identity.opening);
  return bytes;
}

core::Result<Identity> decode_identity(std::string_view bytes) {
  core::Reader in(bytes);
  Identity identity;
  const std::size_t newer = in.array_of(6);
  if (const std::uint64_t format = in.uint64(); in.ok() && format != storage::kFormat) {
    in.fail("the directory has format " + std::to_string(format) + ", this version reads " +
            std::to_string(storage::kFormat));
  }
  identity.mesh = read_hash(in);
  identity.region = in.text();
  identity.origin = in.uint64();
  identity.previous = in.uint64();
  identity.opening = in.uint64();
  in.skip(newer);
  if (!in.done()) return in.failure();
  return identity;
}

}  // namespace anabranch::regions
