// Charts of message cards, drawn as SVG.

import { readSpec } from "./chart_spec.js";
import { h, s } from "./dom.js";
import { day } from "./time.js";

const WIDTH = 256; // about a card's width on the phone, so that 10 px letters stay 10 px
const SHAPES = { "1:1": 1, "2:1": 0.5, "4:3": 0.75, "16:9": 0.5625 };
const PAD = { left: 30, right: 8, top: 14, bottom: 20 };
const UNIT_ROOM = 8;
const HEX = /^(#[0-9a-f]{3,8}|rgba?\([\d\s.,%]+\))$/i;

/** The element of a chart component: a figure with its title, drawing and legend. */
export function chart(component) {
  const spec = readSpec(component.chart_spec ?? {});
  const ratio = SHAPES[component.aspect_ratio] ?? SHAPES["16:9"];
  const px = parseInt(component.height, 10);
  const drawn = {
    pie: round, circularProgress: round, linearProgress: progress, funnel: progress,
  }[spec.type] ?? cartesian;
  return h("figure", { class: "chart" },
    spec.title && h("figcaption", {}, spec.title),
    drawn(spec, Math.round(px > 0 ? Math.min(px, 320) : Math.max(150, WIDTH * ratio))));
}

function ink(item) {
  return HEX.test(item.colour ?? "") ? item.colour : `var(--data-${item.index % 6})`;
}

function legend(items) {
  const named = items.filter((item) => item.name);
  return named.length > 0 && h("ul", { class: "legend" }, named.map((item) =>
    h("li", {}, h("i", { css: { background: ink(item) }, class: item.dash ? "dashed" : "" }), item.name, item.extra && h("b", {}, item.extra))));
}

const short = (value) => (Math.abs(value) >= 10000 ? `${+(value / 10000).toFixed(1)}万` : String(+value.toFixed(2)));

function progress(spec) {
  const most = spec.type === "funnel" ? Math.max(1, ...spec.slices.map((slice) => slice.value)) : 1;
  return h("div", { class: "progress" }, spec.slices.map((slice) => {
    const share = Math.min(1, Math.max(0, slice.value / most));
    const said = spec.type === "funnel" ? short(slice.value) : `${Math.round(slice.value * 100)}%`;
    return h("div", { role: "img", "aria-label": `${slice.name} ${said}` },
      h("span", {}, slice.name),
      h("span", { class: "track" }, h("i", { css: { width: `${share * 100}%`, background: ink(slice) } })),
      h("b", {}, said));
  }));
}

function round(spec, height) {
  const total = spec.type === "circularProgress" ? 1 : spec.slices.reduce((sum, slice) => sum + slice.value, 0) || 1;
  const radius = Math.min(height, 180) / 2 - 6;
  const hole = radius * (spec.type === "circularProgress" ? 0.75 : Math.min(0.9, spec.hole || 0));
  let from = 0;
  const arcs = spec.slices.map((slice) => {
    const to = from + Math.min(0.99999, slice.value / total);
    const path = s("path", { d: arc(radius, hole, from, to), css: { fill: ink(slice) } },
      s("title", {}, `${slice.name} ${short(slice.value)}`));
    from = to;
    return path;
  });
  const box = radius + 3;
  const named = spec.slices.map((slice) => ({ ...slice, extra: `${short(slice.value)} · ${Math.round((slice.value / total) * 100)}%` }));
  return h("div", { class: "round" },
    s("svg", { viewBox: `${-box} ${-box} ${2 * box} ${2 * box}`, role: "img", "aria-label": said(spec.title, spec.slices) }, arcs),
    legend(named));
}

function arc(outer, inner, from, to) {
  const at = (radius, share) => `${radius * Math.sin(2 * Math.PI * share)} ${-radius * Math.cos(2 * Math.PI * share)}`;
  const wide = to - from > 0.5 ? 1 : 0;
  return `M${at(outer, from)}A${outer} ${outer} 0 ${wide} 1 ${at(outer, to)}` +
    (inner ? `L${at(inner, to)}A${inner} ${inner} 0 ${wide} 0 ${at(inner, from)}Z` : "L0 0Z");
}

const said = (title, parts) => `${title || "图表"}：${parts.map((part) => part.name).filter(Boolean).join("、")}`;

function ticks(low, high, count) {
  const raw = (high - low) / count || 1;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * unit).find((k) => k >= raw);
  const list = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) list.push(+value.toFixed(10));
  return list;
}

