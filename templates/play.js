// The page to play with. It reads DATA (what is on the page), EXACTLY (a function for each figure), DRAWN (functions for
// the terms of each figure, in doubles) and SIDES (functions for both sides of each fact), which stand before it.
const SAMPLES = 240, CLOSE = 1e-9, PATIENCE = 250, LETTER = 6.5, BOLD = 7.2, LINE = 14, COLUMN = 4, DASHES = ["", "7 3", "2 3", "9 3 2 3", "14 4"];
const SVG = "http://www.w3.org/2000/svg";
const page = document.querySelector(".play");
const all = (selector, within = page) => [...within.querySelectorAll(selector)];
const one = (selector, within = page) => within.querySelector(selector);
const {sizes, quantities, models, facts, labels} = DATA;

// ---- numbers, read and written

const MOST_DIGITS = 60;
const read = (text, whole) => {
  const plain = text.replace(/[\s_\u00a0\u2009\u202f]/g, "");
  const digits = whole ? plain.replace(/,(?=\d{3}(?!\d))/g, "") : plain;
  let found, value = null;
  if (digits.length > MOST_DIGITS) return null;
  if (/^\d+$/.test(digits)) value = BigInt(digits);
  else if ((found = /^(\d+)(?:\^|\*\*)(\d{1,3})$/.exec(digits)) && found[1].length * Number(found[2]) <= MOST_DIGITS * 3) value = BigInt(found[1]) ** BigInt(found[2]);
  else if ((found = /^(\d+)e(\d{1,2})$/i.exec(digits))) value = BigInt(found[1]) * 10n ** BigInt(found[2]);
  else if (!whole && (found = /^(\d*)\.(\d+)$/.exec(digits))) value = X.ratio(BigInt(found[1] + found[2]), 10n ** BigInt(found[2].length));
  else if (!whole && (found = /^(\d+)\/(\d+)$/.exec(digits)) && BigInt(found[2])) value = X.ratio(BigInt(found[1]), BigInt(found[2]));
  return value === null || X.compare(value, 0n) <= 0 ? null : value;
};
const grouped = digits => digits.replace(/\B(?=(\d{3})+$)/g, ",");
const raised = number => String(number).replace(/./g, c => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] || "⁻");
const short = x => {
  if (x === 0) return "0";
  const power = Math.floor(Math.log10(Math.abs(x)));
  if (power < -4 || power > 8) {
    const [front, back] = x.toExponential(5).split("e");
    return `${Number(front)} × 10${raised(Number(back))}`;
  }
  const [before, after] = String(Number(x.toPrecision(6))).split(".");
  return grouped(before) + (after ? `.${after}` : "");
};
// Exactly where that is possible in a few digits, and else with a sign that says so.
const decimal = a => {
  if (typeof a !== "object") return null;
  for (let places = 1n; places <= 6n; places += 1n) {
    const scaled = X.mul(a, 10n ** places);
    if (typeof scaled !== "bigint") continue;
    const digits = String(scaled < 0n ? -scaled : scaled).padStart(Number(places) + 1, "0");
    return `${scaled < 0n ? "−" : ""}${grouped(digits.slice(0, -Number(places)))}.${digits.slice(-Number(places))}`;
  }
  return null;
};
const written = a => typeof a === "bigint" ? (a < 0n ? "−" : "") + grouped(String(a < 0n ? -a : a)) : decimal(a) || `≈ ${short(X.double(a))}`;
const typed = a => typeof a === "bigint" ? grouped(String(a)) : decimal(a) || `${a.n}/${a.d}`;
const bare = a => typed(a).replace(/,/g, "");

// ---- the state

const starts = sizes.map(size => read(size.start, size.whole));
let values = [...starts], doubles = values.map(X.double), x = DATA.x, y = DATA.y, scaled = false;
const stops = sizes.map((size, k) => {
  const start = starts[k];
  if (!size.whole) {
    const near = Array.from({length: 49}, (_, n) => n === 24 ? start : read(String(Number((X.double(start) * 2 ** ((n - 24) / 4)).toPrecision(3))), false));
    return near.filter(value => value !== null);
  }
  const top = start * 1024n, found = new Set();
  for (let step = 1n; step <= 4n * top; step *= 2n)
    for (const quarter of [4n, 5n, 6n, 7n]) if ((quarter * step) % 4n === 0n) found.add(quarter * step / 4n);
  for (let more = start; more <= top; more *= 2n) found.add(more);
  for (let less = start; less % 2n === 0n; less /= 2n) found.add(less);
  return [...found].filter(value => value <= top || value <= 1024n).sort((a, b) => (a > b) - (a < b));
});
const nearest = k => {
  let best = 0;
  stops[k].forEach((stop, n) => {
    if (Math.abs(Math.log(X.double(stop) / doubles[k])) < Math.abs(Math.log(X.double(stops[k][best]) / doubles[k]))) best = n;
  });
  return best;
};
const set = (k, value) => { values[k] = value; doubles[k] = X.double(value); };

