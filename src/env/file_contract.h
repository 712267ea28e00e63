// What every implementation of files must do, as one test suite. Each backend instantiates it with its own
// world:
//   struct my_world {
//       file_system& files();
//       executor& loop();
//       std::string folder();                     // an empty directory, its own for each test
//       void run_until(std::function<bool()>);    // runs the loop
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(mine, file_contract, my_world);
// Included by tests only.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "base/aligned_buffer.h"
#include "env/file.h"
#include "env/gate.h"

namespace logstore::env {

template <class World>
class file_contract : public testing::Test {
  public:
    /// Runs the world until `what` is done.
    template <class T>
    T wait(task<T> what) {
        std::optional<T> answer;
        spawn(gate_, keep(std::move(what), answer));
        world_.run_until([&] { return answer.has_value(); });
        return std::move(*answer);
    }

    /// Starts `what` in the background; run_until(answer.has_value()) to have it.
    template <class T>
    void start(task<T> what, std::optional<T>& answer) {
        spawn(gate_, keep(std::move(what), answer));
    }

    file_system& files() { return world_.files(); }
    std::string path(const std::string& name) { return world_.folder() + "/" + name; }

    std::unique_ptr<file> open(const std::string& name, open_options options) {
        auto opened = wait(files().open(path(name), options));
        EXPECT_TRUE(opened.has_value()) << opened.error().message();
        return opened ? std::move(*opened) : nullptr;
    }
    std::unique_ptr<file> create(const std::string& name) {
        return open(name, open_options::read_write().creating());
    }
    std::unique_ptr<file> create_direct(const std::string& name) {
        return open(name, open_options::read_write().creating().directly());
    }

    void write(file& into, std::uint64_t position, std::string_view text) {
        const auto done = wait(into.write(position, bytes_of(text)));
        EXPECT_TRUE(done.has_value()) << done.error().message();
    }
    std::string read(file& from, std::uint64_t position, std::size_t length) {
        std::string text(length, '?');
        const auto got = wait(from.read(position, {reinterpret_cast<std::byte*>(text.data()), text.size()}));
        EXPECT_TRUE(got.has_value()) << got.error().message();
        text.resize(got.value_or(0));
        return text;
    }
    std::uint64_t size(file& of) { return wait(of.size()).value(); }
    std::vector<std::string> names() {
        std::vector<std::string> found;
        for (const auto& entry : wait(files().list(world_.folder())).value()) {
            found.push_back(entry.name + (entry.is_directory ? "/" : ""));
        }
        return found;
    }

    /// A block-aligned buffer of `blocks` blocks filled with `value`.
    static aligned_buffer blocks_of(std::size_t blocks, int value) {
        aligned_buffer made(blocks * block_bytes);
        std::memset(made.data(), value, made.size());
        return made;
    }

    World& world() { return world_; }

  private:
    template <class T>
    static task<void> keep(task<T> what, std::optional<T>& answer) {
        T value = co_await std::move(what);
        answer.emplace(std::move(value));
    }

