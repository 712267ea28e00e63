#include "env/file_contract.h"

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <span>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "env/asio_executor.h"
#include "env/system_clock.h"
#include "env/thread_file_system.h"
#include "env/uring_file_system.h"

namespace logstore::env {
namespace {

/// A directory that goes with the test.
class temporary_folder {
  public:
    temporary_folder() {
        std::string made = std::filesystem::temp_directory_path() / "logstore-env-XXXXXX";
        EXPECT_NE(::mkdtemp(made.data()), nullptr);
        path_ = made;
    }
    ~temporary_folder() { std::filesystem::remove_all(path_); }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

/// While it lives, temporary folders, those of processes that a test lets die too, lie inside one that goes
/// with the test.
class shelter_for_the_dying {
  public:
    shelter_for_the_dying() : before_(std::filesystem::temp_directory_path()) {
        ::setenv("TMPDIR", inside_.path().c_str(), 1);
    }
    ~shelter_for_the_dying() { ::setenv("TMPDIR", before_.c_str(), 1); }

  private:
    std::string before_;
    temporary_folder inside_;
};

struct real_world {
    explicit real_world(bool names_only) : disk(1, names_only) {}

    executor& loop() { return asio; }
    std::string folder() { return directory.path(); }
    void run_until(const std::function<bool()>& done) { asio.run_until(done); }

    temporary_folder directory;
    system_clock clock;
    asio_executor asio{clock};
    disk_threads disk;
};

struct thread_world : real_world {
    thread_world() : real_world(false), file_system_(asio, disk, {}) {}
    file_system& files() { return file_system_; }

    thread_file_system file_system_;
};

struct uring_world : real_world {
    uring_world() : real_world(true) {
        auto ring = uring_ring::make(asio);
        // A container without io_uring runs this suite over threads twice.
        if (ring) {
            file_system_ = std::make_unique<uring_file_system>(asio, disk, std::move(*ring));
        } else {
            all_threads = std::make_unique<disk_threads>(1, false);
            file_system_ = std::make_unique<thread_file_system>(asio, *all_threads, ring.error().message());
        }
    }
    file_system& files() { return *file_system_; }

    std::unique_ptr<disk_threads> all_threads;
    std::unique_ptr<file_system> file_system_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(threads, file_contract, thread_world);
INSTANTIATE_TYPED_TEST_SUITE_P(io_uring, file_contract, uring_world);

/// What only real files show.
template <class World>
class real_files : public file_contract<World> {};
using real_worlds = testing::Types<thread_world, uring_world>;
TYPED_TEST_SUITE(real_files, real_worlds);

/// A file system of its own, while it lives; only root may make one.
class mounted_file_system {
  public:
    mounted_file_system(std::string at, const char* type, const char* options) : at_(std::move(at)) {
        std::filesystem::create_directory(at_);
        mounted_ = ::mount(type, at_.c_str(), type, 0, options) == 0;
    }
    ~mounted_file_system() {
        if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
    }
    bool is_mounted() const { return mounted_; }

  private:
    std::string at_;
    bool mounted_ = false;
};

TYPED_TEST(real_files, a_full_disk_is_told_and_reads_go_on) {
    const mounted_file_system tiny(this->path("tiny"), "tmpfs", "size=256k");
    if (!tiny.is_mounted()) GTEST_SKIP() << "no right to mount";
    auto filler = this->create("tiny/filler");
    auto f = this->create_direct("tiny/a");
    auto blocks = this->blocks_of(8, 'a');
    EXPECT_TRUE(this->wait(f->write_durably(0, blocks.span())).has_value());
    EXPECT_TRUE(this->wait(filler->reserve(0, 128 * 1024)).has_value());

    auto large = this->blocks_of(100, 'b');
    const auto durable = this->wait(f->write_durably(8 * block_bytes, large.span()));
    const auto plain = this->wait(f->write(8 * block_bytes, large.span()));
    const auto pieces = this->wait(f->write_pieces(8 * block_bytes, {large.span()}));
    const auto reserved = this->wait(f->reserve(0, 1 << 20));
    for (const auto* refused : {&durable, &plain, &pieces, &reserved}) {
        ASSERT_FALSE(refused->has_value());
        EXPECT_EQ(refused->error().code, std::errc::no_space_on_device) << refused->error().message();
    }
    aligned_buffer back(8 * block_bytes);
    EXPECT_EQ(this->wait(f->read(0, back.span())).value(), back.size());

    EXPECT_TRUE(this->wait(filler->truncate(0)).has_value());
    EXPECT_TRUE(this->wait(f->write_durably(8 * block_bytes, blocks.span())).has_value())
        << "there is room again";
    f.reset();
    filler.reset();
}

TYPED_TEST(real_files, where_nothing_can_be_reserved_a_file_grows) {
    const mounted_file_system simple(this->path("simple"), "ramfs", "");  // knows no fallocate
    if (!simple.is_mounted()) GTEST_SKIP() << "no right to mount";
    auto f = this->create("simple/a");
    this->write(*f, 0, "head");
    const auto reserved = this->wait(f->reserve(0, block_bytes));
    EXPECT_TRUE(reserved.has_value()) << reserved.error().message();
    EXPECT_EQ(this->read(*f, 0, 2 * block_bytes), "head" + std::string(block_bytes - 4, '\0'));
    f.reset();
}

TEST(file_calls, only_a_missing_call_stands_for_growing) {
    for (const int missing : {EOPNOTSUPP, ENOSYS}) EXPECT_TRUE(calls::has_no_reservation(missing));
    for (const int told : {0, EIO, ENOSPC, EDQUOT, EFBIG, EINVAL, EROFS})
        EXPECT_FALSE(calls::has_no_reservation(told)) << told;
}

/// While it lives, no file of this process grows beyond so many bytes.
class file_size_limit {
  public:
    explicit file_size_limit(rlim_t bytes) : signal_before_(std::signal(SIGXFSZ, SIG_IGN)) {
        EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
        const rlimit limit{bytes, before_.rlim_max};
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    }
    ~file_size_limit() {
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0);
        std::signal(SIGXFSZ, signal_before_);
    }

