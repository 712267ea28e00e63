// The page: what is read when, and what is said when the server does not answer.

const appends = new Chart(byId("chart-appends"), "Appends per second", [{ label: "batches made durable" }], short);
const group = new Chart(byId("chart-group"), "Appends per flush", [{ label: "batches that share one durable write" }], short);
const flush = new Chart(byId("chart-flush"), "Flush latency", [{ label: "p50" }, { label: "p99", isSecond: true }], time);

const records = new Records();
const topics = new Topics((topic, partition, partitions) => records.choose(topic, partition, partitions));
records.onPartition = (topic, partition) => topics.choose(topic, partition);

let lastReading = null;
let awaySince = null;

function setStatus(state, text) {
  const status = byId("status");
  if (status.dataset.state === state) return;
  status.dataset.state = state;
  status.lastElementChild.textContent = text;
}

function setBanner(text) {
  const banner = byId("banner");
  if (banner.textContent !== text) banner.textContent = text;
  banner.hidden = text === "";
}

function addPoints(reading) {
  const interval = lastReading === null ? null : new Interval(lastReading, reading);
  lastReading = reading;
  if (interval === null || interval.isBroken) return null;
  appends.add(reading.at, [interval.rate("logstore_appended_batches_total")]);
  group.add(reading.at, [interval.mean("logstore_journal_group_appends")]);
  flush.add(reading.at, [interval.quantile("logstore_journal_flush_seconds", 0.5), interval.quantile("logstore_journal_flush_seconds", 0.99)]);
  return interval;
}

async function readFigures() {
  const reading = new Reading(await ask("/metrics", "text"));
  showFigures(reading, addPoints(reading));
  setBanner(warningsOf(reading).join(" "));
}

function noteAway(why) {
  if (awaySince === null) {
    awaySince = new Date();
    for (const [chart, series] of [[appends, 1], [group, 1], [flush, 2]]) {
      chart.add(performance.now() / 1000, new Array(series).fill(null));
    }
    lastReading = null;
  }
  setStatus("away", "no answer");
  // What browsers say of a server that is away helps nobody.
  const sentence = why instanceof TypeError || why.name === "TimeoutError" ? "The server does not answer" : why.message;
  setBanner(`${sentence}, since ${awaySince.toLocaleTimeString("en-GB")}. Trying again every second.`);
}

async function everySecond(turn) {
  if (document.hidden) return;
  try {
    const isBack = awaySince !== null;
    await readFigures();
    if (isBack || turn % 3 === 0) await topics.refresh();
    awaySince = null;
    setStatus("live", "live");
    if (isBack && records.chosen !== null) records.begin();
  } catch (why) {
    noteAway(why);
  }
}

(async () => {
  for (let turn = 0; ; ++turn) {
    const began = performance.now();
    await everySecond(turn);
    const rest = Math.max(100, 1000 - (performance.now() - began));
    await new Promise((go) => setTimeout(go, rest));
  }
})();
