// Large reads of segment files past the page cache, and what sequential readers will want next.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/completion.h"
#include "env/gate.h"
#include "env/stream.h"
#include "log/file_cache.h"
#include "model/topic_partition.h"

namespace logstore {

/// Reads large pieces of files directly, and while one is on its way to its reader the next one from the disk. Whoever reads
/// where an earlier read ended is taken for a sequential reader; each piece that was read ahead serves one read. Nothing of it
/// fills the page cache: on a machine with little free memory its pages cost more than the disk does, and what is read
/// from the beginning is rarely read twice.
///
/// Only bytes that never change again may be asked for. They are as the disk gave them: whoever takes them checks them. At most
/// `bytes_max` are read ahead and not taken, those on their way from the disk included; the oldest go first. One shard; calls
/// may overlap. REQUIRES: close() before the end.
class read_ahead {
  public:
    /// Where bytes of a segment lie. Its path may be another tablet's later.
    struct place {
        tablet_id tablet;
        offset segment_base;
        std::uint64_t position = 0;
        friend bool operator==(const place&, const place&) = default;
    };
    /// Bytes [from.position, end) of a file.
    struct range {
        place from;
        std::uint64_t end = 0;
        std::string path;
    };
    struct piece {
        /// From the position asked for; fewer than asked at the end of the file, or when fewer were read ahead.
        env::shared_bytes content;
        /// What the memory behind `content` takes.
        std::size_t memory_bytes = 0;
        /// An earlier read ended here.
        bool is_sequential = false;

        piece() {}  // else no result<piece> in this class
    };

    read_ahead(file_cache& files, std::size_t bytes_max) : files_(files), bytes_max_(bytes_max) {}

    env::task<result<piece>> read(range what);
    /// A read ended where `next` begins. With `now` that is read before anybody asks.
    void expect(range next, bool now);
    /// What was read ahead of a tablet.
    void forget(tablet_id tablet);
    /// Completes when nothing is on its way from the disk. Nothing is read ahead from now on.
    env::task<> close();

    /// Read ahead and not taken.
    std::size_t memory_bytes() const { return memory_bytes_; }
    std::size_t bytes_max() const { return bytes_max_; }
    std::uint64_t pieces_taken() const { return pieces_taken_; }
    std::uint64_t pieces_dropped() const { return pieces_dropped_; }

  private:
    /// So many ends of reads are known.
    static constexpr std::size_t expected_max = 64;

    /// One read ahead. Whoever expected it may have forgotten it by the time it ends.
    using under_way = env::completion<result<piece>>;
    struct expected {
        place at;
        /// Null: nothing is read before somebody asks.
        std::shared_ptr<under_way> ahead;
        std::size_t memory_bytes = 0;
    };

    env::task<result<piece>> load(range what);
    env::task<> load_ahead(std::shared_ptr<under_way> into, range what);
    void drop(std::list<expected>::iterator which);

    file_cache& files_;
    const std::size_t bytes_max_;
    std::list<expected> expected_;  // oldest first
    std::size_t memory_bytes_ = 0;
    /// Of reads on their way that nobody expects any more.
    std::size_t abandoned_bytes_ = 0;
    std::uint64_t pieces_taken_ = 0;
    std::uint64_t pieces_dropped_ = 0;
    env::gate reading_;
};

}  // namespace logstore