    World world_;
    gate gate_;
};

TYPED_TEST_SUITE_P(file_contract);

TYPED_TEST_P(file_contract, what_was_written_is_read_back) {
    auto f = this->create("a");
    this->write(*f, 0, "hello");
    this->write(*f, 5, " world");
    EXPECT_EQ(this->read(*f, 0, 11), "hello world");
    EXPECT_EQ(this->read(*f, 6, 5), "world");
    EXPECT_FALSE(f->is_direct());
}

TYPED_TEST_P(file_contract, a_read_at_the_end_is_short_and_past_it_empty) {
    auto f = this->create("a");
    this->write(*f, 0, "hello");
    EXPECT_EQ(this->read(*f, 3, 100), "lo");
    EXPECT_EQ(this->read(*f, 5, 100), "");
    EXPECT_EQ(this->read(*f, 1'000'000, 100), "");
    EXPECT_EQ(this->read(*f, 0, 0), "");
}

TYPED_TEST_P(file_contract, a_write_past_the_end_leaves_zeros_between) {
    auto f = this->create("a");
    this->write(*f, 10, "x");
    EXPECT_EQ(this->size(*f), 11u);
    EXPECT_EQ(this->read(*f, 0, 11), std::string(10, '\0') + "x");
}

TYPED_TEST_P(file_contract, an_empty_write_changes_nothing) {
    auto f = this->create("a");
    this->write(*f, 100, "");
    EXPECT_TRUE(this->wait(f->write_durably(100, {})).has_value());
    EXPECT_TRUE(this->wait(f->write_pieces(100, {})).has_value());
    EXPECT_EQ(this->size(*f), 0u);
}

TYPED_TEST_P(file_contract, contents_survive_closing_and_opening_again) {
    auto f = this->create("a");
    this->write(*f, 0, "kept");
    EXPECT_TRUE(this->wait(f->flush()).has_value());
    f.reset();
    f = this->open("a", open_options::read_only());
    EXPECT_EQ(this->read(*f, 0, 100), "kept");
}

TYPED_TEST_P(file_contract, a_file_opened_for_reading_refuses_writes) {
    this->create("a");
    auto f = this->open("a", open_options::read_only());
    EXPECT_FALSE(this->wait(f->write(0, bytes_of("x"))).has_value());
    EXPECT_EQ(this->size(*f), 0u);
}

TYPED_TEST_P(file_contract, pieces_land_one_after_another) {
    auto f = this->create("a");
    std::vector<std::string> texts;
    std::string whole;
    for (int i = 0; i < 3000; ++i) texts.push_back(std::string(std::size_t(i % 7), char('a' + i % 26)));
    std::vector<bytes_view> pieces;
    for (const auto& text : texts) {
        pieces.push_back(bytes_of(text));
        whole += text;
    }
    EXPECT_TRUE(this->wait(f->write_pieces(5, pieces)).has_value());
    EXPECT_EQ(this->size(*f), 5 + whole.size());
    EXPECT_EQ(this->read(*f, 5, whole.size() + 10), whole);
}

TYPED_TEST_P(file_contract, direct_blocks_are_written_and_read_back) {
    auto f = this->create_direct("a");
    auto first = this->blocks_of(2, 'a');
    auto second = this->blocks_of(1, 'b');
    EXPECT_TRUE(this->wait(f->write_durably(0, first.span())).has_value());
    EXPECT_TRUE(this->wait(f->write(2 * block_bytes, second.span())).has_value());
    EXPECT_TRUE(this->wait(f->write_pieces(3 * block_bytes, {second.span(), first.span()})).has_value());
    EXPECT_TRUE(this->wait(f->flush()).has_value());
    aligned_buffer back(8 * block_bytes);
    const auto got = this->wait(f->read(0, back.span()));
    ASSERT_TRUE(got.has_value()) << got.error().message();
    EXPECT_EQ(*got, 6 * block_bytes);
    std::string pattern;
    for (std::size_t i = 0; i < *got; i += block_bytes) pattern += char(back.data()[i]);
    EXPECT_EQ(pattern, "aabbaa");
    EXPECT_EQ(this->size(*f), 6 * block_bytes);
}

TYPED_TEST_P(file_contract, a_direct_read_at_a_ragged_end_is_short) {
    auto whole = this->create("a");
    this->write(*whole, 0, std::string(block_bytes + 100, 'x'));
    EXPECT_TRUE(this->wait(whole->flush()).has_value());
    auto f = this->open("a", open_options::read_write().directly());
    aligned_buffer back(4 * block_bytes);
    const auto got = this->wait(f->read(0, back.span()));
    ASSERT_TRUE(got.has_value()) << got.error().message();
    EXPECT_EQ(*got, block_bytes + 100);
}

TYPED_TEST_P(file_contract, a_misaligned_direct_write_is_refused) {
    auto f = this->create_direct("a");
    if (!f->is_direct()) GTEST_SKIP() << "no O_DIRECT here";
    auto blocks = this->blocks_of(2, 'a');
    const std::error_code invalid(EINVAL, std::generic_category());
    const auto at_odd_place = this->wait(f->write(100, bytes_view(blocks.span()).first(block_bytes)));
    const auto of_odd_length = this->wait(f->write_durably(0, bytes_view(blocks.span()).first(100)));
    const auto from_odd_memory = this->wait(f->write(0, bytes_view(blocks.span()).subspan(1, block_bytes)));
    for (const auto* refused : {&at_odd_place, &of_odd_length, &from_odd_memory}) {
        ASSERT_FALSE(refused->has_value());
        EXPECT_EQ(refused->error().code, invalid);
    }
    EXPECT_TRUE(this->wait(f->write_durably(0, bytes_view(blocks.span()))).has_value()) << "still usable";
}

TYPED_TEST_P(file_contract, a_durable_write_is_read_back) {
    auto f = this->create("a");
    EXPECT_TRUE(this->wait(f->write_durably(3, bytes_of("abc"))).has_value());
    EXPECT_TRUE(this->wait(f->write_durably(6, bytes_of("def"))).has_value());
    EXPECT_EQ(this->read(*f, 3, 100), "abcdef");
}

TYPED_TEST_P(file_contract, operations_may_overlap) {
    constexpr std::size_t count = 700;  // more than one submission queue
    auto f = this->create("a");
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) texts.push_back(std::to_string(100'000 + i));
    std::vector<std::optional<result<>>> written(count);
    for (std::size_t i = 0; i < count; ++i) {
        this->start(i % 2 ? f->write(i * 6, bytes_of(texts[i])) : f->write_durably(i * 6, bytes_of(texts[i])),
                    written[i]);
    }
    auto all_written = [&] {
        return std::ranges::all_of(written, [](const auto& w) { return w.has_value(); });
    };
    this->world().run_until(all_written);
    for (const auto& w : written) EXPECT_TRUE((*w).has_value());

    std::vector<std::string> back(count, std::string(6, '?'));
    std::vector<std::optional<result<std::size_t>>> read(count);
    for (std::size_t i = 0; i < count; ++i) {
        this->start(f->read(i * 6, {reinterpret_cast<std::byte*>(back[i].data()), 6}), read[i]);
    }
    auto all_read = [&] { return std::ranges::all_of(read, [](const auto& r) { return r.has_value(); }); };
    this->world().run_until(all_read);
    EXPECT_EQ(back, texts);
}

TYPED_TEST_P(file_contract, a_megabyte_goes_through_in_one_piece) {
    auto f = this->create("a");
    std::string large(5'000'001, 'x');
    for (std::size_t i = 0; i < large.size(); i += 1000) large[i] = char('a' + (i / 1000) % 26);
    this->write(*f, 0, large);
    EXPECT_TRUE(this->read(*f, 0, large.size()) == large);
}

TYPED_TEST_P(file_contract, reserved_space_reads_as_zeros) {
    auto f = this->create("a");
    this->write(*f, 0, "head");
    EXPECT_TRUE(this->wait(f->reserve(0, 3 * block_bytes)).has_value());
    EXPECT_EQ(this->size(*f), 3 * block_bytes);
    EXPECT_EQ(this->read(*f, 0, 3 * block_bytes), "head" + std::string(3 * block_bytes - 4, '\0'));
    EXPECT_TRUE(this->wait(f->reserve(0, block_bytes)).has_value());
    EXPECT_EQ(this->size(*f), 3 * block_bytes) << "reserving never shrinks";
}

TYPED_TEST_P(file_contract, truncate_cuts_and_grows) {
    auto f = this->create("a");
    this->write(*f, 0, "hello world");
    EXPECT_TRUE(this->wait(f->truncate(5)).has_value());
    EXPECT_EQ(this->read(*f, 0, 100), "hello");
    EXPECT_TRUE(this->wait(f->truncate(8)).has_value());
    EXPECT_EQ(this->read(*f, 0, 100), std::string("hello\0\0\0", 8)) << "what was cut does not come back";
}

TYPED_TEST_P(file_contract, dropping_the_cache_loses_nothing) {
    auto f = this->create("a");
    this->write(*f, 0, "hello");
    EXPECT_TRUE(this->wait(f->drop_cache()).has_value());
    EXPECT_EQ(this->read(*f, 0, 100), "hello");
}

TYPED_TEST_P(file_contract, opening_what_is_absent_fails) {
    auto opened = this->wait(this->files().open(this->path("absent"), open_options::read_only()));
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, std::errc::no_such_file_or_directory);
    auto there = this->wait(this->files().exists(this->path("absent")));
    EXPECT_FALSE(there.value());
}

TYPED_TEST_P(file_contract, exclusive_creation_refuses_what_is_there) {
    auto exclusive = open_options::read_write().creating().exclusively();
    auto first = this->open("a", exclusive);
    EXPECT_NE(first, nullptr);
    auto second = this->wait(this->files().open(this->path("a"), exclusive));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, std::errc::file_exists);
    EXPECT_NE(this->open("b", open_options::read_write().creating().exclusively().directly()), nullptr);
}

