// DingTalk messages: text, markdown, action card, picture, link, and cards of Momentum's template
// (docs/dingtalk-card-template.md).

import { inner, leaflet, said, shown, unknown } from "./content.js";
import { h, link, picture } from "./dom.js";
import { dropDown, labelled, Scope, ticks } from "./fields.js";
import { markdown } from "./markdown.js";

const KINDS = {
  text: "text", sampleText: "text", markdown: "markdown", sampleMarkdown: "markdown", image: "image",
  sampleImageMsg: "image", link: "link", sampleLink: "link", file: "file", recalled: "recalled", card: "card", actionCard: "action", action_card: "action",
};

export function render(bubble, ctx) {
  const body = inner(bubble);
  switch (KINDS[bubble.kind] ?? (/^sampleActionCard/.test(bubble.kind) ? "action" : "")) {
    case "recalled": return h("p", { class: "gone" }, "消息已撤回");
    case "text": return said(String(body.content ?? body.text ?? ""));
    case "markdown": return h("div", { class: "said" }, formatted(body.text ?? body.content, ctx));
    case "image": return shown(bubble.body.media ?? body.photoURL ?? body.media_id);
    case "link": return leaflet({ title: body.title, text: body.text, url: body.messageUrl, image: body.picUrl });
    case "action": return action(body, ctx);
    case "file": return said(`📎 ${body.name ?? body.fileName ?? "文件"}`);
    case "card": return card(body.params ?? {}, bubble, ctx);
    default: return unknown(bubble);
  }
}

/** DingTalk breaks a line only after two blanks. In messages, not in cards, a dtmd link speaks. */
function formatted(text, ctx = null) {
  return markdown(text, { tight: true, follow: (url, label) => (ctx ? spoken(url, label, ctx) : null) });
}

/** A link that says its words for the person who taps it. */
function spoken(url, label, ctx) {
  if (!url.startsWith("dtmd://dingtalkclient/sendMessage")) return null;
  const text = new URLSearchParams(url.slice(url.indexOf("?") + 1)).get("content") ?? "";
  return h("button", {
    type: "button", class: "link say", title: `发送：${text}`, onclick: (event) => ctx.press({ dtmd: url }, {}, event.currentTarget),
  }, label);
}

function action(body, ctx) {
  const buttons = (body.btns ?? body.btn_json_list ?? []).map((item) => [item.title, item.actionURL ?? item.action_url]);
  for (let i = 1; i <= 6; i += 1) {
    if (body[`actionTitle${i}`]) buttons.push([body[`actionTitle${i}`], body[`actionURL${i}`]]);
    if (body[`buttonTitle${i}`]) buttons.push([body[`buttonTitle${i}`], body[`buttonUrl${i}`]]);
  }
  const single = body.singleTitle ?? body.single_title;
  if (single) buttons.push([single, body.singleURL ?? body.single_url]);
  return h("article", { class: "card dt" },
    h("div", { class: "card-body" }, formatted(body.text ?? body.markdown, ctx)),
    buttons.length > 0 && h("div", { class: "buttons n1" }, buttons.map(([label, url]) => link(url, label, "btn normal"))));
}

/** A template variable that is JSON text on the wire. */
function structure(value, otherwise) {
  if (typeof value !== "string") return value ?? otherwise;
  try {
    return JSON.parse(value) ?? otherwise;
  } catch {
    return otherwise;
  }
}

const flagged = (params, name, filled) => (params[name] === undefined ? filled : String(params[name]) === "true");

function card(params, bubble, ctx) {
  const buttons = structure(params.buttons, []);
  const fields = structure(params.form, {}).fields ?? [];
  const frozen = Boolean(bubble.greyed);
  return h("article", { class: "card dt" },
    params.title && h("header", { class: "dt-header", "data-tone": params.tone || "info" }, h("h3", {}, params.title)),
    h("div", { class: "card-body" },
      params.markdown && formatted(params.markdown),
      flagged(params, "has_picture", Boolean(params.picture)) && params.picture && picture(params.picture, params.title)),
    !frozen && flagged(params, "has_buttons", buttons.length > 0) && buttons.length > 0 && pressable(buttons, ctx),
    !frozen && flagged(params, "has_form", fields.length > 0) && fields.length > 0 && form(fields, params, ctx),
    (params.tip || bubble.greyed) && h("p", { class: "greyed" }, params.tip || bubble.greyed),
    params.note && h("p", { class: "note" }, params.note));
}

function pressable(buttons, ctx) {
  return h("div", { class: `buttons n${Math.min(buttons.length, 3)}` }, buttons.map((item) => h("button", {
    type: "button", class: `btn ${item.status ?? "normal"}`, "data-command": item.command,
    onclick: (event) => ctx.press({ id: "button", params: { command: item.command } }, {}, event.currentTarget),
  }, item.text)));
}

/** The form component: every field, hidden ones too, goes back by name. */
function form(fields, params, ctx) {
  const scope = new Scope();
  const nodes = fields.map((field) => one(field, scope));
  const send = (event) => {
    const missing = scope.missing();
    if (missing) return ctx.toast(`请填写：${missing}`);
    return ctx.press({ id: "form", params: {} }, scope.values(), event.currentTarget);
  };
  return h("form", { class: "dt-form", "aria-label": "表单", onsubmit: (event) => event.preventDefault() }, nodes,
    h("button", { type: "button", class: "btn primary fill", disabled: params.form_status === "disabled", onclick: send }, params.form_btn_text || "提交"));
}

const TYPES = { NUMBER: "number", DATE: "date", TIME: "time", DATETIME: "datetime-local" };

function one(field, scope) {
  const { name, label = "", type } = field;
  const rule = { required: field.required && !field.hidden, label: label || field.requiredMsg };
  const keep = (read) => scope.add(name, read, rule);
  if (field.hidden) {
    keep(() => String(field.defaultValue ?? ""));
    return null;
  }
  const options = (field.options ?? []).map((option) => ({ value: String(option.value), label: option.text ?? String(option.value), chosen: false }));
  if (type === "SELECT" || type === "CHECKBOX_GROUP") {
    const control = dropDown(options, { chosen: String(field.defaultValue?.value ?? field.defaultValue ?? ""), hint: field.placeholder, disabled: field.readOnly });
    keep(() => control.value);
    return labelled(label, control, rule.required);
  }
  if (type === "MULTI_SELECT" || type === "MULTI_CHECKBOX_GROUP") {
    const chosen = field.defaultValue?.value ?? [];
    const group = ticks(options.map((option) => ({ ...option, chosen: chosen.includes(option.value) })), { several: true, label, disabled: field.readOnly });
    keep(group.read);
    return group.node;
  }
  if (type === "CHECKBOX" || type === "SWITCH") {
    const box = h("input", { type: "checkbox", checked: field.defaultValue === true, disabled: field.readOnly });
    keep(() => String(box.checked));
    return h("label", { class: "fs-checker" }, box, h("span", {}, label));
  }
  const control = h(type === "TEXT_AREA" ? "textarea" : "input", {
    type: type === "TEXT_AREA" ? null : TYPES[type] ?? "text", rows: type === "TEXT_AREA" ? field.minRows ?? 3 : null,
    placeholder: field.placeholder, value: String(field.defaultValue ?? ""), readonly: field.readOnly,
  });
  keep(() => control.value);
  return labelled(label, control, rule.required);
}
