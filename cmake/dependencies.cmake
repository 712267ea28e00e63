# Everything the build takes from Debian 12. docs/decisions/ says why each is used.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(GTest REQUIRED)
find_package(RocksDB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBURING REQUIRED IMPORTED_TARGET liburing)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
# Kafka's codecs: gzip, snappy, lz4, zstd.
pkg_check_modules(LIBZ REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(LIBSNAPPY REQUIRED IMPORTED_TARGET snappy)
pkg_check_modules(LIBLZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(LIBZSTD REQUIRED IMPORTED_TARGET libzstd)

# Boost.Asio without its deprecated parts; one target sets the macros so that no two sources disagree.
add_library(logstore_asio INTERFACE)
target_compile_definitions(logstore_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)
target_link_libraries(logstore_asio INTERFACE Threads::Threads)
