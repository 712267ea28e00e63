// {"do": "administer", "calls": [[name, argument, …], …]}
//
// Calls functions of kafkajs's administrator one after the other. Answers what each returned, null where that is
// nothing, or {"error"} for one that was refused; the others are called all the same.
'use strict';

const {described} = require('./refusals');

module.exports = async function administer(kafka, asked) {
    const admin = kafka.admin();
    try {
        await admin.connect();
        const answers = [];
        for (const [name, ...givenArguments] of asked.calls) {
            const answer = await admin[name](...givenArguments).catch((error) => ({error: described(error)}));
            answers.push(answer ?? null);
        }
        return answers;
    } finally {
        await admin.disconnect();
    }
};
