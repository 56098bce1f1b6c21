#include "server/resp/socket/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <new>

#include "core/assert.h"

namespace anabranch::server {

void TlsStream::Free::operator()(ssl_st* connection) const { ::SSL_free(connection); }

TlsStream::TlsStream(const TlsContext& context, int socket)
    : connection_(context.make_connection()) {
  if (::SSL_set_fd(connection_.get(), socket) != 1) throw std::bad_alloc();
}

TlsStream::~TlsStream() {
  if (failed_ || !established()) return;
  ::ERR_clear_error();
  ::SSL_shutdown(connection_.get());
  ::ERR_clear_error();
}

Transfer TlsStream::outcome(int result) {
  switch (::SSL_get_error(connection_.get(), result)) {
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return Transfer::kNothing;
    case SSL_ERROR_WANT_READ:
      return Transfer::kNothing;
    case SSL_ERROR_ZERO_RETURN:
      return Transfer::kEnd;
    default:
      failed_ = true;
      return Transfer::kEnd;
  }
}

Transfer TlsStream::receive(char* into, std::size_t room, std::size_t& got) {
  ANABRANCH_ASSERT(room >= kRecordMax);
  got = 0;
  wants_write_ = false;
  while (room - got >= kRecordMax) {
    ::ERR_clear_error();
    std::size_t more = 0;
    const int result = ::SSL_read_ex(connection_.get(), into + got, room - got, &more);
    if (result != 1) {
      // An end behind bytes comes again with the next read.
      const Transfer stopped = outcome(result);
      return got > 0 ? Transfer::kBytes : stopped;
    }
    got += more;
  }
  return Transfer::kBytes;
}

Transfer TlsStream::send(std::string_view bytes, std::size_t& sent) {
  ::ERR_clear_error();
  sent = 0;
  wants_write_ = false;
  const int result =
      ::SSL_write_ex(connection_.get(), bytes.data(), std::min(bytes.size(), kRecordMax), &sent);
  return result == 1 ? Transfer::kBytes : outcome(result);
}

bool TlsStream::established() const { return ::SSL_is_init_finished(connection_.get()) == 1; }

}  // namespace anabranch::server
