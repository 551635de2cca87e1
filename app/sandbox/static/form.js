// Fields, menus, confirmations and the form that lies over the page.

import { el, render, words } from "./blocks.js";

const optionsOf = (element) =>
  (element.options || []).concat(...(element.option_groups || []).map((group) => group.options));
const label = (option) => option.text.text;
const whole = (option) => option.description ? `${label(option)} — ${option.description.text}` : label(option);

export function given(state) {
  if (!state) return null;
  if ("selected_options" in state) return (state.selected_options || []).map((option) => option.value);
  if ("selected_option" in state) return state.selected_option ? state.selected_option.value : null;
  return state.value ?? state.selected_user ?? state.selected_date ?? state.selected_time ?? null;
}

function menu(element, value, id, change, people) {
  const choices = element.type === "users_select"
    ? people.map((person) => ({ value: person.id, text: { text: person.name } })) : optionsOf(element);
  const toOption = (option) => el("option", { value: option.value, selected: option.value === value }, whole(option));
  const inside = element.option_groups
    ? element.option_groups.map((g) => el("optgroup", { label: g.label.text }, ...g.options.map(toOption)))
    : choices.map(toOption);
  const prompt = el("option", { value: "", selected: !value }, element.placeholder?.text || "Choose…");
  return el("select", { id, on: { change: (event) => change(event.target.value || null) } }, prompt, ...inside);
}

function ticks(element, value, id, change, kind) {
  const several = kind === "checkbox";
  const chosen = new Set(several ? value || [] : [value]);
  const tick = (option) => el("label", { class: "tick" },
    el("input", {
      type: kind, name: id, value: option.value, checked: chosen.has(option.value),
      on: { change: (event) => {
        if (!several) return change(option.value);
        event.target.checked ? chosen.add(option.value) : chosen.delete(option.value);
        return change([...chosen]);
      } },
    }),
    el("span", {}, label(option), option.description ? el("small", {}, option.description.text) : null));
  return el("div", { class: "ticks", id, role: several ? "group" : "radiogroup" }, ...optionsOf(element).map(tick));
}

// A menu that the bot fills: type, arrow down, Enter.
function lookup(element, value, id, change, ask) {
  const list = el("ul", { id: `${id}-list`, class: "hints", role: "listbox", hidden: true });
  let found = [], at = -1, asked = 0;
  const show = () => {
    list.replaceChildren(...found.map((option, place) => el("li", {
      role: "option", id: `${id}-${place}`, "aria-selected": String(place === at),
      on: { mousedown: (event) => { event.preventDefault(); take(place); } },
    }, label(option))));
    list.hidden = found.length === 0;
    if (!list.hidden) list.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (at >= 0) input.setAttribute("aria-activedescendant", `${id}-${at}`);
    else input.removeAttribute("aria-activedescendant");
  };
  const take = (place) => {
    const option = found[place];
    input.value = label(option);
    found = []; at = -1; show(); change(option.value, option);
  };
  const look = async (typed) => {
    const turn = ++asked;
    const options = await ask(typed);
    if (turn === asked) { found = options; at = -1; show(); }
  };
  const keys = (event) => {
    if (event.key === "ArrowDown" && list.hidden) look("");
    else if (event.key === "ArrowDown") at = Math.min(at + 1, found.length - 1);
    else if (event.key === "ArrowUp") at = Math.max(at - 1, 0);
    else if (event.key === "Enter" && at >= 0) take(at);
    else if (event.key === "Escape" && !list.hidden) found = [];
    else return;
    event.preventDefault(); event.stopPropagation(); show();
  };
  const input = el("input", {
    id, type: "text", role: "combobox", autocomplete: "off", "aria-expanded": "false", "aria-autocomplete": "list",
    "aria-controls": `${id}-list`, placeholder: element.placeholder?.text || "Type to search", value: value || "",
    on: { input: () => { change(null); look(input.value); }, keydown: keys, focus: () => look(""), blur: () => { found = []; show(); } },
  });
  return el("div", { class: "lookup" }, input, list);
}

const TYPES = { number_input: "number", email_text_input: "email", url_text_input: "url", datepicker: "date", timepicker: "time" };

// One thing that holds a value; `change(value, option)` hears what the person put there.
export function control(element, value, id, change, { ask, people }) {
  switch (element.type) {
    case "static_select": case "users_select": return menu(element, value, id, change, people);
    case "external_select": return lookup(element, value, id, change, ask);
    case "checkboxes": case "multi_static_select": return ticks(element, value, id, change, "checkbox");
    case "radio_buttons": return ticks(element, value, id, change, "radio");
    case "plain_text_input": {
      const common = {
        id, maxlength: element.max_length || 3000, placeholder: element.placeholder?.text,
        on: { input: (event) => change(event.target.value || null) },
      };
      if (!element.multiline) return el("input", { type: "text", value: value || "", ...common });
      return el("textarea", { rows: 3, ...common }, value || "");
    }
    default: {
      const type = TYPES[element.type] || "text";
      return el("input", { id, type, value: value || "", on: { input: (event) => change(event.target.value || null) } });
    }
  }
}

