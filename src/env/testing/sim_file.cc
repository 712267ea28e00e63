#include "env/testing/sim_file.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/crc32c.h"
#include "env/testing/sim_disk_request.h"

namespace logstore::env {

namespace {

using kind = sim_disk_operation_kind;

std::error_code error_of(int code) {
    return {code, std::generic_category()};
}

result<> result_of(std::error_code code, const char* verb, const std::string& path) {
    if (!code) return {};
    return fail(code, std::string(verb) + " " + path);
}

std::uint32_t checksum_of(const std::vector<bytes_view>& pieces) {
    std::uint32_t sum = 0;
    for (const auto piece : pieces) sum = crc32c(piece, sum);
    return sum;
}

}  // namespace

/// Counts an operation while its coroutine lives.
class sim_file::operation_mark {
  public:
    explicit operation_mark(sim_file& owner) : owner_(owner) { ++owner_.under_way_; }
    operation_mark(const operation_mark&) = delete;
    operation_mark& operator=(const operation_mark&) = delete;
    ~operation_mark() { --owner_.under_way_; }

  private:
    sim_file& owner_;
};

sim_file::sim_file(sim_disk& disk, sim_executor& on, std::uint64_t process, std::string path,
                   sim_inode_reference inode, open_options options)
    : disk_(disk),
      on_(on),
      process_(process),
      path_(std::move(path)),
      inode_(std::move(inode)),
      options_(options),
      is_direct_(options.direct && !disk.options_.refuses_direct) {
    ++inode_->handles;
}

sim_file::~sim_file() {
    CHECK(under_way_ == 0, "{} is closed with {} operations under way", path_, under_way_);
    if (process_ != disk_.process_) return;
    --inode_->handles;
    disk_.let_go(*inode_);
}

/// REQUIRES for a direct file, unless the disk is told to answer EINVAL: position, length and memory in whole
/// blocks.
bool sim_file::is_aligned(std::uint64_t position, bytes_view memory) const {
    if (!options_.direct) return true;
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
    if (!disk_.options_.checks_alignment) {
        return !is_direct_ || is_block_aligned(position | memory.size() | address);
    }
    CHECK(is_block_aligned(position), "{}: position {} of a direct transfer", path_, position);
    CHECK(is_block_aligned(memory.size()), "{}: length {} of a direct transfer", path_, memory.size());
    CHECK(is_block_aligned(address), "{}: memory at {:#x} of a direct transfer", path_, address);
    return true;
}

task<result<std::size_t>> sim_file::read(std::uint64_t position, mutable_bytes into) {
    const operation_mark mark(*this);
    const bool aligned = is_aligned(position, into);
    std::size_t count = 0;
    sim_disk_request request(disk_, on_, process_, kind::read, path_, position, into.size());
    request.apply = [&] {
        if (!aligned) return error_of(EINVAL);
        count = is_direct_ ? inode_->bytes.read_device(position, into)
                           : inode_->bytes.read_through_cache(position, into);
        disk_.counters_.bytes_read += count;
        return std::error_code();
    };
    const auto code = co_await request;
    if (code) co_return fail(code, "read " + path_);
    co_return count;
}

task<result<>> sim_file::write(std::uint64_t position, bytes_view from) {
    return write_bytes(kind::write, position, {from});
}

task<result<>> sim_file::write_pieces(std::uint64_t position, std::vector<bytes_view> pieces) {
    return write_bytes(kind::write, position, std::move(pieces));
}

task<result<>> sim_file::write_durably(std::uint64_t position, bytes_view from) {
    return write_bytes(kind::write_durably, position, {from});
}

task<result<>> sim_file::write_bytes(sim_disk_operation_kind which, std::uint64_t position,
                                     std::vector<bytes_view> pieces) {
    const operation_mark mark(*this);
    std::uint64_t length = 0;
    bool aligned = true;
    for (const auto piece : pieces) {
        aligned = is_aligned(position + length, piece) && aligned;
        length += piece.size();
    }
    const std::uint32_t checksum = checksum_of(pieces);
    const auto gather = [&] {
        byte_vector bytes;
        bytes.reserve(length);
        for (const auto piece : pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
        CHECK(crc32c(bytes) == checksum, "{}: the bytes of a write changed while it was under way", path_);
        return bytes;
    };
    sim_disk_request request(disk_, on_, process_, which, path_, position, length);
    request.apply = [&] {
        if (!aligned) return error_of(EINVAL);
        const auto code = put(position, gather(), &request);
        if (!code && which == kind::write_durably) inode_->bytes.make_range_stable(position, length);
        return code;
    };
    request.fail = [&](sim_random& random) { fail_write(which, position, gather(), random); };
    request.interrupt = [&](sim_random& random) {
        if (aligned && random.below(4) != 0) (void)put(position, gather(), &request);
    };
    const auto code = co_await request;
    co_return result_of(code, "write", path_);
}

/// Writes what there is room for. `request` tells of faults; null when there are none.
std::error_code sim_file::put(std::uint64_t position, bytes_view bytes, const sim_disk_request* request) {
    if (!options_.writable) return error_of(EBADF);
    const auto limit = disk_.options_.largest_file_bytes;
    if (position > limit || bytes.size() > limit - position) return error_of(EFBIG);
    const auto room = inode_->bytes.affordable_bytes(position, bytes.size(), disk_.free_bytes());
    const auto part = bytes.first(static_cast<std::size_t>(room));
    (void)disk_.allocate(*inode_, position, part.size());
    disk_.counters_.bytes_written += part.size();
    const bool lost = request != nullptr && request->is_lost();
    const std::int64_t shift = request != nullptr ? request->shift() : 0;
    if (lost || shift != 0) {
        put_astray(position, part, shift);
    } else if (is_direct_) {
        inode_->bytes.write_device(position, part);
    } else {
        inode_->bytes.write_through_cache(position, part);
    }
    return part.size() < bytes.size() ? error_of(ENOSPC) : std::error_code();
}

/// The write reports success, but its place on the device keeps the old bytes: another place gets the new
/// ones, or (shift 0) none does.
void sim_file::put_astray(std::uint64_t position, bytes_view bytes, std::int64_t shift) {
    auto& image = inode_->bytes;
    if (is_direct_) {
        image.grow(position + bytes.size());
    } else {
        image.write_cache_only(position, bytes);
    }
    const auto target = static_cast<std::int64_t>(position) + shift;
    if (shift == 0 || target < 0 || static_cast<std::uint64_t>(target) >= image.size()) return;
    const auto room =
        std::min<std::uint64_t>(bytes.size(), image.size() - static_cast<std::uint64_t>(target));
    image.write_device(static_cast<std::uint64_t>(target), bytes.first(static_cast<std::size_t>(room)));
}

/// After an error some of the bytes are there: of a write to the device a seeded prefix, of a durable write
/// through the cache what a failed fdatasync leaves.
void sim_file::fail_write(sim_disk_operation_kind which, std::uint64_t position, bytes_view bytes,
                          sim_random& random) {
    if (!options_.writable) return;
    if (which == kind::write_durably && !is_direct_) {
        if (put(position, bytes, nullptr)) return;
        inode_->bytes.fail_flush(inode_->bytes.last_write(), random);
        return;
    }
    const auto sectors = random.below(bytes.size() / sim_sector_bytes + 1);
    (void)put(position, bytes.first(std::min<std::size_t>(sectors * sim_sector_bytes, bytes.size())),
              nullptr);
}

task<result<>> sim_file::flush() {
    const operation_mark mark(*this);
    sim_file_image::flush_id id = 0;
    std::uint64_t last_write = 0;
    sim_disk_request request(disk_, on_, process_, kind::flush, path_);
    request.begin = [&] {
        last_write = inode_->bytes.last_write();
        if (!request.will_fail()) id = inode_->bytes.begin_flush();
    };
    request.apply = [&] {
        inode_->bytes.finish_flush(id);
        ++disk_.counters_.flushes;
        return std::error_code();
    };
    request.fail = [&](sim_random& random) { inode_->bytes.fail_flush(last_write, random); };
    request.interrupt = [&](sim_random& random) {
        if (random.coin() && !request.will_fail()) inode_->bytes.finish_flush(id);
    };
    const auto code = co_await request;
    co_return result_of(code, "flush", path_);
}

task<result<>> sim_file::reserve(std::uint64_t position, std::uint64_t length) {
    const operation_mark mark(*this);
    sim_disk_request request(disk_, on_, process_, kind::reserve, path_, position, length);
    request.apply = [&] {
        if (!options_.writable) return error_of(EBADF);
        if (length == 0) return error_of(EINVAL);
        const auto limit = disk_.options_.largest_file_bytes;
        if (position > limit || length > limit - position) return error_of(EFBIG);
        if (const auto code = disk_.allocate(*inode_, position, length)) return code;
        inode_->bytes.extend(position + length);
        return std::error_code();
    };
    const auto code = co_await request;
    co_return result_of(code, "reserve space for", path_);
}

task<result<>> sim_file::truncate(std::uint64_t length) {
    const operation_mark mark(*this);
    sim_disk_request request(disk_, on_, process_, kind::truncate, path_, length);
    request.apply = [&] {
        if (!options_.writable) return error_of(EINVAL);
        if (length > disk_.options_.largest_file_bytes) return error_of(EFBIG);
        const auto before = inode_->bytes.allocated_bytes();
        inode_->bytes.truncate(length);
        disk_.account(*inode_, before);
        return std::error_code();
    };
    const auto code = co_await request;
    co_return result_of(code, "truncate", path_);
}

task<result<std::uint64_t>> sim_file::size() {
    const operation_mark mark(*this);
    std::uint64_t bytes = 0;
    sim_disk_request request(disk_, on_, process_, kind::size, path_);
    request.apply = [&] {
        bytes = inode_->bytes.size();
        return std::error_code();
    };
    const auto code = co_await request;
    if (code) co_return fail(code, "size of " + path_);
    co_return bytes;
}

task<result<>> sim_file::drop_cache() {
    const operation_mark mark(*this);
    sim_disk_request request(disk_, on_, process_, kind::drop_cache, path_);
    request.apply = [&] {
        inode_->bytes.drop_clean_pages();
        return std::error_code();
    };
    const auto code = co_await request;
    co_return result_of(code, "drop the cache of", path_);
}

}  // namespace logstore::env
