// Suppressions of the thread sanitizer for libzmq, in every program that links this layer. Debian's
// libzmq is not instrumented: the sanitizer does not see its synchronisation, and reports each
// message passed from our thread to libzmq's as a race. Races of our own code, with stacks outside
// of libzmq, are still reported.
#if defined(__SANITIZE_THREAD__)

extern "C" const char* __tsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)

extern "C" const char* __tsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "called_from_lib:libzmq.so\nrace:libzmq.so\n";
}

#endif