TYPED_TEST_P(file_contract, creating_keeps_what_is_there) {
    auto f = this->create("a");
    this->write(*f, 0, "kept");
    auto again = this->create("a");
    EXPECT_EQ(this->read(*again, 0, 100), "kept");
}

TYPED_TEST_P(file_contract, list_shows_names_in_order) {
    this->create("b");
    this->create("a");
    EXPECT_TRUE(this->wait(this->files().make_directory(this->path("c"))).has_value());
    EXPECT_TRUE(this->wait(this->files().make_directory(this->path("c"))).has_value())
        << "there already is no error";
    EXPECT_EQ(this->names(), (std::vector<std::string>{"a", "b", "c/"}));
    EXPECT_TRUE(this->wait(this->files().exists(this->path("c"))).value());
    EXPECT_FALSE(this->wait(this->files().make_directory(this->path("a"))).has_value())
        << "a file is in the way";
    EXPECT_FALSE(this->wait(this->files().list(this->path("absent"))).has_value());
}

TYPED_TEST_P(file_contract, rename_moves_and_replaces) {
    auto f = this->create("a");
    this->write(*f, 0, "new");
    auto old = this->create("b");
    this->write(*old, 0, "old");
    EXPECT_TRUE(this->wait(this->files().rename(this->path("a"), this->path("b"))).has_value());
    EXPECT_EQ(this->names(), (std::vector<std::string>{"b"}));
    auto again = this->open("b", open_options::read_only());
    EXPECT_EQ(this->read(*again, 0, 100), "new");
    EXPECT_EQ(this->read(*old, 0, 100), "old") << "an open file outlives its name";
    EXPECT_TRUE(this->wait(this->files().sync_directory(this->world().folder())).has_value());
    auto missing = this->wait(this->files().rename(this->path("absent"), this->path("x")));
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, std::errc::no_such_file_or_directory);
}

