#include "regions/state/head.h"

#include <algorithm>

#include "core/codec.h"
#include "core/wire.h"
#include "storage/layout.h"

namespace anabranch::regions {

std::string encode_head(const Head& head) {
  constexpr std::size_t kUsual = 128;
  std::string bytes;
  bytes.reserve(kUsual);
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

namespace {

void write_place(core::Writer& out, const storage::Place& place) {
  out.array(6).text(place.machine).text(place.boot).uint64(place.device);
  out.uint64(place.directory).uint64(place.file).uint64(place.made_ns);
}

storage::Place read_place(core::Reader& in) {
  storage::Place place;
  const std::size_t newer = in.array_of(6);
  place.machine = in.text();
  place.boot = in.text();
  place.device = in.uint64();
  place.directory = in.uint64();
  place.file = in.uint64();
  place.made_ns = in.uint64();
  in.skip(newer);
  return place;
}

void write_role(core::Writer& out, const std::optional<RoleRow>& role) {
  if (!role) {
    out.nil();
    return;
  }
  out.array(3).boolean(role->leads).uint64(role->reign).boolean(role->blind);
}

std::optional<RoleRow> read_role(core::Reader& in) {
  if (in.take_nil()) return std::nullopt;
  const std::size_t newer = in.array_of(3);
  RoleRow role;
  role.leads = in.boolean();
  role.reign = in.uint64();
  role.blind = in.boolean();
  in.skip(newer);
  return role;
}

DeepCounts read_deep(core::Reader& in) {
  constexpr auto kLast = static_cast<std::uint64_t>(DeepCounts::kKept);
  const std::uint64_t deep = in.uint64();
  if (deep > kLast) in.fail("the directory counts deep rows in an unknown way");
  return deep > kLast ? DeepCounts::kUnknown : static_cast<DeepCounts>(deep);
}

}  // namespace

std::string encode_identity(const Identity& identity) {
  std::string bytes;
  core::Writer out(bytes);
  const bool has_deep = identity.deep >= DeepCounts::kChanging;
  out.array(15).uint64(has_deep ? storage::kDeepFormat : storage::kFormat);
  write_hash(out, identity.mesh);
  out.text(identity.region).uint64(identity.origin).uint64(identity.previous);
  out.uint64(identity.opening);
  write_place(out, identity.place);
  out.boolean(identity.closed).text(identity.why);
  out.array(identity.formers.size());
  for (const core::Origin each : identity.formers) out.uint64(each);
  out.boolean(identity.syncs_later);
  write_hash(out, identity.node);
  out.boolean(identity.at_rest);
  write_role(out, identity.role);
  out.uint64(static_cast<std::uint64_t>(identity.deep));
  return bytes;
}

core::Result<Identity> decode_identity(std::string_view bytes) {
  core::Reader in(bytes);
  Identity identity;
  const std::size_t newer = in.array_of(9);
  const std::uint64_t format = in.uint64();
  if (in.ok() && format != storage::kFormat && format != storage::kDeepFormat) {
    in.fail("the directory has format " + std::to_string(format) + ", this version reads " +
            std::to_string(storage::kFormat) + " and " + std::to_string(storage::kDeepFormat));
  }
  identity.mesh = read_hash(in);
  identity.region = in.text();
  identity.origin = in.uint64();
  identity.previous = in.uint64();
  identity.opening = in.uint64();
  identity.place = read_place(in);
  identity.closed = in.boolean();
  identity.why = in.text();
  if (newer > 0) {
    for (std::size_t left = in.array(); in.ok() && left > 0; --left) {
      identity.formers.push_back(in.uint64());
    }
  }
  identity.syncs_later = newer > 1 && in.boolean();
  if (newer > 2) identity.node = read_hash(in);
  identity.at_rest = newer > 3 && in.boolean();
  if (newer > 4) identity.role = read_role(in);
  if (newer > 5) identity.deep = read_deep(in);
  const bool has_deep = identity.deep >= DeepCounts::kChanging;
  if (in.ok() && has_deep != (format == storage::kDeepFormat)) {
    in.fail("the format of the directory contradicts its counts");
  }
  in.skip(newer > 6 ? newer - 6 : 0);
  if (!in.done()) return in.failure();
  return identity;
}

}  // namespace anabranch::regions
