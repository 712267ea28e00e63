// Reading a log back in every state that its segments go through, and over damage.
#include "log/log_reader.h"

#include <gtest/gtest.h>

#include "log/log_errc.h"
#include "log/segment_files.h"
#include "log/testing/log_rig.h"

namespace logstore {
namespace {

class reading : public ::testing::Test {
  protected:
    static tablet_log_settings small_segments() {
        tablet_log_settings settings;
        settings.segment_bytes = 20'000;
        settings.retention_ms = -1;
        return settings;
    }
    log_reader reader() { return log_reader(rig_.context()); }
    segment_view view_of(offset wanted) {
        auto views = rig_.world.run(rig_.log().views_from(wanted));
        CHECK(views && !views->empty());
        return views->front();
    }
    segment_view last_view() { return view_of(offset(rig_.expected.rbegin()->first)); }

    /// Sizes that end before, on and behind block edges, headers across edges, several records.
    void append_mix(int count) {
        for (int i = 0; i < count; ++i) {
            const std::uint64_t end = rig_.log().next().value() == 0 ? 0 : last_view().limit;
            const std::size_t to_edge = block_bytes - end % block_bytes;
            std::size_t bytes = 61 + random_.next() % 900;
            if (i % 4 == 1) bytes = to_edge;
            if (i % 4 == 2) bytes = to_edge + 1 + random_.next() % 60;
            if (i % 4 == 3) bytes = to_edge + block_bytes * (random_.next() % 2);
            if (bytes < record_batch_header_bytes) bytes += block_bytes;
            rig_.append(leader_epoch(1), bytes, 1 + static_cast<std::int32_t>(random_.next() % 3), time_);
            time_ += 10;
        }
    }

    /// Every offset by every way of reading, against what was appended.
    void expect_readable(const char* when) {
        SCOPED_TRACE(when);
        log_reader from = reader();
        for (const auto& [base, bytes] : rig_.expected) {
            const record_batch_header wanted = *read_record_batch_header(bytes);
            for (std::int64_t at = base; at <= wanted.last_offset().value(); ++at) {
                const segment_view view = view_of(offset(at));
                const auto found = rig_.world.run(from.find_batch(view, offset(at)));
                ASSERT_TRUE(found) << found.error().message();
                ASSERT_TRUE(*found);
                ASSERT_EQ((**found).header.base_offset, offset(base));
                EXPECT_EQ((**found).header.crc, wanted.crc);
                if (at == base) expect_batches(from, view, **found);
            }
            const auto by_time =
                rig_.world.run(from.find_timestamp(view_of(offset(base)), wanted.max_timestamp, offset(0)));
            ASSERT_TRUE(by_time && *by_time);
            EXPECT_EQ((**by_time).header.base_offset, offset(base));
        }
        expect_any_range(from);
    }
    void expect_batches(log_reader& from, const segment_view& view, found_batch first) {
        const byte_vector& alone = rig_.expected.at(first.header.base_offset.value());
        EXPECT_EQ(*rig_.world.run(from.read_batch(view, first)), alone);
        const auto none = rig_.world.run(from.read_batches(view, first, alone.size() - 1, false));
        ASSERT_TRUE(none);
        EXPECT_EQ(none->bytes, 0u);
        for (const std::size_t bytes_max :
             {std::size_t(1), alone.size(), std::size_t(6000), std::size_t(1) << 20}) {
            const auto read = rig_.world.run(from.read_batches(view, first, bytes_max, true));
            ASSERT_TRUE(read) << read.error().message();
            EXPECT_TRUE(read->bytes <= bytes_max || read->bytes == alone.size());
            byte_vector joined;
            for (const auto& piece : read->pieces)
                joined.insert(joined.end(), piece.bytes.begin(), piece.bytes.end());
            ASSERT_EQ(joined.size(), read->bytes);
            std::int64_t next = first.header.base_offset.value();
            for (bytes_view rest = joined; !rest.empty();) {
                const byte_vector& batch = rig_.expected.at(next);
                ASSERT_GE(rest.size(), batch.size()) << "a part of a batch";
                ASSERT_TRUE(std::ranges::equal(rest.first(batch.size()), batch)) << next;
                next = read_record_batch_header(batch)->next().value();
                rest = rest.subspan(batch.size());
            }
            if (read->next) EXPECT_EQ(read->next->value(), next);
        }
    }
    void expect_any_range(log_reader& from) {
        const auto views = rig_.world.run(rig_.log().all_views());
        ASSERT_TRUE(views);
        for (const segment_view& view : *views) {
            byte_vector whole;
            for (auto at = rig_.expected.lower_bound(view.base.value()); at != rig_.expected.end(); ++at) {
                if (whole.size() == view.limit) break;
                whole.insert(whole.end(), at->second.begin(), at->second.end());
            }
            ASSERT_EQ(whole.size(), view.limit);
            for (int i = 0; i < 60 && view.limit > 0; ++i) {
                const std::uint64_t position = random_.next() % view.limit;
                byte_vector into(1 + random_.next() % 9000);
                const auto got = rig_.world.run(from.read_at(view, position, into));
                ASSERT_TRUE(got) << got.error().message();
                ASSERT_EQ(*got, std::min<std::uint64_t>(into.size(), view.limit - position));
                ASSERT_TRUE(std::ranges::equal(bytes_view(into).first(*got),
                                               bytes_view(whole).subspan(position, *got)))
                    << "segment " << view.base.value() << " at " << position;
            }
            byte_vector behind(10);
            EXPECT_EQ(*rig_.world.run(from.read_at(view, view.limit, behind)), 0u);
            const auto nothing = rig_.world.run(from.find_batch(view, offset(std::int64_t(1) << 40)));
            ASSERT_TRUE(nothing);
            EXPECT_FALSE(*nothing);
        }
    }