TYPED_TEST_P(file_contract, removed_files_are_gone) {
    this->create("a");
    EXPECT_TRUE(this->wait(this->files().remove_file(this->path("a"))).has_value());
    auto again = this->wait(this->files().remove_file(this->path("a")));
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().code, std::errc::no_such_file_or_directory);
    EXPECT_TRUE(this->names().empty());
}

TYPED_TEST_P(file_contract, only_empty_directories_are_removed) {
    EXPECT_TRUE(this->wait(this->files().make_directory(this->path("d"))).has_value());
    this->create("d/a");
    auto refused = this->wait(this->files().remove_directory(this->path("d")));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, std::errc::directory_not_empty);
    EXPECT_TRUE(this->wait(this->files().remove_file(this->path("d/a"))).has_value());
    EXPECT_TRUE(this->wait(this->files().remove_directory(this->path("d"))).has_value());
    EXPECT_TRUE(this->names().empty());
}

TYPED_TEST_P(file_contract, syncing_an_absent_directory_fails) {
    auto synced = this->wait(this->files().sync_directory(this->path("absent")));
    ASSERT_FALSE(synced.has_value());
    EXPECT_EQ(synced.error().code, std::errc::no_such_file_or_directory);
}

TYPED_TEST_P(file_contract, space_is_told) {
    auto found = this->wait(this->files().space(this->world().folder()));
    ASSERT_TRUE(found.has_value());
    EXPECT_GT(found->total_bytes, 0u);
    EXPECT_LE(found->free_bytes, found->total_bytes);
}

TYPED_TEST_P(file_contract, a_lock_has_one_holder) {
    auto first = this->wait(this->files().lock(this->path("lock")));
    ASSERT_TRUE(first.has_value());
    auto second = this->wait(this->files().lock(this->path("lock")));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, std::errc::resource_unavailable_try_again);
    first->reset();
    auto third = this->wait(this->files().lock(this->path("lock")));
    EXPECT_TRUE(third.has_value());
}

TYPED_TEST_P(file_contract, many_files_open_at_once) {
    std::vector<std::unique_ptr<file>> open_files;
    for (int i = 0; i < 200; ++i) {
        open_files.push_back(this->create("f" + std::to_string(i)));
        this->write(*open_files.back(), 0, std::to_string(i));
    }
    for (int i = 0; i < 200; ++i)
        EXPECT_EQ(this->read(*open_files[std::size_t(i)], 0, 10), std::to_string(i));
    EXPECT_EQ(this->names().size(), 200u);
}

REGISTER_TYPED_TEST_SUITE_P(file_contract, what_was_written_is_read_back,
                            a_read_at_the_end_is_short_and_past_it_empty,
                            a_write_past_the_end_leaves_zeros_between, an_empty_write_changes_nothing,
                            contents_survive_closing_and_opening_again,
                            a_file_opened_for_reading_refuses_writes, pieces_land_one_after_another,
                            direct_blocks_are_written_and_read_back, a_direct_read_at_a_ragged_end_is_short,
                            a_misaligned_direct_write_is_refused, a_durable_write_is_read_back,
                            operations_may_overlap, a_megabyte_goes_through_in_one_piece,
                            reserved_space_reads_as_zeros, truncate_cuts_and_grows,
                            dropping_the_cache_loses_nothing, opening_what_is_absent_fails,
                            exclusive_creation_refuses_what_is_there, creating_keeps_what_is_there,
                            list_shows_names_in_order, rename_moves_and_replaces, removed_files_are_gone,
                            only_empty_directories_are_removed, syncing_an_absent_directory_fails,
                            space_is_told, a_lock_has_one_holder, many_files_open_at_once);

}  // namespace logstore::env
