// Records as JSON carries them: {"key", "value", "headers": [[name, value], …], "timestamp"}, key and value base64
// or null, header values base64. In what is sent, "partition" is there or chosen by the key.
'use strict';

const bytesOf = (text) => (text === null ? null : Buffer.from(text, 'base64'));
const textOf = (bytes) => (bytes === null ? null : Buffer.from(bytes).toString('base64'));

/** kafkajs takes a header that is there twice as a list. */
function headersOf(pairs) {
    const made = {};
    for (const [name, value] of pairs) (made[name] ??= []).push(bytesOf(value));
    return made;
}

function pairsOf(headers) {
    return Object.entries(headers).flatMap(
        ([name, values]) => [values].flat().map((value) => [name, textOf(value)]));
}

exports.messageOf = (record) => ({
    key: bytesOf(record.key),
    value: bytesOf(record.value),
    headers: headersOf(record.headers ?? []),
    partition: record.partition,
    timestamp: record.timestamp,
});

exports.recordOf = (message) => ({
    offset: Number(message.offset),
    key: textOf(message.key),
    value: textOf(message.value),
    headers: pairsOf(message.headers),
    timestamp: message.timestamp,
});