  private:
    rlimit before_{};
    void (*signal_before_)(int);
};

TYPED_TEST(real_files, a_write_that_the_kernel_cuts_short_is_not_a_success) {
    // It writes what fits below the limit and says so: only the next call answers EFBIG.
    auto f = this->create("a");
    const file_size_limit limit(5000);
    const auto written = this->wait(f->write(0, bytes_of(std::string(8192, 'x'))));
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code, std::errc::file_too_large) << written.error().message();
}

TYPED_TEST(real_files, a_file_without_o_direct_works_through_the_cache) {
    auto opened = this->open("a", open_options::read_write().creating().directly());
    EXPECT_TRUE(opened->is_direct()) << "the temporary folder should be on a disk";
    // procfs takes no O_DIRECT.
    auto other = this->wait(this->files().open("/proc/self/status", open_options::read_only().directly()));
    ASSERT_TRUE(other.has_value()) << other.error().message();
    EXPECT_FALSE((*other)->is_direct());
    EXPECT_EQ(this->read(**other, 0, 5), "Name:");
}

TYPED_TEST(real_files, destroying_a_file_with_an_operation_under_way_is_a_defect) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    const shelter_for_the_dying shelter;
    EXPECT_DEATH(
        {
            auto f = this->create("a");
            std::optional<result<>> written;
            this->start(f->write(0, bytes_of("x")), written);
            f.reset();
        },
        "operations under way");
}

/// From now on, this filter decides on the system calls of threads made by this one.
void filter_system_calls(std::span<sock_filter> program) {
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
        std::_Exit(1);
    }
}

/// RWF_DSYNC is refused, and fdatasync fails with `flush_error` (unless 0).
void refuse_durable_writes(unsigned flush_error) {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fdatasync, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_pwritev2, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[5])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, RWF_DSYNC, 2, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | flush_error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
    };
    if (flush_error == 0) program[5] = program[6];
    filter_system_calls(program);
}

/// fallocate answers `number`.
void refuse_reservations(unsigned number) {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fallocate, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | number),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    filter_system_calls(program);
}

/// Files on threads of a process whose system calls are filtered.
struct filtered_threads : file_contract<thread_world> {
    void TestBody() override {}
};

/// The answer of a durable write on threads that are refused RWF_DSYNC, as the status of a process.
int errno_of_refused_write(unsigned flush_error) {
    refuse_durable_writes(flush_error);
    filtered_threads with;
    auto f = with.create("a");
    const auto written = with.wait(f->write_durably(0, bytes_of("text")));
    if (with.read(*f, 0, 100) != "text") return 255;
    return written ? 0 : written.error().code.value();
}

/// The answer of a reservation where fallocate answers `number`, as the status of a process.
int errno_of_refused_reservation(unsigned number) {
    refuse_reservations(number);
    filtered_threads with;
    auto f = with.create("a");
    const auto reserved = with.wait(f->reserve(0, block_bytes));
    if (reserved && with.size(*f) != block_bytes) return 255;
    return reserved ? 0 : reserved.error().code.value();
}

TEST(thread_file, a_refused_durable_write_becomes_a_write_and_a_flush) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    const shelter_for_the_dying shelter;
    EXPECT_EXIT(std::_Exit(errno_of_refused_write(0)), testing::ExitedWithCode(0), "");
    EXPECT_EXIT(std::_Exit(errno_of_refused_write(EIO)), testing::ExitedWithCode(EIO), "")
        << "without the flush, no answer";
}

TEST(thread_file, without_fallocate_a_file_grows_and_every_other_refusal_is_told) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    const shelter_for_the_dying shelter;
    for (const unsigned missing : {EOPNOTSUPP, ENOSYS})
        EXPECT_EXIT(std::_Exit(errno_of_refused_reservation(missing)), testing::ExitedWithCode(0), "");
    for (const unsigned told : {EIO, ENOSPC, EINVAL})
        EXPECT_EXIT(std::_Exit(errno_of_refused_reservation(told)), testing::ExitedWithCode(int(told)), "");
}

TEST(file_calls, pieces_are_used_up_from_the_front) {
    std::string text = "aabbbc";
    const std::vector<bytes_view> views{
        bytes_of(text).first(2), {}, bytes_of(text).subspan(2, 3), bytes_of(text).last(1)};
    std::vector<iovec> pieces = calls::pieces_of(views);
    ASSERT_EQ(pieces.size(), 3u);
    std::span<iovec> left = calls::without_first(pieces, 3);
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(left[0].iov_len, 2u);
    EXPECT_EQ(left[0].iov_base, text.data() + 3);
    EXPECT_TRUE(calls::without_first(left, 3).empty());
}

}  // namespace
}  // namespace logstore::env
