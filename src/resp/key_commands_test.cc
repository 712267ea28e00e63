// Hashes and plain keys: replies, topics that are made, partitions, errors.
#include <set>

#include "kafka/protocol/key_placement.h"
#include "resp/scan_cursor.h"
#include "resp/testing/connection_fixture.h"

namespace logstore::resp {
namespace {

using namespace resp::testing;

class key_commands : public connection_fixture {
  protected:
    /// How many tablets of the topic hold the key.
    int holders(std::string_view topic, std::string_view key, int partitions) {
        int count = 0;
        for (int p = 0; p < partitions; ++p) {
            const bytes_view bytes = bytes_of(key);
            count += broker.at(topic, p).keys.contains(byte_vector(bytes.begin(), bytes.end())) ? 1 : 0;
        }
        return count;
    }
};

TEST_F(key_commands, fields_are_set_read_and_deleted) {
    EXPECT_EQ(ask({"HSET", "users", "a", "1", "b", "2"}), ":2\r\n");
    EXPECT_EQ(ask({"HSET", "users", "b", "3", "c", "4"}), ":1\r\n");
    EXPECT_EQ(ask({"HMSET", "users", "c", "5"}), "+OK\r\n");
    EXPECT_EQ(ask({"HGET", "users", "b"}), bulk("3"));
    EXPECT_EQ(ask({"HGET", "users", "nothing"}), "$-1\r\n");
    EXPECT_EQ(ask({"HMGET", "users", "c", "x", "a"}), "*3\r\n" + bulk("5") + "$-1\r\n" + bulk("1"));
    EXPECT_EQ(ask({"HEXISTS", "users", "a"}), ":1\r\n");
    EXPECT_EQ(ask({"HSTRLEN", "users", "a"}), ":1\r\n");
    EXPECT_EQ(ask({"HLEN", "users"}), ":3\r\n");
    EXPECT_EQ(ask({"HKEYS", "users"}), bulks({"a", "b", "c"}));
    EXPECT_EQ(ask({"HVALS", "users"}), bulks({"1", "3", "5"}));
    EXPECT_EQ(ask({"HGETALL", "users"}), bulks({"a", "1", "b", "3", "c", "5"}));
    EXPECT_EQ(ask3({"HGETALL", "users"}), "%3" + bulks({"a", "1", "b", "3", "c", "5"}).substr(2));
    EXPECT_EQ(ask({"HSETNX", "users", "a", "9"}), ":0\r\n");
    EXPECT_EQ(ask({"HSETNX", "users", "d", "9"}), ":1\r\n");
    EXPECT_EQ(ask({"HDEL", "users", "a", "a", "d", "x"}), ":2\r\n");
    EXPECT_EQ(ask({"HGET", "users", "a"}), "$-1\r\n");
}

TEST_F(key_commands, plain_keys_live_in_their_topic) {
    EXPECT_EQ(ask({"SET", "a", "1"}), "+OK\r\n");
    EXPECT_EQ(ask({"GET", "a"}), bulk("1"));
    EXPECT_EQ(ask({"HGET", "kv", "a"}), bulk("1"));
    EXPECT_EQ(ask({"SET", "a", "2", "NX"}), "$-1\r\n");
    EXPECT_EQ(ask({"SET", "a", "2", "XX"}), "+OK\r\n");
    EXPECT_EQ(ask({"SET", "b", "2", "XX"}), "$-1\r\n");
    EXPECT_EQ(ask({"SET", "a", "3", "GET"}), bulk("2"));
    EXPECT_EQ(ask({"SET", "c", "3", "nx", "get"}), "$-1\r\n");
    EXPECT_EQ(ask({"GETSET", "a", "4"}), bulk("3"));
    EXPECT_EQ(ask({"GETDEL", "c"}), bulk("3"));
    EXPECT_EQ(ask({"SETNX", "a", "5"}), ":0\r\n");
    EXPECT_EQ(ask({"MSET", "x", "1", "y", "2"}), "+OK\r\n");
    EXPECT_EQ(ask({"MGET", "x", "no", "y"}), "*3\r\n" + bulk("1") + "$-1\r\n" + bulk("2"));
    EXPECT_EQ(ask({"STRLEN", "x"}), ":1\r\n");
    EXPECT_EQ(ask({"DEL", "x", "y", "no"}), ":2\r\n");
    EXPECT_EQ(ask({"MSET", "x"}), "-ERR wrong number of arguments for 'mset' command\r\n");
    EXPECT_EQ(ask({"SET", "a", "1", "NX", "XX"}), "-ERR syntax error\r\n");
    EXPECT_EQ(ask({"SET", "a", "1", "SOMETHING"}), "-ERR syntax error\r\n");
    EXPECT_TRUE(ask({"SET", "a", "1", "EX", "10"}).starts_with("-ERR keys live as long as their records"));
}

TEST_F(key_commands, names_have_types) {
    ask({"SET", "a", "1"});
    EXPECT_EQ(ask({"TYPE", "a"}), "+string\r\n");
    EXPECT_EQ(ask({"TYPE", "users"}), "+hash\r\n");
    EXPECT_EQ(ask({"TYPE", "users/0"}), "+stream\r\n");
    EXPECT_EQ(ask({"TYPE", "users/1"}), "+none\r\n");
    EXPECT_EQ(ask({"TYPE", "events"}), "+stream\r\n");
    EXPECT_EQ(ask({"TYPE", "nothing"}), "+none\r\n");
    EXPECT_EQ(ask({"EXISTS", "a", "users", "nothing", "a"}), ":3\r\n");
    EXPECT_EQ(ask({"DBSIZE"}), ":4\r\n");
}

TEST_F(key_commands, the_first_write_makes_the_topic_with_its_view) {
    EXPECT_EQ(ask({"HGET", "made", "a"}), "$-1\r\n");
    EXPECT_EQ(ask({"HLEN", "made"}), ":0\r\n");
    EXPECT_EQ(ask({"HGETALL", "made"}), "*0\r\n");
    EXPECT_EQ(ask({"HDEL", "made", "a"}), ":0\r\n");
    EXPECT_EQ(broker.topics()->find("made"), nullptr);
    EXPECT_EQ(ask({"HSET", "made", "a", "1"}), ":1\r\n");
    EXPECT_EQ(broker.topics()->find("made")->configs.at("kv.enabled"), "true");
    EXPECT_EQ(ask({"HGET", "made", "a"}), bulk("1"));
    EXPECT_TRUE(ask({"HSET", "no topic", "a", "1"}).starts_with("-ERR 'no topic' cannot be a topic"));
    EXPECT_EQ(exchange(connect(), request({"HSET", "both", "a", "1"}) + request({"HSET", "both", "b", "1"})),
              ":1\r\n:1\r\n");
}

TEST_F(key_commands, topics_are_made_only_where_that_is_allowed) {
    options.auto_create_topics = false;
    EXPECT_TRUE(ask({"HSET", "made", "a", "1"}).starts_with("-ERR there is no topic 'made'"));
    EXPECT_EQ(broker.topics()->find("made"), nullptr);
}

TEST_F(key_commands, errors_say_what_to_do) {
    const std::string no_view = ask({"HGET", "events", "a"});
    EXPECT_EQ(no_view,
              "-ERR topic 'events' keeps no key view; set kv.enabled=true on it (logstore topic create events --config "
              "kv.enabled=true)\r\n");
    EXPECT_EQ(ask({"HSET", "events", "a", "1"}), no_view);
    EXPECT_EQ(ask({"HLEN", "events"}), no_view);
    EXPECT_EQ(ask({"HGETALL", "events"}), no_view);
    EXPECT_EQ(ask({"HSCAN", "events", "0"}), no_view);
    broker.key_failures = {tablet_errc::view_building};
    EXPECT_TRUE(ask({"HGET", "users", "a"}).starts_with("-LOADING "));
    broker.key_failures = {tablet_errc::storage_unavailable};
    EXPECT_TRUE(ask({"HSET", "users", "a", "1"}).starts_with("-MISCONF "));
    broker.stopping = true;
    EXPECT_TRUE(ask({"HSET", "users", "a", "1"}).starts_with("-ERR the server is stopping"));
    EXPECT_EQ(metrics.errors[index_of(*find_command("hset"))], 3u);
}

TEST_F(key_commands, a_key_above_the_limit_is_refused_and_keeps_no_other_from_being_written) {
    const std::string long_key(key_bytes_max + 1, 'k');
    EXPECT_EQ(exchange(connect(), request({"HSET", "users", "a", "1"}) + request({"HSET", "users", long_key, "1"}) +
                                      request({"HSET", "users", "b", "1"})),
              ":1\r\n-ERR a key has 65536 bytes at most\r\n:1\r\n");
    EXPECT_EQ(ask({"HGET", "users", long_key}), "$-1\r\n");
}

TEST_F(key_commands, a_key_lies_in_the_partition_that_the_rule_says_and_only_that_is_asked) {
    broker.add_topic("wide", 8, {{"kv.enabled", "true"}});
    for (int i = 0; i < 20; ++i) {
        const std::string key = "key" + std::to_string(i);
        EXPECT_EQ(ask({"HSET", "wide", key, "v"}), ":1\r\n");
        EXPECT_EQ(broker.key_writes.back().tablet.partition, kafka::murmur2_partition(bytes_of(key), 8));
    }
    EXPECT_EQ(broker.key_views, 8u);
    EXPECT_EQ(ask({"HGET", "wide", "key7"}), bulk("v"));
    EXPECT_EQ(broker.key_reads.size(), 1u);
    EXPECT_EQ(ask({"HLEN", "wide"}), ":20\r\n");
}

TEST_F(key_commands, keys_of_librdkafka_are_found_and_written_where_it_puts_them) {
    broker.add_topic("wide", 8, {{"kv.enabled", "true"}});
    for (int i = 0; i < 20; ++i) {
        const std::string key = "key" + std::to_string(i);
        broker.put_key("wide", kafka::crc32_partition(bytes_of(key), 8).value(), key, "v", timestamp_ms(1));
    }
    EXPECT_EQ(ask({"HGET", "wide", "key7"}), bulk("v"));
    EXPECT_EQ(broker.key_reads.size(), 1u);
    EXPECT_EQ(ask({"HSET", "wide", "new", "v"}), ":1\r\n");
    EXPECT_EQ(broker.key_writes.back().tablet.partition, kafka::crc32_partition(bytes_of("new"), 8));
}

TEST_F(key_commands, without_a_rule_all_partitions_are_asked_and_the_newest_record_counts) {
    broker.add_topic("wide", 4, {{"kv.enabled", "true"}});
    for (int p = 0; p < 4; ++p) {
        broker.put_key("wide", p, "a", "old" + std::to_string(p), timestamp_ms(10 + p % 2));
        broker.put_key("wide", p, "b" + std::to_string(p), "v", timestamp_ms(1));
    }
    EXPECT_EQ(ask({"HGET", "wide", "a"}), bulk("old1"));  // of the same time as 3's
    for (int p = 0; p < 4; ++p) EXPECT_EQ(ask({"HGET", "wide", "b" + std::to_string(p)}), bulk("v"));
    EXPECT_EQ(ask({"HSET", "wide", "a", "new"}), ":0\r\n");
    EXPECT_EQ(broker.key_writes.back().tablet.partition, partition_id(1));
    EXPECT_EQ(ask({"HGET", "wide", "a"}), bulk("new"));
    EXPECT_EQ(ask({"HSETNX", "wide", "a", "again"}), ":0\r\n");
    const std::string all = ask({"HGETALL", "wide"});
    EXPECT_TRUE(all.starts_with("*10\r\n")) << all;
    EXPECT_NE(all.find("new"), std::string::npos);
    EXPECT_EQ(all.find("old"), std::string::npos);
    EXPECT_EQ(ask({"HDEL", "wide", "a"}), ":1\r\n");
    EXPECT_EQ(holders("wide", "a", 4), 0);
    EXPECT_EQ(ask({"HGET", "wide", "a"}), "$-1\r\n");
}

TEST_F(key_commands, what_is_not_where_it_should_be_is_looked_for_elsewhere_and_the_rule_is_asked_again_soon) {
    broker.add_topic("wide", 4, {{"kv.enabled", "true"}});
    EXPECT_EQ(ask({"HSET", "wide", "a", "v"}), ":1\r\n");
    const std::int32_t home = kafka::murmur2_partition(bytes_of("b"), 4).value();
    broker.put_key("wide", (home + 1) % 4, "b", "moved", timestamp_ms(5));
    EXPECT_EQ(ask({"HGET", "wide", "b"}), bulk("moved"));
    const std::int32_t home_of_a = kafka::murmur2_partition(bytes_of("a"), 4).value();
    broker.put_key("wide", (home_of_a + 1) % 4, "a", "newer", timestamp_ms(1'000'000));
    world.advance(2 * key_places::fresh_for);
    EXPECT_EQ(ask({"HGET", "wide", "a"}), bulk("newer"));
}

TEST_F(key_commands, a_rule_that_is_set_is_not_asked_for) {
    broker.add_topic("fixed", 8, {{"kv.enabled", "true"}, {"kv.partitioner", "crc32"}});
    EXPECT_EQ(ask({"HSET", "fixed", "a", "1"}), ":1\r\n");
    EXPECT_EQ(broker.key_writes.back().tablet.partition, kafka::crc32_partition(bytes_of("a"), 8));
    EXPECT_EQ(ask({"HGET", "fixed", "nothing"}), "$-1\r\n");
    EXPECT_EQ(broker.key_reads.size(), 1u);
    EXPECT_EQ(broker.key_views, 0u);
}

TEST_F(key_commands, a_hash_above_the_limit_of_an_answer_is_left_to_hscan) {
    options.answer_bytes_max = 200'000;
    for (int i = 0; i < 300; ++i)
        broker.put_key("users", 0, "key" + std::to_string(i), std::string(1000, 'v'), timestamp_ms(1));
    EXPECT_TRUE(ask({"HGETALL", "users"}).starts_with("-ERR hash 'users' is larger than 200000 bytes"));
    EXPECT_TRUE(ask({"HKEYS", "users"}).starts_with("*300\r\n"));
    EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
}

class scanning : public key_commands {
  protected:
    /// The keys of a whole scan; `options` behind the cursor.
    std::multiset<std::string> scan(const std::string& topic, const words& options, int* calls = nullptr) {
        std::multiset<std::string> keys;
        std::string cursor = "0";
        do {
            words args{"HSCAN", topic, cursor};
            args.insert(args.end(), options.begin(), options.end());
            args.emplace_back("NOVALUES");
            // Any connection can go on.
            const words found = bulks_in(exchange(connect(), request(args)));
            CHECK(!found.empty());
            cursor = found.front();
            keys.insert(found.begin() + 1, found.end());
            if (calls != nullptr) ++*calls;
        } while (cursor != "0");
        return keys;
    }
    static words bulks_in(std::string_view bytes) {
        words found;
        while (!bytes.empty()) {
            const std::size_t end = bytes.find("\r\n");
            if (bytes.front() != '$') {
                bytes.remove_prefix(end + 2);
                continue;
            }
            const std::size_t length = std::stoul(std::string(bytes.substr(1, end - 1)));
            found.emplace_back(bytes.substr(end + 2, length));
            bytes.remove_prefix(end + 2 + length + 2);
        }
        return found;
    }
};

TEST_F(scanning, a_scan_gives_every_key_once_over_partitions_and_connections) {
    broker.add_topic("wide", 5, {{"kv.enabled", "true"}});
    std::multiset<std::string> all;
    for (int i = 0; i < 200; ++i) {
        all.insert("key" + std::to_string(i));
        ask({"HSET", "wide", "key" + std::to_string(i), "v"});
    }
    int calls = 0;
    EXPECT_EQ(scan("wide", {"COUNT", "7"}, &calls), all);
    EXPECT_GE(calls, 200 / 7);
    EXPECT_EQ(scan("wide", {}), all);
    EXPECT_EQ(scan("wide", {"COUNT", "1000"}), all);
    std::multiset<std::string> some;
    for (const std::string& key : all) {
        if (key.starts_with("key1")) some.insert(key);
    }
    EXPECT_EQ(scan("wide", {"MATCH", "key1*"}), some);
    EXPECT_EQ(scan("wide", {"MATCH", "key1?", "COUNT", "3"}).size(), 10u);
}

TEST_F(scanning, keys_that_change_during_a_scan_are_seen_if_they_were_there_all_the_time) {
    for (int i = 100; i < 200; ++i) ask({"HSET", "users", "key" + std::to_string(i), "v"});
    words found = bulks_in(ask({"HSCAN", "users", "0", "COUNT", "10", "NOVALUES"}));
    // The key that the cursor stands behind goes, and others are written again.
    EXPECT_EQ(ask({"HDEL", "users", found.back()}), ":1\r\n");
    for (int i = 150; i < 200; ++i) ask({"HSET", "users", "key" + std::to_string(i), "again"});
    std::set<std::string> seen(found.begin() + 1, found.end());
    for (std::string cursor = found.front(); cursor != "0";) {
        found = bulks_in(ask({"HSCAN", "users", cursor, "NOVALUES"}));
        cursor = found.front();
        seen.insert(found.begin() + 1, found.end());
    }
    EXPECT_EQ(seen.size(), 100u);
}

TEST_F(scanning, a_cursor_whose_record_has_left_the_log_says_so) {
    for (int i = 0; i < 20; ++i) ask({"HSET", "users", "key" + std::to_string(i), "v"});
    const words found = bulks_in(ask({"HSCAN", "users", "0", "NOVALUES"}));
    broker.at("users").log_start = offset(20);
    EXPECT_TRUE(ask({"HSCAN", "users", found.front()}).starts_with("-ERR the record that this cursor points at"));
    EXPECT_EQ(ask({"HSCAN", "users", "x"}), "-ERR invalid cursor\r\n");
    EXPECT_EQ(ask({"HSCAN", "users", "77"}), "-ERR invalid cursor\r\n");
    EXPECT_EQ(ask({"HSCAN", "users", "18446744073709551615"}), "-ERR invalid cursor\r\n");
    EXPECT_EQ(ask({"HSCAN", "users", "0", "COUNT", "0"}), "-ERR syntax error\r\n");
    EXPECT_EQ(ask({"HSCAN", "users", "0", "COUNT", "x"}), "-ERR value is not an integer or out of range\r\n");
}

TEST_F(scanning, values_come_with_the_keys_and_plain_keys_have_a_scan_of_their_own) {
    ask({"SET", "a", "1"});
    EXPECT_EQ(ask({"HSCAN", "kv", "0"}), "*2\r\n" + bulk("0") + bulks({"a", "1"}));
    EXPECT_EQ(ask({"SCAN", "0"}), "*2\r\n" + bulk("0") + bulks({"a"}));
    EXPECT_EQ(ask({"SCAN", "0", "MATCH", "b*", "TYPE", "string"}), "*2\r\n" + bulk("0") + "*0\r\n");
    EXPECT_EQ(ask({"SCAN", "0", "TYPE", "hash"}), "*2\r\n" + bulk("0") + "*0\r\n");
    EXPECT_EQ(ask({"HSCAN", "nothing", "0"}), "*2\r\n" + bulk("0") + "*0\r\n");
}

TEST_F(scanning, random_fields_are_fields) {
    EXPECT_EQ(ask({"HRANDFIELD", "users"}), "$-1\r\n");
    EXPECT_EQ(ask({"HRANDFIELD", "users", "3"}), "*0\r\n");
    for (int i = 0; i < 10; ++i) ask({"HSET", "users", "key" + std::to_string(i), "value" + std::to_string(i)});
    EXPECT_TRUE(ask({"HRANDFIELD", "users"}).starts_with("$4\r\nkey"));
    const words five = bulks_in(ask({"HRANDFIELD", "users", "5"}));
    EXPECT_EQ(std::set<std::string>(five.begin(), five.end()).size(), 5u);
    EXPECT_EQ(bulks_in(ask({"HRANDFIELD", "users", "50"})).size(), 10u);
    EXPECT_EQ(bulks_in(ask({"HRANDFIELD", "users", "-50"})).size(), 50u);
    const words pairs = bulks_in(ask({"HRANDFIELD", "users", "4", "WITHVALUES"}));
    ASSERT_EQ(pairs.size(), 8u);
    for (std::size_t i = 0; i < pairs.size(); i += 2) EXPECT_EQ("value" + pairs[i].substr(3), pairs[i + 1]);
    EXPECT_TRUE(ask3({"HRANDFIELD", "users", "2", "WITHVALUES"}).starts_with("*2\r\n*2\r\n$4\r\nkey"));
}

TEST_F(scanning, random_fields_of_many_are_chosen_in_the_log) {
    for (int i = 0; i < 10'500; ++i)
        broker.put_key("users", 0, "key" + std::to_string(i % 10'200), "v", timestamp_ms(1));
    const words some = bulks_in(ask({"HRANDFIELD", "users", "50"}));
    EXPECT_GT(some.size(), 40u);
    EXPECT_EQ(std::set<std::string>(some.begin(), some.end()).size(), some.size());
    EXPECT_TRUE(ask({"HRANDFIELD", "users", "2000"}).starts_with("-ERR HRANDFIELD gives 1000 fields"));
}

TEST(scan_cursor, is_a_number_that_clients_can_keep) {
    for (const std::int32_t partition : {0, 1, 99'999}) {
        for (const std::int64_t at : {std::int64_t(0), std::int64_t(1), (std::int64_t(1) << 45)}) {
            const scan_cursor cursor{partition, at};
            EXPECT_LT(cursor.number(), std::uint64_t(1) << 63);
            const auto again = scan_cursor::of(std::to_string(cursor.number()));
            ASSERT_TRUE(again.has_value());
            EXPECT_EQ(again->partition, partition);
            EXPECT_EQ(again->after, at);
        }
    }
    EXPECT_FALSE(scan_cursor::of("-1").has_value());
    EXPECT_FALSE(scan_cursor::of("").has_value());
}

}  // namespace
}  // namespace logstore::resp
