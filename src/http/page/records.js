// The newest records of one partition, as they come.

const recordsShownMax = 100;
const recordsReadMax = 50;
/** Above this rate a stream is more than can be read: the newest of each second are shown instead. */
const followedPerSecondMax = 200;
const summaryLength = 160;

class Records {
  constructor() {
    this.chosen = null;
    this.stream = null;
    this.turn = 0; // of what is chosen: an answer to an earlier choice is dropped
    this.nextOffset = 0;
    this.isPaused = false;
    this.isSampling = false;
    this.waiting = [];
    this.came = 0;
    this.isBeginning = false;
    this.select = byId("partition");
    this.select.addEventListener("change", () => this.onPartition(this.chosen.topic, Number(this.select.value)));
    this.onPartition = () => {};
    byId("pause").addEventListener("click", () => this.pause(!this.isPaused));
    document.addEventListener("visibilitychange", () => this.resume());
    setInterval(() => this.everySecond(), 1000);
  }

  choose(topic, partition, partitions) {
    byId("records-title").textContent = `Newest records of ${topic}`;
    const shown = Math.min(partitions, 1000);
    if (this.select.length !== shown || this.chosen === null || this.chosen.topic !== topic) {
      this.select.replaceChildren(...Array.from({ length: shown }, (_, i) => element("option", { value: String(i) }, `Partition ${i}`)));
    }
    this.select.disabled = false;
    this.select.value = String(partition);
    if (this.chosen !== null && this.chosen.topic === topic && this.chosen.partition === partition) return;
    this.chosen = { topic, partition };
    byId("record-rows").replaceChildren();
    this.waiting = [];
    this.nextOffset = 0;
    this.isSampling = false;
    this.begin();
  }

  note(text) {
    byId("records-note").textContent = text;
  }

  noteLive() {
    this.note(byId("record-rows").children.length > 0 ? "Live: new records appear here as they are acknowledged." :
      "Live: there are no records yet; new ones appear here as they are acknowledged.");
  }

  pause(isPaused) {
    this.isPaused = isPaused;
    const button = byId("pause");
    button.setAttribute("aria-pressed", String(isPaused));
    button.textContent = isPaused ? "Go on" : "Pause";
    this.resume();
    if (isPaused) this.note("Paused.");
  }

  /** A page that nobody sees, or that is paused, takes nothing from the server. */
  resume() {
    if (this.chosen === null) return;
    if (document.hidden || this.isPaused) this.end();
    else if (this.stream === null) this.begin();
  }

  end() {
    ++this.turn;
    if (this.stream !== null) this.stream.close();
    this.stream = null;
  }

  /** The end of the partition first, then what follows it. */
  async begin() {
    this.end();
    if (document.hidden || this.isPaused) return;
    const turn = this.turn;
    const path = partitionPath(this.chosen.topic, this.chosen.partition);
    this.isBeginning = true;
    try {
      const read = await this.readNewest(path);
      if (turn !== this.turn) return;
      // The topic was made anew.
      if (read.high_watermark < this.nextOffset) byId("record-rows").replaceChildren();
      this.show(read.records);
      this.nextOffset = read.next_offset;
    } catch (why) {
      if (turn === this.turn) this.note(why.message);
      return;
    } finally {
      this.isBeginning = false;
    }
    if (this.isSampling) return;
    const stream = new EventSource(`${path}?follow=true&offset=${this.nextOffset}`);
    this.stream = stream;
    stream.addEventListener("open", () => this.noteLive());
    stream.addEventListener("message", (event) => {
      if (stream === this.stream) this.receive(JSON.parse(event.data));
    });
    stream.addEventListener("error", (event) => {
      if (stream !== this.stream) return;
      // The server's own event has a sentence; the browser's means that it is tried again, or was refused.
      if (event.data !== undefined) this.note(JSON.parse(event.data).error.message);
      else if (stream.readyState === EventSource.CLOSED) this.end();
      else this.note("The stream was cut off; it goes on when the server is back.");
    });
  }

  async readNewest(path) {
    const end = await ask(`${path}?offset=end`);
    const from = Math.max(end.log_start_offset, end.high_watermark - recordsReadMax);
    const read = await ask(`${path}?offset=${from}&max_records=${recordsReadMax}&max_bytes=262144`);
    return read;
  }

  receive(record) {
    ++this.came;
    this.nextOffset = record.offset + 1;
    this.waiting.push(record);
    if (this.waiting.length > recordsShownMax) this.waiting.shift();
    if (this.waiting.length === 1) requestAnimationFrame(() => this.show(this.waiting.splice(0)));
    if (this.came <= followedPerSecondMax) return;
    this.isSampling = true;
    this.end();
  }

  async everySecond() {
    const came = this.came;
    this.came = 0;
    if (this.chosen === null || this.isPaused || document.hidden) return;
    if (!this.isSampling) {
      if (this.stream === null && !this.isBeginning) this.begin();
      return;
    }
    const turn = this.turn;
    const before = this.nextOffset;
    try {
      const read = await this.readNewest(partitionPath(this.chosen.topic, this.chosen.partition));
      if (turn !== this.turn) return;
      this.nextOffset = read.next_offset;
      this.show(read.records.filter((one) => one.offset >= before));
    } catch (why) {
      return this.note(why.message);
    }
    const rate = this.nextOffset - before;
    this.note(`About ${short(rate)} records a second: the newest of each second are shown.`);
    if (rate > followedPerSecondMax / 2 || came > 0) return;
    this.isSampling = false;
    this.begin();
  }

  show(records) {
    const body = byId("record-rows");
    const newest = body.firstElementChild ? Number(body.firstElementChild.dataset.offset) : -1;
    const isFirst = newest < 0;
    for (const record of records) {
      if (record.offset <= newest) continue;
      body.prepend(this.rowOf(record, !isFirst));
    }
    while (body.children.length > recordsShownMax) body.lastElementChild.remove();
    if (this.stream !== null) this.noteLive();
  }

  rowOf(record, isFresh) {
    const row = element("tr", { className: isFresh ? "fresh" : "" },
      element("td", { className: "number" }, whole(record.offset)),
      element("td", { className: "time", title: new Date(record.timestamp).toString() }, clockTime(record.timestamp)),
      this.textOf(record.key, record.key_encoding, "key"), this.textOf(record.value, record.value_encoding, ""));
    row.dataset.offset = String(record.offset);
    return row;
  }

  textOf(text, encoding, kind) {
    const cell = element("td", { className: `text ${kind}` });
    if (text === null || text === undefined) {
      cell.append(element("span", { className: "none" }, "null"));
      return cell;
    }
    const tag = encoding === "base64" ? [element("span", { className: "tag" }, "base64")] : [];
    if (text === "") cell.append(element("span", { className: "none" }, "empty"));
    else if (text.length <= summaryLength) cell.append(...tag, text);
    else {
      cell.append(element("details", {},
        element("summary", {}, ...tag, text.slice(0, summaryLength) + "…"), element("pre", {}, text)));
    }
    return cell;
  }
}
