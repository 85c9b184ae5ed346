// Reading the part of a VChart specification that a message card uses.

const one = (field) => (Array.isArray(field) ? field[0] : field);
const number = (value) => (value === null || value === "" || Number.isNaN(Number(value)) ? null : Number(value));

function tables(spec) {
  const list = Array.isArray(spec.data) ? spec.data : [spec.data ?? {}];
  return list.map((item) => ({ id: item.id, values: item.values ?? (Array.isArray(item) ? item : []) }));
}

function axis(spec, ...orients) {
  return (spec.axes ?? []).find((item) => orients.includes(item.orient)) ?? {};
}

const bound = (item, which) => number(item[which] ?? item.range?.[which] ?? null);

/** A style value given plainly, or by series as VChart's ordinal mapping. */
function styled(style, key, name, index) {
  const value = style?.[key];
  if (!value || Array.isArray(value) || typeof value !== "object") return value;
  const range = value.range ?? [];
  const at = value.domain ? value.domain.indexOf(name) : index;
  return range[at < 0 ? 0 : at % (range.length || 1)];
}

function drawnBy(part, rows, across, colours, offset) {
  const xField = one(across ? part.yField : part.xField);
  const yField = one(across ? part.xField : part.yField);
  const groups = new Map();
  for (const row of rows) {
    const name = part.seriesField ? String(row[part.seriesField]) : part.name ?? "";
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push({ x: row[xField], y: number(row[yField]) });
  }
  return [...groups].map(([name, points], i) => {
    const style = part.line?.style;
    const dash = styled(style, "lineDash", name, i);
    const own = styled(style, "stroke", name, i) ?? styled(part.bar?.style, "fill", name, i);
    return {
      name, points, kind: part.type, index: offset + i,
      dash: Array.isArray(dash) && dash.some((length) => length > 0) ? dash.join(" ") : "",
      colour: typeof own === "string" ? own : colours[(offset + i) % (colours.length || 1)],
    };
  });
}

function markings(spec) {
  const lines = [spec.markLine ?? []].flat().map((line) => ({
    x: line.x, y: number(line.y), label: line.label?.text ?? "", colour: line.line?.style?.stroke,
  }));
  const points = [spec.markPoint ?? []].flat().filter((point) => point.coordinate).map((point) => ({
    x: Object.values(point.coordinate)[0], y: number(Object.values(point.coordinate)[1]),
    label: point.itemContent?.text?.text ?? "",
  }));
  return { lines, points };
}

/** Title, series, scales and marks of a cartesian chart, or the slices of a round one. */
export function readSpec(spec) {
  const data = tables(spec);
  const title = spec.title?.text ?? "";
  const colours = Array.isArray(spec.color) ? spec.color.filter((c) => typeof c === "string") : [];
  if (["pie", "circularProgress", "funnel", "linearProgress"].includes(spec.type)) {
    const name = spec.categoryField ?? (spec.type === "linearProgress" ? one(spec.yField) : undefined) ?? spec.seriesField;
    const value = spec.valueField ?? (spec.type === "linearProgress" ? one(spec.xField) : undefined) ?? one(spec.yField);
    const slices = data[0].values.map((row, i) => ({
      name: String(row[name] ?? ""), value: number(row[value]) ?? 0, colour: colours[i % (colours.length || 1)], index: i,
    }));
    return { type: spec.type, title, slices, hole: spec.innerRadius ?? 0 };
  }
  const across = spec.direction === "horizontal";
  const parts = spec.type === "common" ? spec.series ?? [] : [spec];
  const series = [];
  parts.forEach((part, i) => {
    const rows = (data.find((item) => part.dataId && item.id === part.dataId) ?? data[part.dataIndex ?? i] ?? data[0]).values;
    series.push(...drawnBy(part, rows, across, colours, series.length));
  });
  const base = axis(spec, ...(across ? ["left", "right"] : ["bottom", "top"]));
  const rise = axis(spec, ...(across ? ["bottom", "top"] : ["left", "right"]));
  return {
    type: spec.type, title, series, across, ...markings(spec),
    stacked: spec.stack === true,
    scale: base.type === "linear" || base.type === "time" ? base.type : "band",
    low: bound(rise, "min"), high: bound(rise, "max"),
    unit: rise.unit?.text ?? rise.title?.text ?? "",
  };
}
