#include "kafka/client/testing/memory_topics.h"

#include <algorithm>

#include "model/record_batch.h"

namespace logstore::kafka::testing {
namespace {

/// What the handler of a request makes of its body.
template <message Request, class Handle>
void handle(fake_broker::session& on, const request_frame& request, Handle handle) {
    const auto body = decode_body<Request>(request.body, request.header.version);
    CHECK(body, "{}", body.error().message());
    on.answer(request.header, handle(*body));
}

/// Of the first batch that is as late; a real broker looks at each record.
offset found_at(const memory_topics::partition& of, timestamp_ms when) {
    if (when == earliest_timestamp) return offset(of.log_start);
    if (when == latest_timestamp) return offset(of.next_offset);
    for (bytes_view rest = of.log; !rest.empty();) {
        const auto header = read_record_batch_header(rest);
        if (header->max_timestamp >= when) return header->base_offset;
        rest = rest.subspan(header->size_bytes());
    }
    return offset(-1);
}

error_code next_of(std::vector<error_code>& planned) {
    if (planned.empty()) return error_code::none;
    const error_code next = planned.front();
    planned.erase(planned.begin());
    return next;
}

}  // namespace

memory_topics::memory_topics(fake_broker& broker) : broker_(broker) {
    broker_.on_request = [this](fake_broker::session& on, const request_frame& request) {
        serve(on, request);
    };
}

memory_topics::topic& memory_topics::add(const std::string& name, std::int32_t partition_count) {
    topic& made = topics[name];
    ++ids_made_;
    made.id = topic_id::from_random_bits(ids_made_, ids_made_);
    made.partitions.resize(static_cast<std::size_t>(partition_count));
    return made;
}

void memory_topics::serve(fake_broker::session& on, const request_frame& request) {
    const api_version version = request.header.version;
    switch (request.header.api) {
        case api_key::metadata:
            return handle<metadata_request>(on, request, [&](const auto& body) { return metadata(body); });
        case api_key::create_topics:
            return handle<create_topics_request>(on, request, [&](const auto& body) { return create(body); });
        case api_key::delete_topics:
            return handle<delete_topics_request>(on, request,
                                                 [&](const auto& body) { return remove(body, version); });
        case api_key::produce: return serve_produce(on, request);
        case api_key::fetch: return serve_fetch(on, request);
        case api_key::list_offsets:
            return handle<list_offsets_request>(on, request,
                                                [&](const auto& body) { return list_offsets(body); });
        default: CHECK(false, "{} is not served", api_name(request.header.api));
    }
}

void memory_topics::serve_produce(fake_broker::session& on, const request_frame& request) {
    const auto body = decode_body<produce_request>(request.body, request.header.version);
    CHECK(body, "{}", body.error().message());
    ++produce_requests;
    const produce_response response = produce(*body);
    if (body->acks != 0) on.answer(request.header, response);
}

/// Waits as long as it may where there is nothing to be read: what is appended meanwhile is seen next time.
void memory_topics::serve_fetch(fake_broker::session& on, const request_frame& request) {
    const auto body = decode_body<fetch_request>(request.body, request.header.version);
    CHECK(body, "{}", body.error().message());
    const fetch_response response = fetch(*body);
    bool has_news = false;
    for (const auto& topic : response.topics)
        for (const auto& one : topic.partitions)
            has_news |= one.error != error_code::none || one.records.size() > 0;
    const env::duration wait = std::chrono::milliseconds(has_news ? 0 : body->max_wait_ms);
    on.answer_after(wait, request.header, response);
}

metadata_response memory_topics::metadata(const metadata_request& request) {
    ++metadata_requests;
    metadata_response response;
    response.cluster_id = "memory";
    response.controller = broker_id(1);
    metadata_response::broker& self = response.brokers.emplace_back();
    self.id = broker_id(1);
    self.host = broker_.address().host;
    self.port = broker_.address().port;

    for (const auto& other : other_brokers) response.brokers.push_back(other);

    const auto describe = [&](const std::string& name) {
        metadata_response::topic& described = response.topics.emplace_back();
        described.name = name;
        const auto found = topics.find(name);
        if (found == topics.end()) return void(described.error = error_code::unknown_topic_or_partition);
        described.id = found->second.id;
        for (std::size_t i = 0; i < found->second.partitions.size(); ++i) {
            metadata_response::partition& one = described.partitions.emplace_back();
            one.index = partition_id(static_cast<std::int32_t>(i));
            one.leader = found->second.partitions[i].leader;
            one.epoch = leader_epoch(7);
            one.replicas = one.in_sync_replicas = {broker_id(1)};
        }
    };
    if (!request.topics) {
        for (const auto& [name, unused] : topics) describe(name);
    } else {
        for (const auto& asked : *request.topics) describe(std::string(asked.name.value_or("")));
    }
    return response;
}

create_topics_response memory_topics::create(const create_topics_request& request) {
    create_topics_response response;
    for (const auto& asked : request.topics) {
        create_topics_response::topic& made = response.topics.emplace_back();
        made.name = asked.name;
        made.error = administration_error;
        if (administration_error == error_code::none && topics.contains(made.name))
            made.error = error_code::topic_already_exists;
        if (made.error != error_code::none) {
            made.error_message = "said by the memory broker";
            continue;
        }
        made.partition_count = asked.partition_count < 0 ? default_partition_count : asked.partition_count;
        made.replication_factor = 1;
        topic& added = add(made.name, made.partition_count);
        made.id = added.id;
        for (const auto& config : asked.configs)
            added.configs.emplace(config.name, config.value.value_or(""));
    }
    return response;
}

delete_topics_response memory_topics::remove(const delete_topics_request& request, api_version version) {
    delete_topics_response response;
    std::vector<std::string> names;
    for (const auto name : request.topic_names) names.emplace_back(name);
    if (version >= 6)
        for (const auto& asked : request.topics) names.emplace_back(asked.name.value_or(""));
    for (const std::string& name : names) {
        delete_topics_response::topic& gone = response.topics.emplace_back();
        gone.name = name;
        gone.error = administration_error;
        if (gone.error == error_code::none && topics.erase(name) == 0)
            gone.error = error_code::unknown_topic_or_partition;
    }
    return response;
}

produce_response memory_topics::produce(const produce_request& request) {
    produce_response response;
    for (const auto& asked : request.topics) {
        produce_response::topic& answered = response.topics.emplace_back();
        answered.name = asked.name;
        for (const auto& one : asked.partitions)
            answered.partitions.push_back(append(std::string(asked.name), one));
    }
    return response;
}

produce_response::partition memory_topics::append(const std::string& topic,
                                                  const produce_request::partition& asked) {
    produce_response::partition answer;
    answer.index = asked.index;
    partition* to = find(topic, asked.index);
    const bytes_view bytes = asked.records.bytes();
    const auto header = read_record_batch_header(bytes);
    if (to == nullptr) {
        answer.error = error_code::unknown_topic_or_partition;
    } else if (const error_code planned = next_of(to->produce_errors); planned != error_code::none) {
        answer.error = planned;
    } else if (bytes.size() > to->batch_bytes_max) {
        answer.error = error_code::message_too_large;
    } else if (!header || !record_batch_crc_holds(*header, bytes)) {
        answer.error = error_code::corrupt_message;
    } else {
        answer.base_offset = offset(to->next_offset);
        const std::size_t position = to->log.size();
        to->log.insert(to->log.end(), bytes.begin(), bytes.end());
        assign_record_batch(to->log.data() + position, answer.base_offset, leader_epoch(7));
        to->next_offset += header->record_count;
        answer.error = next_of(to->late_produce_errors);
    }
    return answer;
}

fetch_response memory_topics::fetch(const fetch_request& request) {
    fetch_response response;
    for (const auto& asked : request.topics) {
        fetch_response::topic& answered = response.topics.emplace_back();
        answered.name = asked.name;
        for (const auto& one : asked.partitions) {
            read(answered.partitions.emplace_back(), asked.name, one);
        }
    }
    return response;
}

void memory_topics::read(fetch_response::partition& got, std::string_view topic,
                         const fetch_request::partition& asked) {
    got.index = asked.index;
    partition* of = find(topic, asked.index);
    if (of == nullptr) {
        got.error = error_code::unknown_topic_or_partition;
        return;
    }
    got.error = next_of(of->fetch_errors);
    if (got.error != error_code::none) return;
    got.high_watermark = got.last_stable_offset = next_offset(of->next_offset);
    got.log_start_offset = offset(of->log_start);
    if (asked.fetch_offset > offset(of->next_offset) || asked.fetch_offset < offset(of->log_start)) {
        got.error = error_code::offset_out_of_range;
        return;
    }
    // From the batch that holds the offset; what does not fit is cut off within a batch, as brokers do.
    bytes_view rest = of->log;
    while (!rest.empty()) {
        const auto header = read_record_batch_header(rest);
        CHECK(header);
        if (header->last_offset() >= asked.fetch_offset) break;
        rest = rest.subspan(header->size_bytes());
    }
    if (rest.empty()) {
        got.records = record_bytes::empty();
        return;
    }
    const std::size_t whole = read_record_batch_header(rest)->size_bytes();
    got.records = record_bytes(rest.first(std::min(rest.size(), std::max(whole, fetch_bytes_max))));
}

list_offsets_response memory_topics::list_offsets(const list_offsets_request& request) {
    list_offsets_response response;
    for (const auto& asked : request.topics) {
        list_offsets_response::topic& answered = response.topics.emplace_back();
        answered.name = asked.name;
        for (const auto& one : asked.partitions) {
            list_offsets_response::partition& found = answered.partitions.emplace_back();
            found.index = one.index;
            const partition* of = find(asked.name, one.index);
            if (of == nullptr)
                found.error = error_code::unknown_topic_or_partition;
            else
                found.found_offset = found_at(*of, one.timestamp);
        }
    }
    return response;
}

memory_topics::partition* memory_topics::find(std::string_view topic, partition_id index) {
    const auto found = topics.find(std::string(topic));
    if (found == topics.end() || index.value() < 0) return nullptr;
    auto& partitions = found->second.partitions;
    const auto at = static_cast<std::size_t>(index.value());
    return at < partitions.size() ? &partitions[at] : nullptr;
}

}  // namespace logstore::kafka::testing
