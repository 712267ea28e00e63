// Random lives of a file, checked against a model that knows only what the contract of env/file.h promises.
#include <deque>
#include <optional>

#include "env/testing/sim_disk_fixture.h"

namespace logstore::env {
namespace {

constexpr std::size_t file_blocks = 12;

/// What must be in each block of the file. A block is filled with one byte; 0 is also what a block past the
/// end counts as.
struct promised_blocks {
    struct block {
        std::optional<unsigned char> now =
            0;  // what a reader sees; unknown while a change is under way or after a crash
        std::optional<unsigned char> certain = 0;  // what survives a crash
        std::uint64_t changes = 0;
        int changes_under_way = 0;
    };
    std::array<block, file_blocks> blocks;

    void change_begins(std::size_t first, std::size_t end) {
        for (std::size_t i = first; i < end; ++i) {
            blocks[i].certain.reset();
            ++blocks[i].changes;
            ++blocks[i].changes_under_way;
        }
    }
    void change_ends(std::size_t first, std::size_t end, unsigned char value) {
        for (std::size_t i = first; i < end; ++i) {
            --blocks[i].changes_under_way;
            blocks[i].now = value;
        }
    }
    bool is_quiet(std::size_t first, std::size_t end) const {
        for (std::size_t i = first; i < end; ++i) {
            if (blocks[i].changes_under_way > 0) return false;
        }
        return true;
    }
};

struct sim_crash_property_test : sim_disk_test {
    struct operation_under_way {
        sim_running<result<>> running;
        std::function<void()> then;
        std::shared_ptr<aligned_buffer> memory;
    };

    explicit sim_crash_property_test(std::uint64_t seed = 1) : random(seed) {}

    void open_both() {
        direct = open_direct("file");
        buffered = open_buffered("file");
    }

    file& either() { return random.coin() ? *direct : *buffered; }

    void begin_write() {
        const auto first = random.below(file_blocks);
        const auto end = random.between(first + 1, std::min<std::uint64_t>(first + 4, file_blocks));
        if (!model.is_quiet(first, end)) return;
        const auto value = static_cast<unsigned char>(random.between(1, 255));
        auto memory = std::make_shared<aligned_buffer>(blocks(end - first, static_cast<char>(value)));
        const bool durable = random.one_in(3);
        auto& to = either();
        model.change_begins(first, end);
        auto work = durable ? to.write_durably(first * block_bytes, memory->span())
                            : to.write(first * block_bytes, memory->span());
        begin(std::move(work), memory, [this, first, end, value, durable] {
            model.change_ends(first, end, value);
            if (!durable) return;
            for (auto i = first; i < end; ++i) model.blocks[i].certain = value;
        });
    }

    void begin_flush() {
        std::array<std::uint64_t, file_blocks> changes{};
        for (std::size_t i = 0; i < file_blocks; ++i) {
            changes[i] = model.blocks[i].changes_under_way == 0 ? model.blocks[i].changes : ~std::uint64_t{0};
        }
        begin(either().flush(), nullptr, [this, changes] {
            for (std::size_t i = 0; i < file_blocks; ++i) {
                if (model.blocks[i].changes == changes[i]) model.blocks[i].certain = model.blocks[i].now;
            }
        });
    }

    void begin_truncate() {
        const auto first = random.below(file_blocks);
        if (!model.is_quiet(0, file_blocks)) return;
        model.change_begins(first, file_blocks);
        begin(either().truncate(first * block_bytes), nullptr,
              [this, first] { model.change_ends(first, file_blocks, 0); });
    }

    void begin(task<result<>> work, std::shared_ptr<aligned_buffer> memory, std::function<void()> then) {
        under_way.push_back({start(loop, std::move(work)), std::move(then), std::move(memory)});
    }

    void settle_finished() {
        for (auto at = under_way.begin(); at != under_way.end();) {
            if (!at->running.done()) {
                ++at;
                continue;
            }
            ASSERT_TRUE(at->running.take().has_value());
            at->then();
            at = under_way.erase(at);
        }
    }

    void live(int steps) {
        for (int i = 0; i < steps; ++i) {
            const auto what = random.below(20);
            if (what < 6 && under_way.size() < 4) {
                begin_write();
            } else if (what < 8 && under_way.size() < 4) {
                begin_flush();
            } else if (what == 8 && under_way.size() < 4) {
                begin_truncate();
            } else if (what == 9) {
                disk.drop_caches();
            } else {
                scheduler.step();
                settle_finished();
            }
        }
    }

    static std::optional<unsigned char> block_of(const byte_vector& bytes, std::size_t index) {
        const auto first = std::min(bytes.size(), index * block_bytes);
        const auto part = bytes_view(bytes).subspan(first, std::min(block_bytes, bytes.size() - first));
        if (part.empty()) return 0;
        for (const auto b : part) {
            if (b != part[0]) return std::nullopt;
        }
        return static_cast<unsigned char>(part[0]);
    }

    void check_what_readers_see() {
        const auto bytes = *disk.contents("file");
        for (std::size_t i = 0; i < file_blocks; ++i) {
            const auto& block = model.blocks[i];
            if (block.changes_under_way > 0 || !block.now) continue;
            ASSERT_EQ(block_of(bytes, i), block.now) << "block " << i << "\n" << disk.trace_text(30);
        }
    }

    void crash_and_check(std::uint64_t seed) {
        disk.crash(seed);
        scheduler.run_until_idle();
        under_way.clear();
        direct.reset();
        buffered.reset();
        start_process();
        const auto bytes = *disk.contents("file");
        for (std::size_t i = 0; i < file_blocks; ++i) {
            auto& block = model.blocks[i];
            const auto found = block_of(bytes, i);
            if (block.certain) {
                ASSERT_EQ(found, block.certain) << "block " << i << "\n" << disk.trace_text(30);
                ++promises_checked;
            }
            block = {};
            block.now = block.certain = found;
        }
    }

    sim_random random;
    promised_blocks model;
    std::deque<operation_under_way> under_way;
    std::unique_ptr<file> direct;
    std::unique_ptr<file> buffered;
    std::uint64_t promises_checked = 0;

    void TestBody() override {}
};

TEST(sim_crash_property, what_the_contract_promises_survives_every_crash_of_random_lives) {
    std::uint64_t promises_checked = 0;
    std::uint64_t torn = 0;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        sim_crash_property_test life(seed);
        life.open_both();
        ASSERT_TRUE(life.wait(life.files->sync_directory("/")));
        for (std::uint64_t crash = 1; crash <= 10; ++crash) {
            life.live(static_cast<int>(life.random.between(1, 150)));
            ASSERT_NO_FATAL_FAILURE(life.check_what_readers_see()) << "seed " << seed;
            ASSERT_NO_FATAL_FAILURE(life.crash_and_check(seed * 100 + crash)) << "seed " << seed;
            life.open_both();
        }
        promises_checked += life.promises_checked;
        torn += life.disk.counters().crash.writes_torn;
    }
    EXPECT_GT(promises_checked, 5'000u);
    EXPECT_GT(torn, 100u);
}

}  // namespace
}  // namespace logstore::env
