// Runs a function as a transaction of an open group; an exception undoes its writes.
#pragma once

#include <functional>

#include "regions/open_transaction.h"

namespace anabranch::test {

// `writer` is a regions::Replica or a regions::LocalWriter.
template <typename Writer>
void write(Writer& writer, const std::function<void(regions::Group&)>& function) {
  regions::OpenTransaction txn = writer.begin();
  function(txn.group());
  txn.keep();
}

}  // namespace anabranch::test
