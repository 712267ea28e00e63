// {"do": "read", "topic", "partition", "offset", "count"}
//
// Answers the records from that offset on, at least `count` of them, as kafkajs's own decoder sees them. Its consumer wants a
// group; what lies below it, a broker's fetch, does not, and is reached through a symbol: the version of kafkajs is pinned.
'use strict';

const {recordOf} = require('./records');

function clusterOf(kafka) {
    const factory = Object.getOwnPropertySymbols(kafka).find(
        ({description}) => description === 'private:Kafka:createCluster');
    return kafka[factory]({allowAutoTopicCreation: false, isolationLevel: 1});
}

async function fetched(broker, asked, offset) {
    const {responses} = await broker.fetch({
        replicaId: -1,
        isolationLevel: 1,
        maxWaitTime: 1000,
        minBytes: 1,
        maxBytes: 1 << 20,
        topics: [{topic: asked.topic, partitions: [{partition: asked.partition, fetchOffset: offset, maxBytes: 1 << 20}]}],
    });
    // A batch comes as a whole, whatever offset in it was asked for.
    return responses[0].partitions[0].messages.map(recordOf).filter((record) => record.offset >= offset);
}

module.exports = async function read(kafka, asked) {
    const cluster = clusterOf(kafka);
    try {
        await cluster.connect();
        await cluster.addTargetTopic(asked.topic);
        const leaders = cluster.findLeaderForPartitions(asked.topic, [asked.partition]);
        const broker = await cluster.findBroker({nodeId: Object.keys(leaders)[0]});
        const records = [];
        let offset = asked.offset;
        while (records.length < asked.count) {
            const more = await fetched(broker, asked, offset);
            if (more.length === 0) throw new Error(`there is nothing at offset ${offset}`);
            records.push(...more);
            offset = records.at(-1).offset + 1;
        }
        return records;
    } finally {
        await cluster.disconnect();
    }
};