function range(spec) {
  const stackedAt = new Map();
  const ys = spec.series.flatMap((line) => line.points.map((point) => {
    if (!spec.stacked) return point.y;
    stackedAt.set(point.x, (stackedAt.get(point.x) ?? 0) + (point.y ?? 0));
    return stackedAt.get(point.x);
  })).concat(spec.lines.map((line) => line.y)).filter((y) => y !== null);
  const low = spec.low ?? Math.min(0, ...ys);
  const top = spec.high ?? Math.max(...ys, low + 1);
  const marks = ticks(low, top, 4);
  const step = marks[1] - marks[0] || 1;
  return { low, high: spec.high ?? Math.ceil(top / step - 1e-9) * step };
}

function moment(scale, x) {
  return scale === "time" ? new Date(typeof x === "number" || /^\d+$/.test(x) ? Number(x) : x).getTime() : Number(x);
}

function cartesian(spec, height) {
  if (!spec.series.some((line) => line.points.length)) return h("p", { class: "hint" }, "没有数据");
  const { low, high } = range(spec);
  const names = [...new Set(spec.series.flatMap((line) => line.points.map((point) => String(point.x))))];
  const across = spec.across;
  const left = across ? Math.min(100, 14 + 11 * Math.max(...names.map((name) => name.length))) : PAD.left;
  const top = PAD.top + (spec.unit ? UNIT_ROOM : 0); // the unit stands above the highest label, not on it
  const area = { x: left, y: top, w: WIDTH - left - PAD.right, h: height - top - PAD.bottom };
  const [baseFrom, baseLong] = across ? [area.y, area.h] : [area.x, area.w];
  const rise = (y) => (across
    ? area.x + (area.w * (y - low)) / (high - low || 1)
    : area.y + area.h - (area.h * (y - low)) / (high - low || 1));
  const hasBars = spec.series.some((line) => line.kind === "bar");
  const slot = baseLong / names.length;
  let base = (x) => baseFrom + slot * (names.indexOf(String(x)) + 0.5);
  const told = names.filter((name) => name.replace(/[\u200b-\u200f\ufeff]/g, "").trim()); // blank names only keep distance
  const each = across ? 1 : Math.ceil(told.length / 7);
  let baseTicks = told.filter((_, i) => i % each === 0).map((name) => [base(name), name]);
  if (spec.scale === "band" && !hasBars && names.length > 1) {
    base = (x) => baseFrom + (baseLong * names.indexOf(String(x))) / (names.length - 1);
    baseTicks = baseTicks.map(([, name]) => [base(name), name]);
  } else if (spec.scale !== "band") {
    const xs = names.map((name) => moment(spec.scale, name));
    const [first, last] = [Math.min(...xs), Math.max(...xs)];
    base = (x) => baseFrom + (baseLong * (moment(spec.scale, x) - first)) / (last - first || 1);
    baseTicks = spec.scale === "time"
      ? [0, 0.5, 1].map((share) => [baseFrom + baseLong * share, day(first + (last - first) * share)])
      : ticks(first, last, 6).map((x) => [base(x), short(x)]);
  }
  const frame = { spec, area, rise, base, slot, across, low, high };
  return [
    s("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": said(spec.title, spec.series) },
      grid(frame, baseTicks), hasBars && bars(frame), spec.series.filter((line) => line.kind !== "bar").map((line) => curve(frame, line)),
      marks(frame)),
    spec.series.length > 1 && legend(spec.series),
  ];
}

