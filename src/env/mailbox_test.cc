#include "env/mailbox.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace logstore::env {
namespace {

struct note final : remote_message {
    std::vector<note*>& into;
    int sender = 0;
    int number = 0;
    explicit note(std::vector<note*>& the_into) : into(the_into) {}
    void run() override { into.push_back(this); }
};

TEST(mailbox, is_drained_oldest_first) {
    mailbox box;
    std::vector<note*> ran;
    std::vector<note> notes(5, note(ran));
    EXPECT_TRUE(box.is_empty());
    for (auto& n : notes) box.push(&n);
    EXPECT_FALSE(box.is_empty());
    box.drain();
    EXPECT_TRUE(box.is_empty());
    ASSERT_EQ(ran.size(), notes.size());
    for (std::size_t i = 0; i < notes.size(); ++i) EXPECT_EQ(ran[i], &notes[i]);
}

TEST(mailbox, asks_for_one_wake_up_a_burst) {
    mailbox box;
    std::vector<note*> ran;
    std::vector<note> notes(3, note(ran));
    EXPECT_TRUE(box.push(&notes[0]));
    EXPECT_FALSE(box.push(&notes[1]));
    box.drain();
    EXPECT_TRUE(box.push(&notes[2]));
    box.drain();
    EXPECT_EQ(ran.size(), 3u);
}

/// Sends itself again from inside its own run.
struct returning final : remote_message {
    mailbox& box;
    int left = 3;
    explicit returning(mailbox& the_box) : box(the_box) {}
    void run() override {
        if (--left > 0) box.push(this);
    }
};

TEST(mailbox, what_is_sent_while_draining_waits_for_the_next_drain) {
    mailbox box;
    returning message(box);
    box.push(&message);
    box.drain();
    EXPECT_EQ(message.left, 2);
    EXPECT_FALSE(box.is_empty());
    box.drain();
    box.drain();
    EXPECT_EQ(message.left, 0);
    EXPECT_TRUE(box.is_empty());
}

TEST(mailbox, loses_nothing_of_many_senders_and_keeps_the_order_of_each) {
    constexpr int senders = 4;
    constexpr int each = 50'000;
    mailbox box;
    std::vector<note*> ran;
    std::vector<std::vector<note>> notes(senders, std::vector<note>(each, note(ran)));
    std::atomic<int> wake_ups = 0;
    std::vector<std::thread> threads;
    for (int sender = 0; sender < senders; ++sender) {
        threads.emplace_back([&, sender] {
            for (int i = 0; i < each; ++i) {
                note& n = notes[std::size_t(sender)][std::size_t(i)];
                n.sender = sender;
                n.number = i;
                if (box.push(&n)) ++wake_ups;
            }
        });
    }
    // Drains exactly when a push asked for it, as an executor does: a wake-up lost would hang here.
    for (int drained = 0; ran.size() < std::size_t(senders * each);) {
        while (wake_ups.load() == drained) std::this_thread::yield();
        ++drained;
        box.drain();
    }
    for (auto& thread : threads) thread.join();
    std::vector<int> expected(senders, 0);
    for (const note* n : ran) EXPECT_EQ(n->number, expected[std::size_t(n->sender)]++);
}

}  // namespace
}  // namespace logstore::env