const number = exact => {
  try {
    const a = exact(values);
    if (typeof a === "number" && !Number.isFinite(a)) return null;
    return typeof a === "bigint" && a.toString(16).length * 4 > MOST_BITS ? null : a;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
};
const HOLDS = {
  order: (left, right) => X.compare(left, right) <= 0,
  equal: (left, right) => X.compare(left, right) === 0,
  divides: (divisor, dividend) => X.divides(divisor, dividend),
};
const holds = k => {
  const left = number(SIDES[k][0]), right = number(SIDES[k][1]);
  return left === null || right === null || HOLDS[facts[k].kind](left, right);
};
const drawnAt = (terms, at) => { let sum = 0; for (const term of terms) sum += term(at); return sum; };

// ---- the address

let saying = "";
const address = () => {
  const parts = sizes.map((size, k) => [size.key, bare(values[k])]);
  parts.push(["x", sizes[x] ? sizes[x].key : ""], ["y", quantities[y].name]);
  if (scaled) parts.push(["bars", "scale"]);
  return "#" + parts.map(pair => pair.map(encodeURIComponent).join("=")).join("&");
};
const remember = () => {
  try { history.replaceState(null, "", address()); } catch { /* a page inside another may not have an address */ }
};
const called = text => { // a size as the file has it, or as the page shows it where that is one
  const k = sizes.findIndex(size => size.key === text), shown = sizes.filter(size => size.name === text);
  return k < 0 && shown.length === 1 ? sizes.indexOf(shown[0]) : k;
};
const recall = () => {
  if (!location.hash.includes("=")) return;
  const wrong = [];
  for (const part of location.hash.slice(1).split("&")) {
    let key, text;
    try { [key, text = ""] = part.split("=").map(decodeURIComponent); } catch { wrong.push(part); continue; }
    const k = called(key);
    const value = k < 0 ? null : read(text, sizes[k].whole);
    const names = called(text), quantity = quantities.findIndex(q => q.name === text);
    if (value !== null) set(k, value);
    else if (k < 0 && key === "x" && names >= 0) x = names;
    else if (k < 0 && key === "y" && quantity >= 0) y = quantity;
    else if (k < 0 && key === "bars" && text === "scale") scaled = true;
    else wrong.push(part);
  }
  saying = wrong.length ? `The address says ${wrong.map(part => `“${part}”`).join(", ")}, which is nothing here.` : "";
};

// ---- values

const ranges = all(".sizes input[type=range]"), fields = all(".sizes input[type=text]");
const cells = all(".values tbody tr").map(row => all("td", row).map(cell => {
  const value = document.createElement("output");
  value.setAttribute("aria-live", "off");
  cell.append(value);
  return value;
}));
const broken = all(".broken li"), said = one(".said");
let kept = [], figures = [];
const showValues = () => {
  kept = facts.map((_, k) => holds(k));
  broken.forEach((line, k) => { line.hidden = kept[k]; });
  figures = models.map((model, i) => model.entries.map((entry, j) => {
    const right = entry.facts.every(k => kept[k]);
    const value = right && entry.figure >= 0 ? number(EXACTLY[entry.figure]) : null;
    const text = value !== null ? (entry.bound ? "at most " : "") + written(value) : right && entry.infinite ? "∞" : "–";
    if (cells[i][j].textContent !== text) cells[i][j].textContent = text;
    cells[i][j].classList.toggle("long", text.length > 24);
    return {right, value, text};
  }));
};
const showSizes = active => sizes.forEach((_, k) => {
  const text = typed(values[k]), place = String(nearest(k));
  if (fields[k] !== active) { fields[k].value = text; fields[k].removeAttribute("aria-invalid"); }
  if (ranges[k] !== active && ranges[k].value !== place) ranges[k].value = place;
  ranges[k].setAttribute("aria-valuetext", text);
});

// ---- bars

const rows = all(".bars .row");
let segments = [], track = 0;
const make = (tag, className, within) => { const made = document.createElement(tag); made.className = className; within.append(made); return made; };
const labelled = (label, element) => { element.innerHTML = labels[label][0]; return element; };
const makeBars = () => {
  one(".bars .what").textContent = quantities[y].title;
  segments = rows.map((row, i) => {
    const bar = one(".bar", row), rest = one(".rest", row);
    bar.textContent = rest.textContent = "";
    const taken = make("div", "taken", bar);
    const terms = models[i].entries[y].terms.map(label => {
      const part = make("div", "part", bar), name = labelled(label, make("span", "", part));
      const item = make("span", "item", rest);
      const sign = make("span", "", item);
      labelled(label, make("span", "", item));
      return {label, part, name, item, sign, share: make("span", "", item)};
    });
    return {bar, rest, taken, terms, total: one("output", row)};
  });
};
const percent = share => share >= 0.995 ? "100 %" : share >= 0.0995 ? `${Math.round(share * 100)} %` : share >= 0.00095 ? `${(share * 100).toFixed(1)} %` : "< 0.1 %";
const MOST_LISTED = 5;
const showBars = () => {
  const shares = segments.map((_, i) => {
    const entry = models[i].entries[y];
    if (figures[i][y].value === null || entry.figure < 0) return null;
    const parts = DRAWN[entry.figure].map(term => term(doubles));
    const whole = parts.reduce((sum, part) => sum + Math.max(0, part), 0);
    return whole > 0 && Number.isFinite(whole) ? {parts, whole} : null;
  });
  const largest = Math.max(...shares.map(share => share ? share.whole : 0));
  segments.forEach(({bar, rest, taken, terms, total}, i) => {
    total.textContent = figures[i][y].text;
    const share = shares[i];
    bar.hidden = !share;
    rest.hidden = !share;
    if (!share) return;
    const across = scaled ? share.whole / largest : 1;
    bar.style.width = `${100 * across}%`;
    const order = terms.map((_, n) => n).sort((a, b) => Math.abs(share.parts[b]) - Math.abs(share.parts[a]));
    let away = 0, count = 0;
    for (const n of order) {
      const {label, part, name, item, sign, share: told} = terms[n], size = share.parts[n] / share.whole;
      const room = size * across * track;
      part.hidden = !(room > 0.3);
      part.style.flexGrow = String(Math.max(0, size));
      name.hidden = !(room > labels[label][1] * 15 + 12);
      if (size < 0) away -= size;
      const told_here = size < 0 || (size > 0 && terms.length > 1 && count < MOST_LISTED);
      item.hidden = !told_here;
      if (!told_here) continue;
      count += 1;
      sign.textContent = size < 0 && !labels[label][2].startsWith("−") ? "less " : "";
      told.textContent = ` ${percent(Math.abs(size))}`;
    }
    taken.hidden = away <= 0;
    taken.style.width = `${100 * Math.min(1, away)}%`;
  });
};

// ---- the plot

const plot = one(".plot svg"), caption = one(".plot figcaption"), turns = one(".turns");
const draw = (tag, className, within = plot) => { const made = document.createElementNS(SVG, tag); made.setAttribute("class", className); within.append(made); return made; };
const put = (element, attributes) => { for (const name in attributes) element.setAttribute(name, attributes[name]); return element; };
const grid = draw("g", "grid"), here = draw("line", "here"), now = draw("text", "now"), lines = draw("g", ""), dots = draw("g", ""), names = draw("g", "");
put(now, {"text-anchor": "middle"});
const curves = models.map((model, i) => {
  const looks = `line c${i % 8}`, dash = DASHES[i % 5];
  const line = put(draw("path", looks, lines), dash ? {"stroke-dasharray": dash} : {});
  return {line, spot: put(draw("circle", `spot c${i % 8}`, lines), {r: 3.5}), lead: draw("path", "lead", names), name: draw("text", `name c${i % 8}`, names)};
});
const crosses = [];
const heights = models.map(() => null);
let wide = 0, high = 0, box = {}, span = [], tall = [0, 1], ticked = "", found = [];

const wrapped = (name, most) => {
  const lines = [""];
  for (const piece of name.split(/(?<=[_.:\-\s])/)) {
    if (lines.at(-1) && lines.at(-1).length + piece.length > most) lines.push("");
    lines[lines.length - 1] += piece;
  }
  return lines.map(line => line.length > most ? `${line.slice(0, most - 1)}…` : line);
};
const measure = () => {
  wide = plot.parentElement.clientWidth;
  track = one(".bars").clientWidth;
  if (!wide) return;
  const small = wide < 480;
  high = small ? 320 : 400;
  plot.setAttribute("viewBox", `0 0 ${wide} ${high}`);
  plot.setAttribute("height", String(high));
  const most = small ? 15 : 26, room = Math.max(...models.map(model => Math.max(...wrapped(model.name, most).map(line => line.length))));
  box = {left: 44, right: wide - room * LETTER - 24, top: 38, bottom: high - 40};
  models.forEach((model, i) => {
    curves[i].name.textContent = "";
    curves[i].lines = wrapped(model.name, most);
    curves[i].lines.forEach((line, n) => put(draw("tspan", "", curves[i].name), {x: box.right + 18, dy: n ? LINE : 0}).textContent = line);
  });
  ticked = "";
};
const across = value => box.left + (box.right - box.left) * Math.log(value / span[0]) / Math.log(span[1] / span[0]);
const down = value => box.bottom - (box.bottom - box.top) * (Math.log10(value) - tall[0]) / (tall[1] - tall[0]);

const places = () => {
  const ends = [X.double(stops[x][0]), Math.max(X.double(stops[x].at(-1)), doubles[x])];
  span = [Math.min(ends[0], doubles[x]), ends[1]];
  const ratio = (span[1] / span[0]) ** (1 / (SAMPLES - 1)), at = [];
  for (let n = 0; n < SAMPLES; n += 1) {
    const exact = n === SAMPLES - 1 ? span[1] : span[0] * ratio ** n, value = sizes[x].whole ? Math.round(exact) : exact;
    if (value !== at.at(-1)) at.push(value);
  }
  return at;
};
// What keeps a figure from being drawn at all, or the test that a place along x must pass.
const admitted = entry => {
  const tests = [];
  for (const k of entry.facts) {
    if (!facts[k].sizes.includes(x)) { if (!kept[k]) return null; continue; }
    const [, , left, right] = SIDES[k];
    if (facts[k].kind === "order") tests.push(at => left(at) <= right(at) + CLOSE * Math.abs(right(at)));
    if (facts[k].kind === "equal") tests.push(at => Math.abs(left(at) - right(at)) <= CLOSE * Math.abs(right(at)));
  }
  return tests;
};
const sampled = at => models.map(model => {
  const entry = model.entries[y];
  if (entry.figure < 0) return {why: entry.infinite ? "infinite" : "without a closed form"};
  const tests = admitted(entry);
  if (!tests) return {why: "not admitted"};
  const where = [...doubles], terms = DRAWN[entry.figure];
  const ys = at.map(value => {
    where[x] = value;
    if (!tests.every(test => test(where))) return NaN;
    const found = drawnAt(terms, where);
    return Number.isFinite(found) ? found : NaN;
  });
  if (ys.every(value => !(value > 0))) return {why: ys.some(value => value === 0) ? "0" : "not admitted", ys};
  return {ys, terms};
});

// The sign of the difference of two figures at a place along x: exactly where doubles cannot tell.
const order = (i, j, value) => {
  const where = [...doubles], [one, other] = [i, j].map(n => models[n].entries[y].figure);
  where[x] = value;
  const a = drawnAt(DRAWN[one], where), b = drawnAt(DRAWN[other], where);
  if (Math.abs(a - b) > CLOSE * Math.max(Math.abs(a), Math.abs(b))) return Math.sign(a - b);
  if (!sizes[x].whole || !Number.isSafeInteger(value)) return 0;
  const before = values[x];
  values[x] = BigInt(value);
  const [left, right] = [number(EXACTLY[one]), number(EXACTLY[other])];
  values[x] = before;
  return left === null || right === null ? 0 : X.compare(left, right);
};
// The smallest whole number above low at which a test holds, which does hold at high.
const first = (low, high, test) => {
  while (high - low > 1) { const middle = Math.floor((low + high) / 2); if (test(middle)) high = middle; else low = middle; }
  return high;
};
const meeting = (i, j, low, high) => {
  const sign = order(i, j, low);
  for (let n = 0; n < 100; n += 1) { const middle = (low + high) / 2; if (order(i, j, middle) === sign) low = middle; else high = middle; }
  return high;
};
// A meeting that is a number of a few digits is that number, if the figures are equal there.
const recognised = (i, j, at) => {
  const near = at.toPrecision(6), before = values[x];
  values[x] = read(String(Number(near)), false);
  const [left, right] = values[x] === null ? [null, null] : [i, j].map(n => number(EXACTLY[models[n].entries[y].figure]));
  values[x] = before;
  return left !== null && right !== null && X.compare(left, right) === 0 ? {at: Number(near), met: true} : {at};
};
const continuous = (i, j, at) => {
  const where = [...doubles];
  where[x] = at;
  const [a, b] = [i, j].map(n => drawnAt(DRAWN[models[n].entries[y].figure], where));
  return Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b));
};
// Where the order of two figures changes: the place, and the words for it.
const turning = (i, j, low, high, sign) => {
  if (!sizes[x].whole || high > Number.MAX_SAFE_INTEGER) return {...recognised(i, j, meeting(i, j, low, high)), i, j, sign};
  const equal = first(low, high, value => order(i, j, value) !== sign);
  const after = first(equal - 1, high, value => order(i, j, value) === -sign);
  if (after > equal) return {at: equal, equal, after, i, j, sign};
  const between = meeting(i, j, equal - 1, equal);
  return {...(continuous(i, j, between) ? recognised(i, j, between) : {at: equal}), after, i, j, sign};
};
const crossings = (at, drawn) => {
  const result = [];
  for (let i = 0; i < models.length; i += 1) for (let j = i + 1; j < models.length; j += 1) {
    const a = drawn[i].ys, b = drawn[j].ys;
    if (!a || !b) continue;
    let last = -1, sign = 0;
    for (let n = 0; n < at.length; n += 1) {
      if (Number.isNaN(a[n]) || Number.isNaN(b[n])) { sign = 0; continue; }
      const gap = a[n] - b[n], now = Math.abs(gap) <= CLOSE * Math.max(Math.abs(a[n]), Math.abs(b[n])) ? order(i, j, at[n]) : Math.sign(gap);
      if (!now) continue;
      if (sign && now !== sign) result.push(turning(i, j, at[last], at[n], sign));
      last = n; sign = now;
    }
  }
  return result.map(turn => {
    const where = [...doubles];
    where[x] = turn.at;
    return {...turn, height: drawnAt(DRAWN[models[turn.i].entries[y].figure], where)};
  });
};

