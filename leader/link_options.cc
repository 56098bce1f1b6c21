#include "leader/link_options.h"

#include <utility>

#include "regions/wire/member_card.h"
#include "regions/wire/message.h"

namespace anabranch::leader {

namespace {

transport::Compression compression(CompressLinks compress) {
  switch (compress) {
    case CompressLinks::kNever:
      return transport::Compression::kNever;
    case CompressLinks::kRemote:
      return transport::Compression::kRemote;
    case CompressLinks::kAlways:
      return transport::Compression::kAlways;
  }
  return transport::Compression::kRemote;
}

}  // namespace

transport::ZmqOptions link_options(const Options& options, transport::SharedKeys keys) {
  transport::ZmqOptions links{
      .region = options.region, .listen = options.listen, .peers = options.peers};
  links.compression = compression(options.compress);
  links.keys = std::move(keys);
  links.apart_kind = regions::MemberCards::kKind;
  links.body_bytes_max = regions::body_bytes_max;
  return links;
}

}  // namespace anabranch::leader
