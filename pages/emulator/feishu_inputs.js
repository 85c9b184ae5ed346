// Buttons and inputs of a Feishu card. Values are read in the shapes that Feishu sends them in.

import { confirmed, h, link, words } from "./dom.js";
import { dropDown, labelled, ticks } from "./fields.js";

/** How a press names its component: by its callback value, and by its name where it has one. */
const identified = (item) => ({ value: callback(item) ?? {}, ...(item.name ? { name: item.name } : {}) });

const callback = (item) => item.behaviors?.find((one) => one.type === "callback")?.value ?? item.value;

export function button(item, ctx, scope) {
  const shape = `btn fs-${item.type ?? "default"} ${item.size ?? "medium"} ${item.width === "fill" ? "fill" : ""}`;
  const open = item.behaviors?.find((one) => one.type === "open_url");
  const url = open?.default_url || open?.pc_url || item.url;
  if (url && !item.disabled) return link(url, words(item.text), shape);
  const submits = item.form_action_type === "submit" || item.action_type === "form_submit";
  const resets = item.form_action_type === "reset";
  return h("button", {
    type: resets ? "reset" : "button", class: shape, disabled: Boolean(item.disabled), "data-name": item.name,
    title: words(item.hover_tips ?? item.disabled_tips) || null,
    onclick: resets ? null : async (event) => {
      const target = event.currentTarget;
      const missing = submits && scope.missing();
      if (missing) return ctx.toast(`请填写：${missing}`);
      if (item.confirm && !(await confirmed(words(item.confirm.title), words(item.confirm.text)))) return undefined;
      return ctx.press(identified(item), submits ? scope.values() : {}, target);
    },
  }, words(item.text));
}

const options = (item) => (item.options ?? []).map((option) => ({
  value: words(option.value), label: words(option.text) || words(option.value),
  chosen: (item.selected_values ?? []).includes(option.value),
}));

const people = (item, ctx) => {
  const listed = (item.options ?? []).map((option) => words(option.value)).filter(Boolean);
  const ids = listed.length ? listed : ctx.residents.map((resident) => resident.user);
  return ids.map((id) => ({ value: id, label: ctx.nameOf(id), chosen: (item.selected_values ?? []).includes(id) }));
};

function choose(item, list) {
  const control = dropDown(list, {
    chosen: words(item.initial_option), hint: words(item.placeholder), disabled: item.disabled, label: words(item.placeholder) || item.name,
  });
  return { node: control, read: () => control.value };
}

function several(item, list) {
  return ticks(list, { several: true, disabled: item.disabled, label: words(item.placeholder) });
}

function typed(item) {
  const multiline = item.input_type === "multiline_text";
  const control = h(multiline ? "textarea" : "input", {
    type: multiline ? null : item.input_type === "password" ? "password" : "text", rows: multiline ? Math.min(item.rows ?? 3, 4) : null,
    placeholder: words(item.placeholder), maxlength: item.max_length ?? 1000, disabled: item.disabled, value: words(item.default_value),
    "aria-label": words(item.label) || words(item.placeholder) || item.name,
  });
  return { node: control, read: () => control.value };
}

function moment(type, initial, wire) {
  return (item) => {
    const control = h("input", {
      type, value: words(item[initial]).replace(" ", "T"), disabled: item.disabled, "aria-label": words(item.placeholder) || item.name,
    });
    return { node: control, read: () => control.value && wire(control.value) };
  };
}

function tick(item) {
  const control = h("input", { type: "checkbox", checked: Boolean(item.checked), disabled: item.disabled });
  return { node: h("label", { class: "fs-checker" }, control, h("span", {}, words(item.text))), read: () => String(control.checked) };
}

const INPUTS = {
  input: typed,
  select_static: (item) => choose(item, options(item)),
  multi_select_static: (item) => several(item, options(item)),
  select_person: (item, ctx) => choose(item, people(item, ctx)),
  multi_select_person: (item, ctx) => several(item, people(item, ctx)),
  date_picker: moment("date", "initial_date", (value) => `${value} +0800`),
  picker_time: moment("time", "initial_time", (value) => `${value} +0800`),
  picker_datetime: moment("datetime-local", "initial_datetime", (value) => `${value.replace("T", " ")} +0800`),
  checker: tick,
};

/** Any input component; one outside a form with a callback answers as soon as it changes. */
export function input(item, ctx, scope) {
  const made = INPUTS[item.tag]?.(item, ctx);
  if (!made) return null;
  const label = words(item.label);
  scope.add(item.name, made.read, { required: item.required, label: label || words(item.placeholder) });
  const node = /^(?:INPUT|SELECT|TEXTAREA)$/.test(made.node.tagName) ? labelled(label, made.node, item.required) : made.node;
  if (callback(item) !== undefined) {
    node.addEventListener("change", (event) =>
      ctx.press(identified(item), { [item.name || "value"]: made.read() }, event.target));
  }
  return node;
}