const power = n => n >= 0 && n < 4 ? grouped(String(10 ** n)) : `10${raised(n)}`;
const decades = (low, high, most) => {
  const step = Math.max(1, Math.ceil((high - low) / most)), found = [];
  for (let n = Math.ceil(low / step) * step; n <= high + 1e-9; n += step) found.push(n);
  return found;
};
const tick = () => {
  const key = [wide, x, y, ...span, ...tall].join();
  if (key === ticked) return;
  ticked = key;
  grid.textContent = "";
  const text = (words, attributes, className = "tick") => { put(draw("text", className, grid), attributes).textContent = words; };
  for (const n of decades(tall[0], tall[1], 7)) {
    const at = down(10 ** n);
    put(draw("line", "rule", grid), {x1: box.left, x2: box.right, y1: at, y2: at});
    text(power(n), {x: box.left - 6, y: at + 4, "text-anchor": "end"});
  }
  for (const n of decades(Math.log10(span[0]), Math.log10(span[1]), wide < 480 ? 4 : 8)) {
    const at = across(10 ** n);
    put(draw("line", "rule", grid), {x1: at, x2: at, y1: box.top, y2: box.bottom});
    text(power(n), {x: at, y: box.bottom + 16, "text-anchor": "middle"});
  }
  text(sizes[x].title, {x: (box.left + box.right) / 2, y: high - 6, "text-anchor": "middle"}, "title");
  text(quantities[y].title, {x: 0, y: 11}, "title");
};
// A line through the points, without those that lie on the straight way that the line has taken since the last one.
const path = points => {
  let text = "", last = null, before = null, way = null, pen = false;
  const to = ([px, py]) => { text += `${pen ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`; pen = true; };
  for (const point of [...points, null]) {
    if (point && last && before) {
      const [u, v] = [point[0] - before[0], point[1] - before[1]];
      if (Math.abs(way[0] * v - way[1] * u) < 0.25 * Math.hypot(...way)) { last = point; continue; }
    }
    if (last) { to(last); before = last; }
    if (!point) { pen = false; before = null; }
    else if (!last) { to(point); before = point; }
    way = point && before ? [point[0] - before[0], point[1] - before[1]] : null;
    last = point;
  }
  return text;
};
// How high a line is at every COLUMN pixels.
const columns = points => {
  const found = new Float32Array(Math.ceil(wide / COLUMN) + 1).fill(NaN);
  points.forEach((point, n) => {
    const next = points[n + 1];
    if (!point || !next) return;
    for (let k = Math.ceil(point[0] / COLUMN); k * COLUMN <= next[0]; k += 1) {
      found[k] = point[1] + (next[1] - point[1]) * (next[0] > point[0] ? (k * COLUMN - point[0]) / (next[0] - point[0]) : 0);
    }
  });
  return found;
};
// How many columns of a label lie on lines.
const covered = (px, py, size) => {
  let count = 0;
  for (const line of heights) for (let k = Math.floor(px / COLUMN); line && k * COLUMN <= px + size; k += 1) {
    if (line[k] > py - 13 && line[k] < py + 5) count += 1;
  }
  return count;
};
// Names beside the ends of their lines, moved apart where they would touch.
const spread = ends => {
  ends.sort((a, b) => a.at - b.at);
  let low = box.top - 8;
  for (const end of ends) { end.top = Math.max(low, end.at - end.size / 2); low = end.top + end.size; }
  let limit = box.bottom + 24;
  for (const end of [...ends].reverse()) { end.top = Math.min(end.top, limit - end.size); limit = end.top; }
};
const gaps = (drawn, at) => {
  const left = {};
  drawn.forEach(({why}, i) => { if (why) (left[why] = left[why] || []).push(models[i].name); });
  const words = {"0": "0, which no logarithm has", infinite: "infinite", "without a closed form": "without a closed form", "not admitted": "not admitted at these sizes"};
  return Object.keys(left).map(why => `${left[why].join(", ")}: ${words[why]}.`).join(" ");
};
const showPlot = () => {
  if (!wide || !sizes.length) return;
  const at = places(), drawn = sampled(at), shown = drawn.flatMap(curve => curve.why ? [] : curve.ys.filter(value => value > 0));
  let low = Infinity, top = 0;
  for (const value of shown) { if (value < low) low = value; if (value > top) top = value; }
  tall = shown.length ? [Math.floor(Math.log10(low) + 1e-9), Math.ceil(Math.log10(top) - 1e-9)] : [0, 1];
  if (tall[0] === tall[1]) tall = [tall[0] - (tall[0] > 0 ? 1 : 0), tall[1] + 1];
  tick();
  const ends = [];
  drawn.forEach(({why, ys, terms}, i) => {
    const {line, spot, lead, name, lines} = curves[i];
    for (const element of [line, spot, lead, name]) element.style.display = why ? "none" : "";
    heights[i] = null;
    if (why) return;
    const points = ys.map((value, n) => value > 0 ? [across(at[n]), down(value)] : null);
    line.setAttribute("d", path(points));
    heights[i] = columns(points);
    const end = points.findLast(point => point);
    const current = figures[i][y].value === null ? 0 : drawnAt(terms, doubles);
    if (current > 0) put(spot, {cx: across(doubles[x]), cy: down(current)}); else spot.style.display = "none";
    ends.push({i, at: end[1], end, size: lines.length * LINE + 3});
  });
  spread(ends);
  for (const {i, end, top, size} of ends) {
    const middle = top + size / 2;
    put(curves[i].name, {y: top + 11});
    for (const part of [curves[i].name.firstChild]) put(part, {y: top + 11});
    put(curves[i].lead, {d: `M${end[0].toFixed(1)} ${end[1].toFixed(1)}L${box.right + 6} ${middle.toFixed(1)}H${box.right + 14}`});
  }
  const spot = across(doubles[x]);
  put(here, {x1: spot, x2: spot, y1: box.top - 2, y2: box.bottom});
  now.textContent = `${sizes[x].name} = ${typed(values[x])}`;
  put(now, {x: Math.max(box.left + 40, Math.min(box.right - 10, spot)), y: box.top - 6});
  found = crossings(at, drawn);
  showCrossings();
  caption.textContent = gaps(drawn, at);
};
const showCrossings = () => {
  const taken = [], spots = found.map(turn => [across(turn.at), down(turn.height)]);
  while (crosses.length < found.length) crosses.push({dot: put(draw("circle", "cross", dots), {r: 4.5}), label: draw("text", "at", dots)});
  crosses.forEach(({dot, label}, n) => {
    const turn = found[n];
    dot.style.display = label.style.display = turn && turn.height > 0 ? "" : "none";
    if (!turn || !(turn.height > 0)) return;
    const cx = across(turn.at), cy = down(turn.height), text = place(turn), size = text.length * BOLD;
    put(dot, {cx, cy});
    const same = taken.some(other => other.text === text && Math.abs(other.cx - cx) < 1 && Math.abs(other.cy - cy) < 1);
    let best = null;
    if (!same) for (const [dx, dy, worse] of [[8, 0, 0], [-8 - size, 0, 1], [-size / 2, 4, 2]]) for (const far of [5, -9, 17, -21, 30, -34]) {
      const px = cx + dx, py = cy + far + (far > 0 ? 9 + dy : -dy);
      const inside = px > box.left && px + size < box.right && py > box.top + 10 && py < box.bottom - 2;
      if (!inside || !taken.every(other => px > other.x + other.size + 6 || px + size + 6 < other.x || Math.abs(py - other.y) > LINE)) continue;
      const over = spots.filter(([u, v]) => u > px - 5 && u < px + size + 5 && v > py - 15 && v < py + 6).length;
      const cost = worse + Math.abs(far) / 4 + 3 * covered(px, py, size) + 12 * over;
      if (!best || cost < best.cost) best = {x: px, y: py, cost};
    }
    // Among many a label that would lie on lines and dots is left out: the list below has them all.
    if (!best || (found.length > 4 && best.cost > 14)) { label.style.display = "none"; return; }
    taken.push({...best, size, text, cx, cy});
    label.textContent = text;
    put(label, {x: best.x, y: best.y});
  });
};
// A few digits are enough on the plot, but what is no whole number does not look like one; the list has more.
const place = ({at, met}) => {
  if (Number.isSafeInteger(at)) return grouped(String(at));
  if (met) return short(at);
  const few = at < 100 ? Number(at.toPrecision(4)) : Math.round(at);
  return `≈ ${at < 100 && Number.isInteger(few) ? short(at) : at < 1e15 ? typed(read(String(few), false)) : short(at)}`;
};