    /// Zeros over a batch's header, on the disk and in no cache.
    void damage(offset base, std::size_t bytes) {
        const segment_view view = view_of(base);
        const auto found = rig_.world.run(reader().find_batch(view, base));
        CHECK(found && *found);
        rig_.world.disk().overwrite_media(view.path, (**found).position, byte_vector(bytes));
        rig_.world.disk().drop_caches();
    }

    log_rig rig_{5, small_segments()};
    env::sim_random random_{77};
    std::int64_t time_ = 1000;
};

TEST_F(reading, gives_every_batch_in_every_state_of_its_segments) {
    rig_.tail_cache_bytes = 8192;
    rig_.open();
    append_mix(61);  // ends inside a block
    expect_readable("partly only in the journal");
    ASSERT_TRUE(rig_.world.run(rig_.log().write_behind()));
    expect_readable("whole blocks written");
    ASSERT_TRUE(rig_.world.run(rig_.log().settle()));
    expect_readable("settled");
    rig_.append(leader_epoch(1), 100, 2, time_);
    time_ += 10;
    expect_readable("a batch in memory behind a settled block");
    append_mix(9);
    ASSERT_TRUE(rig_.world.run(rig_.log().leave_journal(rig_.appends().durable_sequence())));
    expect_readable("the settled block written again");
    rig_.close();
    rig_.open();
    expect_readable("after a start");
    append_mix(7);
    expect_readable("appended after a start");
    append_mix(30);
    ASSERT_TRUE(rig_.world.run(rig_.log().write_behind()));
    expect_readable("sealed by a later run");
    rig_.close();
}

TEST_F(reading, makes_indexes_again_that_are_lost_or_damaged) {
    rig_.index_cache_bytes = 0;
    rig_.open();
    append_mix(60);
    rig_.close();
    rig_.open();
    const auto views = rig_.world.run(rig_.log().all_views());
    ASSERT_TRUE(views && views->size() > 3);
    const auto remove = [&](const segment_view& view, const char* ending) {
        const std::string path = segment_path(rig_.directory(), view.base, ending);
        ASSERT_TRUE(rig_.world.run(rig_.world.shard().files.remove_file(path))) << path;
    };
    remove(views->at(0), "index");
    remove(views->at(1), "seal");
    rig_.world.disk().overwrite_media(segment_path(rig_.directory(), views->at(2).base, "timeindex"), 0,
                                      byte_vector(12));
    rig_.world.disk().drop_caches();
    expect_readable("without indexes");
    rig_.close();
}

TEST_F(reading, tells_of_a_damaged_batch_and_reads_the_others) {
    rig_.open();
    // Larger than the interval of the index: each batch is found by itself.
    for (int i = 0; i < 12; ++i)
        rig_.append(leader_epoch(1), 6000 + static_cast<std::size_t>(i), 2, time_ += 10);
    rig_.close();
    rig_.open();
    for (std::int64_t at = 0; at < 24; at += 2)
        ASSERT_TRUE(rig_.world.run(reader().find_batch(view_of(offset(at)), offset(at))));
    const offset damaged(8);
    damage(damaged, 4096);
    log_reader from = reader();
    for (const auto& [base, bytes] : rig_.expected) {
        const segment_view view = view_of(offset(base));
        const auto found = rig_.world.run(from.find_batch(view, offset(base)));
        if (offset(base) == damaged) {
            ASSERT_FALSE(found);
            EXPECT_EQ(found.error().code, log_errc::corrupt);
            continue;
        }
        ASSERT_TRUE(found && *found) << base;
        EXPECT_EQ(*rig_.world.run(from.read_batch(view, **found)), bytes);
        const auto run = rig_.world.run(from.read_batches(view, **found, 1 << 20, true));
        ASSERT_TRUE(run) << run.error().message();
        // A run of batches ends where the damage begins.
        if (offset(base) < damaged && view.base <= damaged && view_of(damaged).base == view.base)
            EXPECT_EQ(run->next->value(), damaged.value());
    }
    rig_.close();
}

/// What may happen to the bytes of a batch at rest.
struct damage_kind {
    const char* name;
    std::size_t from;   ///< in the batch
    std::size_t bytes;  ///< 0 = to its end
};
constexpr damage_kind damage_kinds[] = {
    {"its offset", 0, 8},      {"its length", 8, 4},        {"the highest byte of its length", 8, 1},
    {"its magic", 16, 1},      {"its CRC", 17, 1},          {"its last offset", 23, 4},
    {"its whole header", 0, 61}, {"one byte of its records", 61, 1}, {"all of it", 0, 0},
};

TEST_F(reading, damage_of_any_kind_is_an_error_for_its_records_and_for_no_other) {
    rig_.open();
    for (int i = 0; i < 60; ++i)  // some sixteen in an interval of the index, and three segments
        rig_.append(leader_epoch(1), 80 + random_.next() % 400 + (i % 9 == 0 ? 5000 : 0), 2, time_ += 10);
    rig_.close();
    rig_.open();
    std::map<std::int64_t, std::pair<segment_view, found_batch>> places;
    for (const auto& [base, bytes] : rig_.expected) {
        const segment_view view = view_of(offset(base));
        places.emplace(base, std::pair(view, **rig_.world.run(reader().find_batch(view, offset(base)))));
    }
    int victim = 0;
    for (const auto& [damaged, place] : places) {
        const damage_kind& kind = damage_kinds[static_cast<std::size_t>(victim++) % std::size(damage_kinds)];
        SCOPED_TRACE(fmt::format("{} of the batch at {}", kind.name, damaged));
        const byte_vector& whole = rig_.expected.at(damaged);
        byte_vector changed(whole.begin() + static_cast<std::ptrdiff_t>(kind.from), whole.end());
        if (kind.bytes > 0) changed.resize(std::min(changed.size(), kind.bytes));
        for (std::byte& byte : changed) byte ^= std::byte(0xff);
        rig_.world.disk().overwrite_media(place.first.path, place.second.position + kind.from, changed);
        for (const bool has_index : {true, false}) {
            rig_.world.disk().drop_caches();
            rig_.context().damage.forget(rig_.id);
            for (const auto& [base, other] : places) rig_.context().indexes.forget(rig_.id, other.first.base);
            if (!has_index) {
                const std::string seal = segment_path(rig_.directory(), place.first.base, "seal");
                const auto removed = rig_.world.run(rig_.world.shard().files.remove_file(seal));
                (void)removed;
            }
            for (const auto& [base, bytes] : rig_.expected) {
                for (const std::int64_t wanted : {base, base + 1}) {
                    const segment_view view = view_of(offset(wanted));
                    const auto run = rig_.world.run(reader().read_from(view, offset(wanted), std::nullopt, 1 << 20, true));
                    if (base == damaged) {
                        ASSERT_FALSE(run) << wanted;
                        EXPECT_EQ(run.error().code, log_errc::corrupt);
                        continue;
                    }
                    ASSERT_TRUE(run) << wanted << ": " << run.error().message();
                    ASSERT_TRUE(*run) << wanted;
                    const bytes_view got = (**run).found.pieces.front().bytes;
                    ASSERT_TRUE(std::ranges::equal(got.first(bytes.size()), bytes)) << wanted;
                    if (base < damaged) EXPECT_LE((**run).found.next->value(), damaged) << wanted;
                }
            }
            const auto known = rig_.context().damage.all();
            ASSERT_EQ(known.size(), 1u);
            EXPECT_EQ(known.front().begin, place.second.position);
            EXPECT_EQ(known.front().end, place.second.end());
            EXPECT_EQ(known.front().next, place.second.header.next());
        }
        rig_.world.disk().overwrite_media(place.first.path, place.second.position, whole);
    }
    rig_.close();
}

// What was under way then was taken for damaged, too, until the next start.
TEST_F(reading, damage_at_the_durable_end_takes_nothing_of_what_is_being_appended) {
    rig_.open();
    for (int i = 0; i < 3; ++i) rig_.append(leader_epoch(1), 3000, 2, time_ += 10);
    rig_.close();
    rig_.open();
    damage(offset(4), 100);
    const auto under_way = rig_.put(leader_epoch(1), 500, 2);
    ASSERT_FALSE(rig_.world.run(reader().read_from(view_of(offset(4)), offset(4), std::nullopt, 1 << 20, true)));
    rig_.make_durable(under_way);
    const auto run = rig_.world.run(reader().read_from(view_of(offset(6)), offset(6), std::nullopt, 1 << 20, true));
    ASSERT_TRUE(run) << run.error().message();
    ASSERT_TRUE(*run);
    EXPECT_EQ((**run).found.bytes, 500u);
    ASSERT_EQ(rig_.context().damage.size(), 1u);
    EXPECT_EQ(rig_.context().damage.all().front().next, next_offset(6));
    rig_.close();
}

// A producer decides what records hold: a batch with the right offsets, for instance.
TEST_F(reading, a_batch_within_the_records_of_a_damaged_one_is_never_given_out) {
    rig_.open();
    for (int i = 0; i < 3; ++i) rig_.append(leader_epoch(1), 3000, 4, time_ += 10);
    rig_.close();
    rig_.open();
    byte_vector planted = make_test_batch(200, 2, time_, 9);
    assign_record_batch(planted.data(), offset(6), leader_epoch(1));
    const segment_view view = view_of(offset(4));
    const found_batch victim = **rig_.world.run(reader().find_batch(view, offset(4)));
    rig_.world.disk().overwrite_media(view.path, victim.position + 1000, planted);
    rig_.world.disk().drop_caches();
    for (const std::int64_t wanted : {4, 5, 6, 7}) {
        const auto run = rig_.world.run(reader().read_from(view, offset(wanted), std::nullopt, 1 << 20, true));
        ASSERT_FALSE(run) << wanted;
        EXPECT_EQ(run.error().code, log_errc::corrupt);
    }
    EXPECT_TRUE(rig_.world.run(reader().read_from(view, offset(8), std::nullopt, 1 << 20, true)).value());
    rig_.close();
}

TEST_F(reading, damage_is_forgotten_with_its_segment) {
    rig_.open();
    for (int i = 0; i < 30; ++i) rig_.append(leader_epoch(1), 6000, 1, time_ += 10);
    ASSERT_TRUE(rig_.world.run(rig_.log().write_behind()));
    rig_.close();
    rig_.open();
    damage(offset(1), 100);
    ASSERT_FALSE(rig_.world.run(reader().read_from(view_of(offset(1)), offset(1), std::nullopt, 1 << 20, true)));
    ASSERT_EQ(rig_.context().damage.size(), 1u);
    ASSERT_TRUE(rig_.world.run(rig_.log().move_log_start(offset(20))));
    EXPECT_EQ(rig_.context().damage.size(), 0u);
    rig_.close();
}

TEST_F(reading, what_only_the_page_cache_has_wrong_is_read_again_from_the_disk) {
    rig_.open();
    for (int i = 0; i < 9; ++i) rig_.append(leader_epoch(1), 1500, 2, time_ += 10);
    rig_.close();
    for (const std::size_t from : {0, 8, 21, 400}) {  // in the batch: its offset, its length, its CRC, its records
        SCOPED_TRACE(from);
        rig_.open();
        const segment_view view = view_of(offset(8));
        const found_batch victim = **rig_.world.run(reader().find_batch(view, offset(8)));
        const byte_vector& right = rig_.expected.at(8);
        rig_.world.disk().overwrite_media(view.path, victim.position + from, byte_vector(12));
        rig_.world.disk().drop_caches();
        byte_vector whole(view.limit);
        ASSERT_TRUE(rig_.world.run(reader().read_at(view, 0, whole)));  // into the page cache
        rig_.world.disk().overwrite_media(view.path, victim.position, right);
        for (const auto& [base, bytes] : rig_.expected) {
            const auto run = rig_.world.run(reader().read_from(view_of(offset(base)), offset(base), std::nullopt, 1500, true));
            ASSERT_TRUE(run) << run.error().message();
            ASSERT_TRUE(*run && std::ranges::equal((**run).found.pieces.front().bytes, bytes)) << base;
        }
        EXPECT_EQ(rig_.context().damage.size(), 0u);
        rig_.close();
    }
}

TEST_F(reading, a_file_that_ends_too_early_is_an_error_where_it_does) {
    rig_.open();
    for (int i = 0; i < 12; ++i) rig_.append(leader_epoch(1), 6000, 1, time_ += 10);
    rig_.close();
    rig_.open();
    const segment_view first = view_of(offset(0));
    ASSERT_EQ(first.limit, 18'000u);
    const auto cut = [](env::file_system* files, std::string path) -> env::task<result<>> {
        auto opened = co_await files->open(path, env::open_options::read_write());
        if (!opened) co_return std::unexpected(opened.error());
        const std::unique_ptr<env::file> file = std::move(*opened);
        co_return co_await file->truncate(13'000);
    };
    ASSERT_TRUE(rig_.world.run(cut(&rig_.world.shard().files, first.path)));
    log_reader from = reader();
    byte_vector into(18'000);
    const auto read = rig_.world.run(from.read_at(first, 0, into));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, log_errc::truncated);
    for (int at = 3; at < 12; ++at) {
        const segment_view view = view_of(offset(at));
        const auto found = rig_.world.run(from.find_batch(view, offset(at)));
        ASSERT_TRUE(found && *found) << at;
        EXPECT_EQ(*rig_.world.run(from.read_batch(view, **found)), rig_.expected.at(at));
    }
    rig_.close();
}

TEST_F(reading, sees_nothing_that_is_not_durable) {
    rig_.open();
    rig_.append(leader_epoch(1), 500);
    const auto appended = rig_.put(leader_epoch(1), 500);
    const segment_view before = *rig_.log().active_view_for(offset(0));
    EXPECT_EQ(before.limit, 500u);
    const auto found = rig_.world.run(reader().find_batch(before, offset(1)));
    ASSERT_TRUE(found);
    EXPECT_FALSE(*found);
    rig_.make_durable(appended);
    EXPECT_EQ(rig_.log().active_view_for(offset(0))->limit, 1000u);
    rig_.close();
}

TEST_F(reading, knows_the_largest_timestamp_of_every_segment) {
    rig_.open();
    const std::int64_t times[] = {500, 900, 300, 800, 100, 200};
    for (const std::int64_t time : times) rig_.append(leader_epoch(1), 9000, 1, time);  // two a segment
    for (int round = 0; round < 2; ++round) {
        const auto views = rig_.world.run(rig_.log().all_views());
        ASSERT_TRUE(views);
        ASSERT_EQ(views->size(), 3u);
        const std::int64_t largest[] = {900, 800, 200};
        for (std::size_t i = 0; i < 3; ++i)
            EXPECT_EQ(*rig_.world.run(reader().max_timestamp(views->at(i))), timestamp_ms(largest[i]));
        rig_.close();
        rig_.open();
    }
    rig_.close();
}

class reading_much : public ::testing::Test {
  protected:
    static tablet_log_settings large_segments() {
        tablet_log_settings settings;
        settings.segment_bytes = 3'000'000;
        settings.retention_ms = -1;
        return settings;
    }
    /// From the beginning, as a consumer does it: where the last read ended. Every batch that could be read.
    std::vector<std::int64_t> read_all(std::size_t bytes_max) {
        std::vector<std::int64_t> found;
        log_reader from(rig_.context());
        const auto views = rig_.world.run(rig_.log().all_views());
        CHECK(views);
        for (const segment_view& view : *views) {
            std::optional<std::uint64_t> position;
            offset next = view.base;
            while (true) {
                auto read = rig_.world.run(from.read_from(view, next, position, bytes_max, true));
                if (!read) {  // over the damaged batch
                    EXPECT_EQ(read.error().code, log_errc::corrupt);
                    next = offset(next.value() + 1);
                    position.reset();
                    continue;
                }
                if (!*read) break;
                next = check_batches((**read).found, found);
                position = (**read).end;
            }
        }
        return found;
    }
    offset check_batches(const log_reader::batches& read, std::vector<std::int64_t>& found) {
        byte_vector joined;
        for (const auto& piece : read.pieces) joined.insert(joined.end(), piece.bytes.begin(), piece.bytes.end());
        EXPECT_EQ(joined.size(), read.bytes);
        offset next{0};
        for (bytes_view rest = joined; !rest.empty();) {
            const auto header = read_record_batch_header(rest);
            CHECK(header);
            const byte_vector& batch = rig_.expected.at(header->base_offset.value());
            EXPECT_TRUE(std::ranges::equal(rest.first(batch.size()), batch));
            found.push_back(header->base_offset.value());
            next = first_not_below(header->next());
            rest = rest.subspan(batch.size());
        }
        return next;
    }
    std::vector<std::int64_t> appended() const {
        std::vector<std::int64_t> all;
        for (const auto& [base, bytes] : rig_.expected) all.push_back(base);
        return all;
    }

    log_rig rig_{6, large_segments()};
    env::sim_random random_{78};
};

TEST_F(reading_much, at_a_time_gives_the_same_batches_and_reads_ahead) {
    rig_.tail_cache_bytes = 0;
    rig_.open();
    for (int i = 0; i < 150; ++i) rig_.append(leader_epoch(1), 61 + random_.next() % 130'000, 1, 1000 + i);
    ASSERT_TRUE(rig_.world.run(rig_.log().write_behind()));
    for (const std::size_t bytes_max : {300'000, 700'000, 1 << 20}) EXPECT_EQ(read_all(bytes_max), appended());
    EXPECT_GT(rig_.context().ahead.pieces_taken(), 10u);
    rig_.close();
    rig_.open();
    EXPECT_EQ(read_all(500'000), appended());
    EXPECT_GT(rig_.context().ahead.pieces_taken(), 5u);
    // Larger than what a reader takes at a time.
    rig_.append(leader_epoch(1), 500'000, 1, 5000);
    rig_.append(leader_epoch(1), 500'000, 1, 5000);
    ASSERT_TRUE(rig_.world.run(rig_.log().write_behind()));
    EXPECT_EQ(read_all(400'000), appended());
    rig_.close();
}

TEST_F(reading_much, at_a_time_leaves_out_damage_alone) {
    rig_.open();
    for (int i = 0; i < 40; ++i) rig_.append(leader_epoch(1), 61 + random_.next() % 130'000, 1, 1000 + i);
    rig_.close();
    rig_.open();
    auto views = rig_.world.run(rig_.log().views_from(offset(9)));
    ASSERT_TRUE(views && !views->empty());
    const auto damaged = rig_.world.run(log_reader(rig_.context()).find_batch(views->front(), offset(9)));
    ASSERT_TRUE(damaged && *damaged);
    rig_.world.disk().overwrite_media(views->front().path, (**damaged).position + 30, byte_vector(40));
    rig_.world.disk().drop_caches();
    std::vector<std::int64_t> rest = appended();
    std::erase(rest, 9);
    for (const std::size_t bytes_max : {300'000, 1 << 20}) EXPECT_EQ(read_all(bytes_max), rest);
    rig_.close();
}

}  // namespace
}  // namespace logstore