function grid({ spec, area, rise, across, low, high }, baseTicks) {
  const levels = ticks(low, high, 4).map((y) => (across
    ? [s("line", { class: "grid", x1: rise(y), x2: rise(y), y1: area.y, y2: area.y + area.h }),
      s("text", { x: rise(y), y: area.y + area.h + 14, "text-anchor": "middle" }, short(y))]
    : [s("line", { class: "grid", x1: area.x, x2: area.x + area.w, y1: rise(y), y2: rise(y) }),
      s("text", { x: area.x - 5, y: rise(y) + 3, "text-anchor": "end" }, short(y))]));
  const labels = baseTicks.map(([at, label]) => (across
    ? s("text", { x: area.x - 6, y: at + 3, "text-anchor": "end" }, label)
    : s("text", {
      x: at, y: area.y + area.h + 14,
      "text-anchor": at + 5 * label.length > WIDTH ? "end" : at < 5 * label.length ? "start" : "middle",
    }, label)));
  return [levels, labels, spec.unit && s("text", { x: 4, y: 9 }, spec.unit)];
}

function bars({ spec, rise, base, slot, across, low }) {
  const drawn = spec.series.filter((line) => line.kind === "bar");
  const wide = Math.min(26, (slot * 0.64) / (spec.stacked ? 1 : drawn.length));
  const reached = new Map();
  return drawn.map((line, i) => line.points.filter((point) => point.y !== null).map((point) => {
    const foot = spec.stacked ? reached.get(point.x) ?? 0 : Math.max(0, low);
    const head = spec.stacked ? foot + point.y : point.y;
    reached.set(point.x, head);
    const start = base(point.x) + (spec.stacked ? -wide / 2 : (i - drawn.length / 2) * wide);
    const [a, b] = [rise(foot), rise(head)].sort((one, two) => one - two);
    const place = across
      ? { x: a, y: start, width: b - a, height: wide * 0.9 }
      : { x: start, y: a, width: wide * 0.9, height: b - a };
    return s("rect", { ...place, rx: 2, css: { fill: ink(line) } },
      s("title", {}, `${point.x} ${line.name} ${short(point.y)}`));
  }));
}

function curve({ spec, area, rise, base }, line) {
  const points = line.points.filter((point) => point.y !== null).map((point) => [base(point.x), rise(point.y), point]);
  const path = points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  const floor = area.y + area.h;
  const dots = points.length <= 15 && !line.dash;
  return [
    line.kind === "area" && points.length > 1 && s("path", {
      d: `${path}L${points.at(-1)[0]} ${floor}L${points[0][0]} ${floor}Z`, css: { fill: ink(line), opacity: 0.14 },
    }),
    s("path", { d: path, fill: "none", "stroke-width": 2, "stroke-linejoin": "round", "stroke-dasharray": line.dash || null, css: { stroke: ink(line) } }),
    dots && points.map(([x, y, point]) => s("circle", { cx: x, cy: y, r: 2.4, css: { fill: ink(line) } },
      s("title", {}, `${point.x} ${line.name} ${short(point.y)}${spec.unit}`))),
  ];
}

function marks({ spec, area, rise, base, across }) {
  const stroke = (mark) => ({ stroke: HEX.test(mark.colour ?? "") ? mark.colour : "var(--mark)" });
  const fillOf = (mark) => ({ fill: HEX.test(mark.colour ?? "") ? mark.colour : "var(--mark)" });
  const levels = spec.lines.filter((line) => line.y !== null && !across).map((line) => [
    s("line", { x1: area.x, x2: area.x + area.w, y1: rise(line.y), y2: rise(line.y), "stroke-dasharray": "4 3", css: stroke(line) }),
    s("text", { x: area.x + area.w, y: rise(line.y) - 4, "text-anchor": "end", css: fillOf(line) }, line.label)]);
  const moments = spec.lines.filter((line) => line.y === null && line.x !== undefined && !across).map((line) => [
    s("line", { x1: base(line.x), x2: base(line.x), y1: area.y, y2: area.y + area.h, "stroke-dasharray": "2 3", css: stroke(line) }),
    s("text", { x: base(line.x), y: area.y - 3, "text-anchor": base(line.x) > area.x + area.w / 2 ? "end" : "start", css: fillOf(line) }, line.label)]);
  const points = spec.points.filter((point) => point.y !== null).map((point) => [
    s("circle", { cx: base(point.x), cy: rise(point.y), r: 4, fill: "none", css: stroke(point) }),
    s("text", { x: base(point.x), y: rise(point.y) - 8, "text-anchor": "middle", css: fillOf(point) }, point.label)]);
  return [levels, moments, points];
}
