#include "regions/wire/region_report.h"

#include "core/wire.h"
#include "regions/wire/signatures.h"
#include "transport/keys.h"

namespace anabranch::regions {

namespace {

constexpr std::string_view kDomain = "anabranch standing 1";

void write_content(core::Writer& out, const RegionReport& report) {
  out.text(report.region).uint64(report.origin).uint64(report.number);
  write_hash_or_nil(out, report.list);
  write_origins(out, report.open);
  write_hash_or_nil(out, report.settled);
  write_vector(out, report.durable);
}

}  // namespace

void write_report(core::Writer& out, const RegionReport& report) {
  out.array(9);
  write_content(out, report);
  out.bin(report.signature).uint64(report.previous);
}

RegionReport read_report(core::Reader& in) {
  RegionReport report;
  std::size_t newer = in.array_of(8);
  report.region = in.text();
  report.origin = in.uint64();
  report.number = in.uint64();
  report.list = read_hash_or_nil(in);
  report.open = read_origins(in);
  report.settled = read_hash_or_nil(in);
  report.durable = read_vector(in);
  report.signature = in.bin();
  if (newer > 0) {  // Absent in older versions.
    report.previous = in.uint64();
    --newer;
  }
  in.skip(newer);
  if (!transport::is_region_name(report.region) || report.origin == 0) {
    in.fail("a report of nobody");
  }
  if (report.number == 0) in.fail("a report without a number");
  const std::size_t size = report.signature.size();
  if (size != 0 && size != SignedPosition::kSignatureSize) {
    in.fail("a signature has " + std::to_string(size) + " bytes");
  }
  return report;
}

std::string signed_bytes(const core::Hash128& mesh, const RegionReport& report) {
  std::string bytes;
  core::Writer out(bytes);
  out.array(report.previous == 0 ? 9 : 10).text(kDomain);
  write_hash(out, mesh);
  write_content(out, report);
  if (report.previous != 0) out.uint64(report.previous);
  return bytes;
}

}  // namespace anabranch::regions
