"use strict";
// What every part of the page uses. What comes from the server becomes text nodes, never markup.

const byId = (id) => document.getElementById(id);

/** An element with properties and children; a child that is no node becomes text. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function drawn(tag, attributes = {}) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const whole = (number) => grouped.format(number);

/** "1.2 k", "34 M". */
function short(number) {
  for (const [size, unit] of [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e4, " k"]]) {
    if (number >= size) {
      const scaled = number / (unit === " k" ? 1e3 : size);
      return scaled.toFixed(scaled < 10 ? 2 : scaled < 100 ? 1 : 0) + unit;
    }
  }
  return number >= 100 || Number.isInteger(number) ? whole(number) : number.toFixed(number < 10 ? 2 : 1);
}

/** "1.5 MiB". */
function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; ++unit) bytes /= 1024;
  return `${unit === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
}

/** "350 µs", "1.2 ms". */
function time(seconds) {
  const [scaled, unit] = seconds < 1e-3 ? [seconds * 1e6, "µs"] : seconds < 1 ? [seconds * 1e3, "ms"] : [seconds, "s"];
  return `${scaled >= 100 ? Math.round(scaled) : scaled.toFixed(scaled < 10 ? 2 : 1)} ${unit}`;
}

/** "3 d 4 h", "12 min". */
function age(seconds) {
  const steps = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = steps.findIndex(([length]) => seconds >= length);
  if (first < 0) return "0 s";
  const [length, unit] = steps[first];
  const text = `${Math.floor(seconds / length)} ${unit}`;
  if (first >= 2) return text;
  const [lower, lowerUnit] = steps[first + 1];
  return `${text} ${Math.floor((seconds % length) / lower)} ${lowerUnit}`;
}

const clockTime = (milliseconds) => {
  const when = new Date(milliseconds);
  return Number.isNaN(when.getTime()) ? String(milliseconds) : when.toLocaleTimeString("en-GB") +
    "." + String(when.getMilliseconds()).padStart(3, "0");
};

/** The answer to a GET, or an error that carries the server's own sentence. */
async function ask(path, kind = "json") {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(5000) });
  if (answer.ok) return kind === "json" ? answer.json() : answer.text();
  let sentence = `${answer.status} ${answer.statusText}`;
  try {
    sentence = (await answer.json()).error.message;
  } catch {
    // The status is all there is to tell.
  }
  throw new Error(sentence);
}

const partitionPath = (topic, partition) => `/topics/${encodeURIComponent(topic)}/partitions/${partition}/records`;
