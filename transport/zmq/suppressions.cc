// What the thread sanitizer is told about libzmq, in every program that links this layer. Debian's
// libzmq is not instrumented: the sanitizer does not see how it synchronises, and takes each
// message that passes from our thread to libzmq's for a race. Races of our own code, whose stacks
// do not lead through libzmq, are still reported.
#if defined(__SANITIZE_THREAD__)

extern "C" const char* __tsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)

extern "C" const char* __tsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "called_from_lib:libzmq.so\nrace:libzmq.so\n";
}

#endif
