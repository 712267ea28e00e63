#include "env/task.h"

#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "env/completion.h"
#include "env/gate.h"

namespace logstore::env {
namespace {

/// Counts its living instances.
struct counted {
    int& living;
    explicit counted(int& count) : living(count) { ++living; }
    counted(const counted& other) : living(other.living) { ++living; }
    ~counted() { --living; }
};

task<int> one() {
    co_return 1;
}
task<std::unique_ptr<int>> boxed(int value) {
    co_return std::make_unique<int>(value);
}
task<std::string> empty_text() {
    co_return {};
}
task<void> mark(bool& done) {
    done = true;
    co_return;
}
task<int> hold(counted held, completion<int>& until) {
    const int value = co_await until;
    co_return value + held.living;
}

/// Runs `what` to its first suspension and keeps its value.
template <class T>
task<void> keep(task<T> what, std::optional<T>& into) {
    into.emplace(co_await std::move(what));
}

TEST(task, gives_its_value_to_who_awaits_it) {
    gate inside;
    std::optional<int> number;
    std::optional<std::unique_ptr<int>> box;
    std::optional<std::string> text;
    spawn(inside, keep(one(), number));
    spawn(inside, keep(boxed(7), box));
    spawn(inside, keep(empty_text(), text));
    EXPECT_EQ(number, 1);
    EXPECT_EQ(**box, 7);
    EXPECT_EQ(text, "");
}

TEST(task, does_nothing_before_it_is_awaited) {
    bool done = false;
    {
        auto unused = mark(done);
    }
    EXPECT_FALSE(done);
    gate inside;
    spawn(inside, mark(done));
    EXPECT_TRUE(done);
}

TEST(task, that_is_not_awaited_destroys_its_parameters) {
    int living = 0;
    completion<int> never;
    {
        auto unused = hold(counted(living), never);
        EXPECT_EQ(living, 1);
    }
    EXPECT_EQ(living, 0);
}

TEST(task, destroys_its_parameters_when_it_is_done) {
    int living = 0;
    completion<int> until;
    gate inside;
    std::optional<int> value;
    spawn(inside, keep(hold(counted(living), until), value));
    EXPECT_EQ(living, 1);
    EXPECT_FALSE(value.has_value());
    until.set(10);
    EXPECT_EQ(value, 11);
    EXPECT_EQ(living, 0);
}

task<long> sum_of_ones(long count) {
    long sum = 0;
    for (long i = 0; i < count; ++i) sum += co_await one();
    co_return sum;
}

TEST(task, a_million_awaits_in_a_row_need_no_stack) {
    gate inside;
    std::optional<long> sum;
    spawn(inside, keep(sum_of_ones(1'000'000), sum));
    EXPECT_EQ(sum, 1'000'000);
}

task<long> nested(long depth, completion<int>& until) {
    if (depth == 0) co_return co_await until;
    co_return 1 + co_await nested(depth - 1, until);
}

TEST(task, a_deep_chain_resumes_without_recursion) {
    gate inside;
    completion<int> until;
    std::optional<long> depth;
    spawn(inside, keep(nested(100'000, until), depth));
    EXPECT_FALSE(depth.has_value());
    until.set(5);
    EXPECT_EQ(depth, 100'005);
}

TEST(completion, a_value_that_is_there_does_not_suspend) {
    gate inside;
    completion<int> ready;
    ready.set(3);
    EXPECT_TRUE(ready.is_set());
    std::optional<long> value;
    spawn(inside, keep(nested(1, ready), value));
    EXPECT_EQ(value, 4);
}

TEST(completion, is_set_once) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    completion<int> twice;
    twice.set(1);
    EXPECT_DEATH(twice.set(2), "set once");
}

}  // namespace
}  // namespace logstore::env
