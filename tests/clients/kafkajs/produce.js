// {"do": "produce", "topic", "acks", "compression": "None" | "GZIP", "idempotent", "makes_topics", "sends": [[record, …], …]}
//
// All sends are under way together. Answers a list in their order: of each the partitions it went to, as
// {"partition", "offset"} with the offset of its first record there; an empty list with acks 0.
'use strict';

const {CompressionTypes, Partitioners} = require('kafkajs');
const {messageOf} = require('./records');

module.exports = async function produce(kafka, asked) {
    const producer = kafka.producer({
        allowAutoTopicCreation: asked.makes_topics ?? false,
        createPartitioner: Partitioners.DefaultPartitioner,
        idempotent: asked.idempotent ?? false,
    });
    try {
        await producer.connect();
        const answers = await Promise.all(asked.sends.map((records) => producer.send({
            topic: asked.topic,
            acks: asked.acks,
            compression: CompressionTypes[asked.compression],
            messages: records.map(messageOf),
        })));
        return answers.map((partitions) => partitions.map(
            ({partition, baseOffset}) => ({partition, offset: Number(baseOffset)})));
    } finally {
        await producer.disconnect();
    }
};
