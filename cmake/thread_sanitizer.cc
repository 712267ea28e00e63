// What test programs with the thread sanitizer do not report. RocksDB is Debian's build, without the sanitizer: what its own
// threads hand over by atomics looks like a race there, as when a compaction lets go of a file that was read before.

extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() { return "race:librocksdb.so\n"; }