// ---- words, a moment after the last move

// Turns at one place with the same models before it are told together, and so are those with the same after it.
const told = () => {
  const joined = (turns, by, to) => {
    const together = new Map();
    for (const turn of turns) {
      const key = [turn.at, turn.met, turn.equal, turn.after, ...turn[by]].join(), known = together.get(key);
      if (known) known[to] = [...known[to], ...turn[to]]; else together.set(key, {...turn});
    }
    return [...together.values()];
  };
  const each = found.map(({i, j, sign, ...turn}) => ({...turn, before: [sign < 0 ? i : j], then: [sign < 0 ? j : i]}));
  return joined(joined(each, "before", "then"), "then", "before").sort((a, b) => a.at - b.at);
};
const listed = of => of.flatMap((model, n) => n ? [n < of.length - 1 ? ", " : " and ", {model}] : [{model}]);
const words = ({at, met, equal, after, before, then}) => {
  const exact = after !== undefined, mark = value => `${sizes[x].name}\u00a0${exact || met ? "=" : "≈"}\u00a0${exact ? grouped(String(value)) : short(value)}`;
  const need = before.length > 1 ? "need" : "needs", does = then.length > 1 ? "do" : "does";
  const [start, turn, end] = !exact ? ["Below " + mark(at), "above it", "."]
    : equal === undefined ? ["Up to " + mark(after - 1), `from ${mark(after)} on`, "."]
    : after === equal + 1 ? ["Below " + mark(equal), "above it", "; there they are equal."]
    : ["Below " + mark(equal), `from ${mark(after)} on`, "; between they are equal."];
  return [`${start} `, ...listed(before), ` ${need} less, ${turn} `, ...listed(then), ` ${does}${end}`];
};
const tell = () => {
  turns.textContent = "";
  for (const turn of told()) {
    const item = make("li", "", turns);
    for (const word of words(turn)) if (typeof word === "string") item.append(word); else make("code", "", item).textContent = models[word.model].name;
  }
  one(".turns-title").textContent = sizes.length ? `${quantities[y].title} along ${sizes[x].name}: ${found.length ? "where the order changes" : "the order of no two changes"}` : "";
  plot.setAttribute("aria-label", `${quantities[y].title} along ${sizes.length ? sizes[x].title : ""}, a line for each model, on logarithmic scales`);
  segments.forEach(({bar, terms}, i) => bar.setAttribute("aria-label", terms.filter(term => !term.item.hidden || !term.name.hidden).map(term => `${labels[term.label][2]}${term.share.textContent}`).join(", ")));
  const list = models.map((model, i) => `${model.name} ${figures[i][y].text}`).join("; ");
  const sized = sizes.map((size, k) => `${size.name} = ${typed(values[k])}`).join(", ");
  one(".live").textContent = `At ${sized}, ${quantities[y].title}: ${list}. ${broken.filter(line => !line.hidden).map(line => line.textContent).join(" ")}`;
};
let waiting = 0, asked = 0;
const redraw = () => { asked = 0; showValues(); showBars(); showPlot(); };
const changed = active => {
  showSizes(active);
  said.textContent = saying;
  if (!asked) asked = requestAnimationFrame(redraw);
  clearTimeout(waiting);
  waiting = setTimeout(() => { remember(); tell(); }, PATIENCE);
};

