// kafkajs as a client under test: does what a JSON document on standard input asks and prints what came of it
// as JSON.
//
//   node main.js HOST:PORT      with NODE_PATH as tools/kafkajs prints it
//
// {"do": "produce" | "read" | "administer" | "join", …}: each is a file of that name and says what it takes. Byte
// strings are base64. What kafkajs refuses is {"error": {"name", "type", "message"}}; where several things were
// refused at once, of the first. The exit code is 0 whenever there is an answer.
'use strict';

const {Kafka, logLevel} = require('kafkajs');

const {described} = require('./refusals');

const tasks = {
    administer: require('./administer'),
    join: require('./join'),
    produce: require('./produce'),
    read: require('./read'),
};

async function main(address) {
    let text = '';
    for await (const part of process.stdin) text += part;
    const asked = JSON.parse(text);
    const kafka = new Kafka({
        clientId: 'logstore-test',
        brokers: [address],
        logLevel: logLevel.NOTHING,
        // Nothing is to be tried again behind the test's back.
        retry: {retries: asked.retries ?? 0, initialRetryTime: 50},
    });
    const answer = await tasks[asked.do](kafka, asked).catch((error) => ({error: described(error)}));
    process.stdout.write(JSON.stringify(answer));
}

main(process.argv[2]);
