// Line charts of the last two minutes.

/** The window grows with what there is to show. */
const chartWindows = [30, 60, 120];
const chartSeconds = chartWindows[chartWindows.length - 1];
const chartHeight = 150;
const chartSpace = { left: 46, right: 8, top: 12, bottom: 18 };

/** A round number at or above `value`. */
function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 7.5, 10].map((step) => step * power).find((step) => step >= value * 0.9999);
}

class Chart {
  /** `series`: [{label, isSecond}]; `show` makes text of a value. */
  constructor(home, title, series, show) {
    this.series = series;
    this.show = show;
    this.points = []; // {at, values}, values null where there is none
    this.now = element("span", { className: "now" }, "–");
    this.legend = element("p", { className: "legend" });
    for (const { label, isSecond } of series) this.legend.append(element("b", { className: isSecond ? "second" : "" }, label));
    this.picture = drawn("svg", { role: "img" });
    this.title = title;
    home.append(element("div", { className: "chart-head" }, element("h2", {}, title), this.now), this.legend, this.picture);
    this.picture.addEventListener("pointermove", (event) => this.point(event));
    this.picture.addEventListener("pointerleave", () => this.point(null));
    new ResizeObserver(() => this.draw()).observe(this.picture);
    this.pointedAt = null;
  }

  add(at, values) {
    this.points.push({ at, values });
    while (this.points.length > 0 && this.points[0].at < at - chartSeconds - 2) this.points.shift();
    this.draw();
  }

  point(event) {
    const box = this.picture.getBoundingClientRect();
    this.pointedAt = event ? event.clientX - box.left : null;
    this.draw();
  }

  text(values) {
    const shown = values.map((value, i) => (value === null ? null : this.series.length > 1 ?
      `${this.series[i].label} ${this.show(value)}` : this.show(value)));
    return shown.filter((one) => one !== null).join(" · ") || "–";
  }

  showNow(values) {
    const known = values.map((value, i) => [this.series[i].label, value]).filter(([, value]) => value !== null);
    if (known.length === 0) return this.now.replaceChildren("–");
    this.now.replaceChildren(...known.flatMap(([label, value]) =>
      (values.length > 1 ? [element("small", {}, label), this.show(value)] : [this.show(value)])));
  }

  draw() {
    const width = Math.max(160, this.picture.clientWidth);
    const height = this.picture.clientHeight || chartHeight;
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const last = this.points[this.points.length - 1];
    const end = last ? last.at : 0;
    const span = last ? end - this.points[0].at : 0;
    const shownSeconds = chartWindows.find((one) => one >= span) ?? chartSeconds;
    const top = roundUp(Math.max(0, ...this.points.flatMap((one) => one.values.filter((value) => value !== null))));
    const bottom = height - chartSpace.bottom;
    const x = (at) => width - chartSpace.right - (end - at) / shownSeconds * (width - chartSpace.left - chartSpace.right);
    const y = (value) => bottom - value / top * (bottom - chartSpace.top);
    const parts = [];
    for (const share of [0, 0.5, 1]) {
      const level = Math.round(y(top * share)) + 0.5;
      parts.push(drawn("line", { class: "grid", x1: chartSpace.left, x2: width - chartSpace.right, y1: level, y2: level }));
      const name = drawn("text", { class: "axis", x: chartSpace.left - 6, y: level + 3.5, "text-anchor": "end" });
      name.textContent = share === 0 ? "0" : this.show(top * share);
      parts.push(name);
    }
    for (const [share, anchor] of [[1, "start"], [0.5, "middle"], [0, "end"]]) {
      const ago = shownSeconds * share;
      const name = drawn("text", { class: "axis", x: x(end - ago), y: height - 4, "text-anchor": anchor });
      name.textContent = ago === 0 ? "now" : `${age(ago)} ago`;
      parts.push(name);
    }
    this.series.forEach((one, index) => parts.push(...this.curves(index, one, x, y, bottom)));
    this.drawCursor(parts, x, y, bottom);
    this.picture.replaceChildren(...parts);
    this.picture.setAttribute("aria-label", `${this.title}, last two minutes; now ${last ? this.text(last.values) : "unknown"}`);
    this.picture.dataset.points = String(this.points.filter((one) => one.values.some((value) => value !== null)).length);
  }

  /** A curve breaks where there was nothing to measure. */
  curves(index, { isSecond }, x, y, bottom) {
    const runs = [[]];
    for (const { at, values } of this.points) {
      if (at < this.points[this.points.length - 1].at - chartSeconds) continue;
      if (values[index] === null) runs.push([]);
      else runs[runs.length - 1].push([x(at), y(values[index])]);
    }
    const kind = isSecond ? " second" : "";
    return runs.filter((run) => run.length > 0).flatMap((run) => {
      if (run.length === 1) return [drawn("circle", { class: "dot" + kind, cx: run[0][0], cy: run[0][1], r: 2 })];
      const line = run.map(([atX, atY]) => `${atX.toFixed(1)},${atY.toFixed(1)}`).join(" ");
      const curve = drawn("polyline", { class: "curve" + kind, points: line });
      if (index > 0) return [curve];
      const area = `${run[0][0].toFixed(1)},${bottom} ${line} ${run[run.length - 1][0].toFixed(1)},${bottom}`;
      return [drawn("polygon", { class: "area", points: area }), curve];
    });
  }

  drawCursor(parts, x, y, bottom) {
    const last = this.points[this.points.length - 1];
    let shown = last;
    if (this.pointedAt !== null && last) {
      shown = this.points.reduce((best, one) => (Math.abs(x(one.at) - this.pointedAt) < Math.abs(x(best.at) - this.pointedAt) ? one : best));
      parts.push(drawn("line", { class: "cursor", x1: x(shown.at), x2: x(shown.at), y1: chartSpace.top, y2: bottom }));
    }
    if (shown) {
      shown.values.forEach((value, index) => {
        if (value === null) return;
        const kind = this.series[index].isSecond ? " second" : "";
        parts.push(drawn("circle", { class: "dot" + kind, cx: x(shown.at), cy: y(value), r: 3 }));
      });
    }
    this.showNow(shown ? shown.values : []);
  }
}