// ---- what a reader can do

ranges.forEach((range, k) => {
  range.max = String(stops[k].length - 1);
  range.addEventListener("input", () => { saying = ""; set(k, stops[k][Number(range.value)]); changed(range); });
});
fields.forEach((field, k) => {
  field.addEventListener("input", () => {
    const value = read(field.value, sizes[k].whole);
    saying = value === null ? `${sizes[k].name} is ${sizes[k].whole ? "a positive whole number" : "a positive number"} of at most ${MOST_DIGITS} digits: 4096, 2^12${sizes[k].whole ? "" : ", 0.5, 1/3"}.` : "";
    if (value === null) field.setAttribute("aria-invalid", "true"); else { field.removeAttribute("aria-invalid"); set(k, value); }
    changed(field);
  });
  field.addEventListener("change", () => { if (read(field.value, sizes[k].whole) !== null) showSizes(null); });
});
const ySelect = one("select.y"), xSelect = one("select.x"), scale = one("input.scale");
const chosen = () => { ySelect.value = String(y); if (xSelect) xSelect.value = String(x); scale.checked = scaled; makeBars(); };
ySelect.addEventListener("change", () => { y = Number(ySelect.value); makeBars(); changed(null); });
if (xSelect) xSelect.addEventListener("change", () => { x = Number(xSelect.value); changed(null); });
scale.addEventListener("change", () => { scaled = scale.checked; changed(null); });
const reset = one(".reset"), example = one(".example");
if (reset) reset.addEventListener("click", () => { saying = ""; starts.forEach((value, k) => set(k, value)); changed(null); });
if (example) {
  [...example.options].slice(1).forEach((option, i) => { option.textContent = models[i].name; });
  example.addEventListener("change", () => {
    saying = "";
    sizes.forEach((size, k) => { if (example.value in size.examples) set(k, read(size.examples[example.value], size.whole)); });
    example.value = "";
    changed(null);
  });
}
const link = one(".link"), copy = one(".copy");
copy.addEventListener("click", async () => {
  remember();
  const text = location.href.split("#")[0] + address();
  try {
    await navigator.clipboard.writeText(text);
    link.hidden = true;
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy link"; }, 2000);
  } catch {
    link.hidden = false;
    link.value = text;
    link.focus();
    link.select();
  }
});
addEventListener("hashchange", () => { if (location.hash.includes("=")) { recall(); chosen(); changed(null); } });
new ResizeObserver(() => { if (plot.parentElement.clientWidth !== wide) { measure(); if (!asked) asked = requestAnimationFrame(redraw); } }).observe(page);

recall();
page.hidden = false;
measure();
chosen();
showSizes(null);
said.textContent = saying;
redraw();
waiting = setTimeout(tell, PATIENCE);
