// The table component of a Feishu card, a page at a time.

import { h, words } from "./dom.js";
import { markdown } from "./markdown.js";
import { day } from "./time.js";

export function table(item, ctx) {
  const size = item.page_size ?? 5;
  const rows = item.rows ?? [];
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const body = h("tbody");
  const place = h("span", { "aria-live": "polite" });
  let page = 0;

  function turn(by) {
    page = Math.min(pages - 1, Math.max(0, page + by));
    place.textContent = `${page + 1} / ${pages}`;
    body.replaceChildren(...rows.slice(page * size, (page + 1) * size).map((row) =>
      h("tr", {}, item.columns.map((column) => h("td", { "data-align": column.horizontal_align }, cell(row[column.name], column, ctx))))));
  }

  turn(0);
  const step = (by, label, sign) => h("button", { type: "button", "aria-label": label, onclick: () => turn(by) }, sign);
  return h("div", { class: "fs-table" },
    h("div", { class: "table-wrap", tabindex: 0, role: "region", "aria-label": "表格" }, h("table", {},
      h("thead", {}, h("tr", {}, item.columns.map((column) =>
        h("th", { scope: "col", "data-align": column.horizontal_align }, column.display_name ?? column.name)))), body)),
    pages > 1 && h("div", { class: "pager" }, step(-1, "上一页", "‹"), place, step(1, "下一页", "›")));
}

function cell(value, column, ctx) {
  if (value === undefined || value === null) return "";
  switch (column.data_type) {
    case "lark_md":
    case "markdown": return markdown(value, ctx);
    case "number": return figure(value, column.format);
    case "date": return day(Number(value));
    case "options": return [value].flat().map((one) =>
      h("span", { class: "pill", "data-ink": one.color ?? "neutral" }, words(one)));
    case "persons": return [value].flat().map((id) => ctx.nameOf(id)).join("、");
    default: return words(value);
  }
}

function figure(value, format = {}) {
  const number = Number(value);
  if (Number.isNaN(number)) return words(value);
  const digits = format.precision;
  return (format.symbol ?? "") + number.toLocaleString("zh-CN", {
    useGrouping: Boolean(format.separator),
    ...(digits === undefined ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  });
}
