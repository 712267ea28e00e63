// {"do": "join", "topic", "group"}
//
// A consumer as kafkajs means it, which is a member of a group. Answers {"joined": true} when it is one.
'use strict';

module.exports = async function join(kafka, asked) {
    const consumer = kafka.consumer({groupId: asked.group});
    try {
        await consumer.connect();
        await consumer.subscribe({topic: asked.topic, fromBeginning: true});
        const over = new Promise((resolve, reject) => {
            consumer.on(consumer.events.GROUP_JOIN, () => resolve({joined: true}));
            consumer.on(consumer.events.CRASH, ({payload}) => reject(payload.error));
        });
        await consumer.run({eachMessage: async () => {}});
        return await over;
    } finally {
        await consumer.disconnect();
    }
};
