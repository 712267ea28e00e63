// The topics: all names, and the offsets of those that can be seen.

const topicsShownMax = 100;
const partitionsShownMax = 200;

class Topics {
  constructor(onChosen) {
    this.onChosen = onChosen;
    this.all = [];
    this.details = new Map(); // name → description
    this.opened = new Set();
    this.chosen = null; // {topic, partition}
    this.rows = new Map(); // name → what its row consists of
    byId("filter").addEventListener("input", () => this.draw());
  }

  async refresh() {
    this.all = (await ask("/topics")).topics;
    const names = new Set(this.all.map((one) => one.name));
    for (const name of [...this.details.keys()]) if (!names.has(name)) this.details.delete(name);
    const wanted = this.visible().map((one) => one.name);
    const queue = [...wanted];
    const lane = async () => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
        try {
          this.details.set(name, await ask(`/topics/${encodeURIComponent(name)}`));
        } catch (why) {
          if (why instanceof TypeError) throw why; // the server is away
          this.details.delete(name); // it was deleted just now
        }
      }
    };
    await Promise.all([lane(), lane(), lane()]);
    this.draw();
    if (this.chosen === null) this.chooseFirst();
  }

  visible() {
    const filter = byId("filter").value.trim().toLowerCase();
    return this.all.filter((one) => one.name.toLowerCase().includes(filter))
      .sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, topicsShownMax);
  }

  /** What the address names, or the topic with the most records. */
  chooseFirst() {
    const named = new URLSearchParams(location.hash.slice(1));
    const topic = named.get("topic");
    if (topic !== null && this.all.some((one) => one.name === topic)) return this.choose(topic, Number(named.get("partition")) || 0);
    let best = null;
    for (const [name, about] of this.details) {
      for (const one of about.partitions) {
        const records = one.high_watermark - one.log_start_offset;
        if (best === null || records > best.records) best = { name, partition: one.partition, records };
      }
    }
    if (best !== null) this.choose(best.name, best.partition, false);
  }

  choose(topic, partition, isOfUser = true) {
    this.chosen = { topic, partition };
    if (isOfUser) history.replaceState(null, "", `#topic=${encodeURIComponent(topic)}&partition=${partition}`);
    this.draw();
    const known = this.all.find((one) => one.name === topic);
    this.onChosen(topic, partition, known ? known.partitions : partition + 1);
  }

  draw() {
    const visible = this.visible();
    byId("topic-count").textContent = this.all.length > 0 ? whole(this.all.length) : "";
    const note = byId("topics-note");
    if (this.all.length === 0) {
      note.textContent = "There are no topics yet. The first record makes one: curl localhost:8080/append --json '{\"value\":\"hello\"}'";
    } else if (visible.length === topicsShownMax && this.all.length > topicsShownMax) {
      note.textContent = `The first ${topicsShownMax} are shown; filter by name to see others.`;
    } else {
      note.textContent = visible.length === 0 ? "No topic has such a name." : "";
    }
    const hasSizes = [...this.details.values()].some((about) => about.partitions.some((one) => one.size_bytes !== undefined));
    byId("size-head").hidden = !hasSizes;
    const body = byId("topic-rows");
    const wanted = visible.flatMap((one) => this.rowsOf(one, hasSizes));
    wanted.forEach((row, i) => {
      if (body.children[i] !== row) body.insertBefore(row, body.children[i] ?? null);
    });
    while (body.children.length > wanted.length) body.lastElementChild.remove();
  }

  rowsOf(topic, hasSizes) {
    if (!this.rows.has(topic.name)) this.rows.set(topic.name, this.makeRow(topic));
    const row = this.rows.get(topic.name);
    const about = this.details.get(topic.name);
    const isOpen = this.opened.has(topic.name);
    row.line.dataset.chosen = String(this.chosen !== null && this.chosen.topic === topic.name);
    row.name.setAttribute("aria-expanded", String(isOpen));
    row.partitions.textContent = whole(topic.partitions);
    const sum = (what) => about.partitions.reduce((all, one) => all + what(one), 0);
    row.records.textContent = about ? whole(sum((one) => one.high_watermark - one.log_start_offset)) : "…";
    row.size.textContent = about && hasSizes ? size(sum((one) => one.size_bytes ?? 0)) : "";
    row.size.hidden = !hasSizes;
    if (!isOpen) return [row.line];
    if (about) this.drawParts(row, topic.name, about, hasSizes);
    return [row.line, row.parts];
  }

  makeRow(topic) {
    const row = {
      name: element("button", { type: "button", className: "name" }, topic.name),
      partitions: element("td", { className: "number" }),
      records: element("td", { className: "number" }),
      size: element("td", { className: "number" }),
      partRows: element("tbody"),
    };
    row.line = element("tr", { className: "topic" }, element("td", {}, row.name), row.partitions, row.records, row.size);
    row.sizeHead = element("th", { className: "number" }, "Size");
    const head = element("tr", {}, element("th", {}, "Partition"), element("th", { className: "number" }, "First"),
      element("th", { className: "number" }, "Next offset"), row.sizeHead);
    row.parts = element("tr", { className: "parts" },
      element("td", { colSpan: 4 }, element("table", {}, element("thead", {}, head), row.partRows)));
    row.line.addEventListener("click", () => {
      if (this.opened.has(topic.name)) {
        this.opened.delete(topic.name);
        return this.draw();
      }
      this.opened.add(topic.name);
      if (this.chosen !== null && this.chosen.topic === topic.name) return this.draw();
      const about = this.details.get(topic.name);
      const busiest = about ? about.partitions.reduce((best, one) => (one.high_watermark > best.high_watermark ? one : best)) : null;
      this.choose(topic.name, busiest ? busiest.partition : 0);
    });
    return row;
  }

  drawParts(row, name, about, hasSizes) {
    row.sizeHead.hidden = !hasSizes;
    const shown = about.partitions.slice(0, partitionsShownMax);
    shown.forEach((one, i) => {
      if (row.partRows.children.length <= i) {
        const pick = element("button", { type: "button", className: "pick" }, String(one.partition));
        pick.addEventListener("click", () => this.choose(name, one.partition));
        pick.setAttribute("aria-label", `Records of partition ${one.partition}`);
        row.partRows.append(element("tr", {}, element("td", {}, pick), element("td", { className: "number" }),
          element("td", { className: "number" }), element("td", { className: "number" })));
      }
      const [pick, first, next, bytes] = row.partRows.children[i].children;
      const isChosen = this.chosen !== null && this.chosen.topic === name && this.chosen.partition === one.partition;
      pick.firstChild.setAttribute("aria-current", String(isChosen));
      first.textContent = whole(one.log_start_offset);
      next.textContent = whole(one.high_watermark);
      bytes.textContent = one.size_bytes !== undefined ? size(one.size_bytes) : "";
      bytes.hidden = !hasSizes;
    });
    while (row.partRows.children.length > shown.length) row.partRows.lastElementChild.remove();
  }
}
