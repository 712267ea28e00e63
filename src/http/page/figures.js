// /metrics, once a second: what was counted between two readings.

/** name → [{labels, value}], of the families that the page shows. */
function parseMetrics(text) {
  const families = new Map();
  for (const line of text.split("\n")) {
    if (line === "" || line[0] === "#") continue;
    const nameEnd = line.search(/[{ ]/);
    const name = line.slice(0, nameEnd);
    if (name.startsWith("logstore_kafka_request_seconds") || name.startsWith("logstore_http_request_seconds")) continue;
    const valueStart = line.lastIndexOf(" ");
    const labels = {};
    for (const [, label, value] of line.slice(nameEnd, valueStart).matchAll(/(\w+)="([^"]*)"/g)) labels[label] = value;
    if (!families.has(name)) families.set(name, []);
    families.get(name).push({ labels, value: Number(line.slice(valueStart + 1)) });
  }
  return families;
}

class Reading {
  constructor(text) {
    this.at = performance.now() / 1000;
    this.families = parseMetrics(text);
  }
  samples(name) {
    return this.families.get(name) ?? [];
  }
  /** All samples that have these labels, added up. */
  sum(name, labels = {}) {
    return this.samples(name)
      .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
      .reduce((all, one) => all + one.value, 0);
  }
  /** Bounds and cumulated counts of a histogram, all shards together. */
  buckets(name) {
    const counts = new Map();
    for (const { labels, value } of this.samples(name + "_bucket")) {
      const bound = labels.le === "+Inf" ? Infinity : Number(labels.le);
      counts.set(bound, (counts.get(bound) ?? 0) + value);
    }
    return [...counts].sort((a, b) => a[0] - b[0]);
  }
}

/** What was counted from one reading to the next. */
class Interval {
  constructor(before, after) {
    this.before = before;
    this.after = after;
    this.seconds = after.at - before.at;
    // Of another process: its counters began anew.
    this.isBroken = this.seconds <= 0 || after.sum("process_start_time_seconds") !== before.sum("process_start_time_seconds");
  }
  grown(name, labels) {
    return Math.max(0, this.after.sum(name, labels) - this.before.sum(name, labels));
  }
  rate(name, labels) {
    return this.grown(name, labels) / this.seconds;
  }
  /** The mean of a histogram's values; nothing when there were none. */
  mean(name) {
    const count = this.grown(name + "_count");
    return count > 0 ? this.grown(name + "_sum") / count : null;
  }
  /** A quantile of a histogram's values, between the bounds of its bucket; nothing when there were none. */
  quantile(name, share) {
    const before = new Map(this.before.buckets(name));
    const buckets = this.after.buckets(name).map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)]);
    const all = buckets.length > 0 ? buckets[buckets.length - 1][1] : 0;
    if (all <= 0) return null;
    const wanted = all * share;
    let lower = 0;
    let below = 0;
    for (const [bound, count] of buckets) {
      if (count >= wanted) {
        if (bound === Infinity) return lower;
        return lower + (bound - lower) * (count > below ? (wanted - below) / (count - below) : 1);
      }
      lower = bound;
      below = count;
    }
    return lower;
  }
}

const tiles = new Map();

function showTile(title, value, detail) {
  if (!tiles.has(title)) {
    const parts = { value: element("strong"), detail: element("span") };
    tiles.set(title, parts);
    byId("tiles").append(element("div", { className: "tile" }, element("h3", {}, title), parts.value, parts.detail));
  }
  const parts = tiles.get(title);
  parts.value.textContent = value;
  parts.detail.textContent = detail;
  parts.detail.title = detail;
}

function showFigures(reading, interval) {
  const rate = (name, labels) => (interval ? interval.rate(name, labels) : 0);
  const build = reading.samples("logstore_build_info")[0];
  byId("version").textContent = build ? build.labels.version : "";
  const started = reading.sum("process_start_time_seconds");
  const shards = reading.sum("logstore_shards");
  const busy = rate("logstore_shard_busy_seconds_total") / Math.max(1, shards);
  showTile("Written", `${size(rate("logstore_appended_bytes_total"))}/s`, `${short(rate("logstore_appended_records_total"))} records/s`);
  const memory = rate("logstore_read_bytes_total", { source: "memory" });
  const disk = rate("logstore_read_bytes_total", { source: "disk" });
  showTile("Read", `${size(memory + disk)}/s`, memory + disk === 0 ? "nothing at the moment" :
    `${Math.round(100 * memory / (memory + disk))} % from memory`);
  const kafka = reading.sum("logstore_connections_open", { door: "kafka" });
  const http = reading.sum("logstore_connections_open", { door: "http" });
  showTile("Connections", whole(kafka + http), `Kafka ${whole(kafka)}, HTTP ${whole(http)}`);
  showTile("Shards busy", `${Math.round(busy * 100)} %`, `${shards} shard${shards === 1 ? "" : "s"}, up ${age(Date.now() / 1000 - started)}`);
  showTile("Memory", size(reading.sum("process_resident_memory_bytes")), `limits ${size(reading.sum("logstore_memory_limits_bytes"))}`);
  showTile("Disk free", size(reading.sum("logstore_disk_free_bytes")), `of ${size(reading.sum("logstore_disk_size_bytes"))}`);
}

/** What an operator must know, in a sentence each. */
function warningsOf(reading) {
  const warnings = [];
  if (reading.sum("logstore_appends_refused") > 0) warnings.push("The disk has no room: appends are refused until there is some.");
  const ranges = reading.sum("logstore_damaged_ranges");
  if (ranges > 0) warnings.push(`Reads have met ${whole(ranges)} damaged place${ranges === 1 ? "" : "s"} on disk; the log names them, logstore repair mends them.`);
  return warnings;
}
