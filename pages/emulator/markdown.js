// The platforms' markdown subsets as DOM. What a platform does not know stays as it was typed.

import { h, link, openable, picture } from "./dom.js";

const ENTITIES = {
  amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", ensp: "\u2002", emsp: "\u2003",
  ast: "*", lowbar: "_", lsqb: "[", rsqb: "]", lpar: "(", rpar: ")", num: "#", verbar: "|", grave: "`", sim: "~",
};

/** Words with entities turned into what they stand for; done last, so they are never markup. */
function plain(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (name) return ENTITIES[name.toLowerCase()] ?? whole;
    const code = parseInt(hex ?? decimal, hex ? 16 : 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const attribute = (source, name) =>
  new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`).exec(source)?.slice(1).find((v) => v !== undefined) ?? "";

const COLOUR = /^(#[0-9a-f]{3,8}|[a-z]+(-\d+)?)$/i;

function coloured(source, inner) {
  const colour = attribute(source, "color");
  const node = h("span", { class: "ink" }, inner);
  if (colour.startsWith("#") && COLOUR.test(colour)) node.style.color = colour;
  else if (COLOUR.test(colour)) node.dataset.ink = colour.replace(/-\d+$/, "").toLowerCase();
  return node;
}

const wrap = (tag, props) => (m, o) => h(tag, props, inline(m[1], o));
const opened = (url, label, o) =>
  o.follow?.(url, label) ?? (openable(url) ? link(url, label) : h("span", { class: "link" }, label));

// [where it may start, shape, what it becomes, "basic" if WeCom knows it too]
const RULES = [
  ["\\", /\\([\\`*_~{}[\]()#+\-.!<>|&])/y, (m) => m[1]],
  ["`", /`([^`\n]+)`/y, (m) => h("code", {}, plain(m[1])), "basic"],
  ["*", /\*\*(?=\S)([\s\S]+?)\*\*/y, wrap("strong"), "basic"],
  ["_", /__(?=\S)([\s\S]+?)__/y, wrap("strong")],
  ["~", /~~(?=\S)([\s\S]+?)~~/y, wrap("s")],
  ["*", /\*(?=[^\s*])([^*\n]+)\*/y, wrap("em")],
  ["!", /!\[([^\]]*)\]\(([^)\s]+)[^)]*\)/y, (m) => picture(m[2], plain(m[1]) || "图片")],
  ["[", /\[([^\]]+)\]\(([^)\s]+)[^)]*\)/y, (m, o) => opened(plain(m[2]), inline(m[1], o), o), "basic"],
  ["<", /<br\s*\/?>/y, () => h("br"), "basic"],
  ["<", /<hr\s*\/?>/y, () => h("hr")],
  ["<", /<font([^>]*)>([\s\S]*?)<\/font>/y, (m, o) => coloured(m[1], inline(m[2], o)), "basic"],
  ["<", /<text_tag([^>]*)>([\s\S]*?)<\/text_tag>/y,
    (m, o) => h("span", { class: "pill", "data-ink": attribute(m[1], "color") || "neutral" }, inline(m[2], o))],
  ["<", /<number_tag[^>]*>([\s\S]*?)<\/number_tag>/y, (m, o) => h("span", { class: "pill" }, inline(m[1], o))],
  ["<", /<a\b([^>]*)>([\s\S]*?)<\/a>/y, (m, o) => opened(plain(attribute(m[1], "href")), inline(m[2], o), o)],
  ["<", /<link\b([^>]*)>([\s\S]*?)<\/link>/y, (m, o) => opened(plain(attribute(m[1], "url")), inline(m[2], o), o)],
  ["<", /<at\b([^>]*)>([\s\S]*?)<\/at>/y, (m, o) => {
    const id = attribute(m[1], "user_id") || attribute(m[1], "id");
    return h("span", { class: "mention" }, `@${id === "all" ? "所有人" : plain(m[2]) || o.nameOf?.(id) || id}`);
  }],
  ["<", /<person\b([^>]*?)\/?>(?:<\/person>)?/y, (m, o) => h("span", { class: "mention" }, o.nameOf?.(attribute(m[1], "id")) ?? "")],
  ["<", /<local_datetime\b([^>]*?)\/?>(?:<\/local_datetime>)?/y, (m) =>
    new Date(Number(attribute(m[1], "millisecond"))).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai" })],
  ["<", /<raw>([\s\S]*?)<\/raw>/y, (m) => plain(m[1])],
];
const STARTS = new Set(RULES.map(([start]) => start));

/** Inline markup as a list of nodes and strings. */
export function inline(text, options = {}) {
  const nodes = [];
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (!STARTS.has(text[at])) continue;
    for (const [start, shape, made, basic] of RULES) {
      if (start !== text[at] || (options.basic && !basic)) continue;
      shape.lastIndex = at;
      const match = shape.exec(text);
      if (!match) continue;
      const end = shape.lastIndex; // read now: `made` may use the same shape further in
      nodes.push(plain(text.slice(from, at)), made(match, options));
      from = end;
      at = end - 1;
      break;
    }
  }
  nodes.push(plain(text.slice(from)));
  return nodes.filter((node) => node !== "");
}

/**
 * Block markup. Options: `follow(url, label)` may make the node of a special link, `nameOf(id)`
 * names a person, `tight: true` joins single line feeds as DingTalk does, `basic: true` knows only
 * what WeCom's markdown does: titles, quotes, bold, links, code, colours.
 */
export function markdown(text, options = {}) {
  const box = h("div", { class: "md" });
  const lines = String(text ?? "").replace(/\r/g, "").split("\n");
  let at = 0;
  const take = (shape) => {
    const from = at;
    while (at < lines.length && shape.test(lines[at])) at += 1;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at];
    let match;
    if (!line.trim()) at += 1;
    else if ((match = /^\s{0,3}(#{1,6})\s+(.*)$/.exec(line))) {
      box.append(h(`h${Math.min(6, match[1].length + 2)}`, { class: `h${match[1].length}` }, inline(match[2], options)));
      at += 1;
    } else if (options.basic && !/^\s*>/.test(line)) {
      box.append(paragraph(take(/^(?!\s*$|\s{0,3}#{1,6}\s|\s*>)/), options));
    } else if (/^\s*(-{3,}|\*{3,})\s*$/.test(line)) {
      box.append(h("hr"));
      at += 1;
    } else if (/^```/.test(line)) {
      at += 1;
      box.append(h("pre", {}, h("code", {}, take(/^(?!```)/).join("\n"))));
      at += 1;
    } else if (/^\s*>/.test(line)) {
      const quoted = take(/^\s*>/).map((row) => row.replace(/^\s*>\s?/, "")).join("\n");
      box.append(h("blockquote", {}, ...markdown(quoted, options).childNodes));
    } else if (/^\s*[-*+]\s+/.test(line)) box.append(list("ul", take(/^\s*[-*+]\s+/), options));
    else if (/^\s*\d+[.)]\s+/.test(line)) box.append(list("ol", take(/^\s*\d+[.)]\s+/), options));
    else if (/^\s*\|.*\|\s*$/.test(line)) box.append(grid(take(/^\s*\|/), options));
    else box.append(paragraph(take(/^(?!\s*$|\s{0,3}#{1,6}\s|\s*>|\s*[-*+]\s|\s*\d+[.)]\s|```|\s*\|.*\|\s*$|\s*-{3,}\s*$|\s*\*{3,}\s*$)/), options));
  }
  return box;
}

function paragraph(lines, options) {
  const hard = (row) => !options.tight || /\s{2,}$/.test(row);
  // The whole paragraph is read at once, so that a font tag may span lines.
  const joined = lines.map((row, i) => (i === lines.length - 1 ? row : row.trimEnd() + (hard(row) ? "<br>" : " "))).join("");
  return h("p", {}, inline(joined.trim(), options));
}

function list(tag, rows, options) {
  const start = tag === "ol" ? parseInt(rows[0], 10) : undefined;
  return h(tag, { start }, rows.map((row) => h("li", {}, inline(row.replace(/^\s*(?:[-*+]|\d+[.)])\s+/, ""), options))));
}

function grid(rows, options) {
  const cells = (row) => row.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const body = rows.filter((row) => !/^[\s|:-]+$/.test(row)).map(cells);
  const [head = [], ...rest] = body;
  return h("div", { class: "table-wrap" }, h("table", {},
    h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, inline(cell, options))))),
    h("tbody", {}, rest.map((row) => h("tr", {}, row.map((cell) => h("td", {}, inline(cell, options))))))));
}