// Ask before an act, where the app wants that; true when the person agrees.
export function confirmed(dialog, asked, view) {
  if (!asked) return Promise.resolve(true);
  return new Promise((resolve) => {
    const end = (answer) => { dialog.close(); resolve(answer); };
    const style = asked.style === "danger" ? "danger" : "primary";
    dialog.replaceChildren(
      el("h2", { id: "confirm-title" }, asked.title?.text || "Are you sure?"),
      el("p", {}, words(asked.text, view)),
      el("div", { class: "modal-foot" },
        el("button", { type: "button", on: { click: () => end(false) } }, asked.deny?.text || "Cancel"),
        el("button", { type: "button", class: style, on: { click: () => end(true) } }, asked.confirm?.text || "Yes")));
    dialog.oncancel = (event) => { event.preventDefault(); end(false); };
    dialog.showModal();
  });
}

export class Form {
  // `hooks` is {submit(values), close(), press(block, element, given, values), ask(block, element, query, values), view()}
  constructor(dialog, hooks) {
    this.dialog = dialog;
    this.hooks = hooks;
    this.shown = null;
    this.values = {};
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); hooks.close(); });
  }

  update(form) {
    const stamp = form && JSON.stringify([form.id, form.hash, form.errors]);
    if (stamp === this.shown) return;
    if (!form) { this.shown = null; this.dialog.close(); this.dialog.replaceChildren(); this.back?.focus(); return; }
    const same = this.id === form.id && this.dialog.open;
    if (!same) { this.values = {}; this.offered = {}; }
    if (!this.dialog.open) this.back = document.activeElement;
    this.shown = stamp;
    this.id = form.id;
    // What was opened empty holds the focus itself: it goes to the first field as soon as there is one.
    const focused = same && document.activeElement !== this.dialog ? document.activeElement?.id : null;
    const caret = focused ? document.activeElement.selectionEnd : null;
    this.draw(form);
    if (!this.dialog.open) this.dialog.showModal();
    const wrong = this.dialog.querySelector("[aria-invalid=true]");
    const first = (focused && document.getElementById(focused)) || wrong
      || this.dialog.querySelector("input, select, textarea") || this.dialog.querySelector("button.primary");
    const next = wrong || first || this.dialog;
    next.focus();
    if (typeof next.value === "string" && /^(text|textarea)$/.test(next.type)) {
      const place = next.id === focused ? caret : next.value.length;
      next.setSelectionRange(place, place);
    }
  }

  draw(form) {
    const view = { ...this.hooks.view(), control: (b, e) => this.control(form, b, e), field: (b, e) => this.field(form, b, e) };
    const foot = el("div", { class: "modal-foot" },
      el("button", { type: "button", on: { click: () => this.hooks.close() } }, form.close?.text || "Cancel"),
      form.submit ? el("button", { type: "submit", class: "primary" }, form.submit.text) : null);
    const body = el("form", {
      novalidate: true, on: { submit: (event) => { event.preventDefault(); this.hooks.submit(this.values); } },
    }, el("div", { class: "modal-body" }, ...form.blocks.map((block) => render(block, view))), el("p", { class: "trouble", role: "alert", id: "modal-trouble" }), foot);
    this.dialog.replaceChildren(el("h2", { id: "modal-title" }, form.title.text), body);
  }

  trouble(text) {
    const place = document.getElementById("modal-trouble");
    if (place) place.textContent = text;
  }

  stored(form, block, element) {
    const mine = this.values[block.block_id];
    if (mine && element.action_id in mine) return mine[element.action_id];
    return given((form.values[block.block_id] || {})[element.action_id]);
  }

  input(form, block, element, dispatches) {
    const id = `f-${block.block_id}-${element.action_id}`;
    const change = (value, option) => {
      (this.values[block.block_id] ||= {})[element.action_id] = option || value;
      if (dispatches) this.hooks.press(block, element, option || value, this.values);
    };
    const value = this.stored(form, block, element);
    const first = element.type === "external_select" && element.initial_option;
    const option = value && value.text ? value : first && first.value === value ? first : null;
    const shown = option ? option.text.text : value;
    const ask = (query) => this.hooks.ask(block, element, query, this.values);
    return control(element, shown, id, change, { ask, people: this.hooks.view().people });
  }

  control(form, block, element) {
    if (element.type !== "button") return this.input(form, block, element, true);
    const style = element.style || "";
    return el("button", {
      type: "button", class: style, on: { click: () => this.hooks.press(block, element, null, this.values) },
    }, element.text.text);
  }

  field(form, block, element) {
    const node = this.input(form, block, element, block.dispatch_action);
    const id = `f-${block.block_id}-${element.action_id}`;
    const target = node.id === id ? node : node.querySelector(`[id="${id}"]`);
    const wrong = form.errors[block.block_id];
    const notes = [];
    if (block.hint) notes.push(el("p", { class: "hint", id: `${id}-hint` }, block.hint.text));
    if (wrong) notes.push(el("p", { class: "wrong", id: `${id}-wrong` }, wrong));
    target.setAttribute("aria-describedby", notes.map((note) => note.id).join(" "));
    if (wrong) target.setAttribute("aria-invalid", "true");
    if (!block.optional) target.setAttribute("aria-required", "true");
    const grouped = target.matches(".ticks");
    const title = el(grouped ? "span" : "label", { class: "label", for: grouped ? null : id, id: `${id}-label` },
      block.label.text, block.optional ? el("small", {}, " (optional)") : null);
    if (grouped) target.setAttribute("aria-labelledby", `${id}-label`);
    return el("div", { class: "block input", data: { block: block.block_id } }, title, node, ...notes);
  }
}
