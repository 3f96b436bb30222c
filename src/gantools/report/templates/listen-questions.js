// Questions as elements: radio buttons in a fieldset, sliders and texts with labels of their own.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (typeof value === "boolean") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// A question on one clip. `get` and `set` read and write its answer; `id` is unlike any other on the page.
function questionElement(question, id, title, get, set, options) {
  const draw = { scale: drawScale, choice: drawChoice, slider: drawSlider, text: drawText, preferred: drawPreferred };
  const made = draw[question.kind](question, id, title, get, set, options);
  made.dataset.question = question.name;
  return made;
}

function radio(id, value, text, get, set) {
  const input = element("input", { type: "radio", name: id, id: id + "-" + value, change: () => set(value) });
  input.checked = get() === value;
  return element("label", { for: id + "-" + value }, input, text);
}

function group(title, kind, ...children) {
  return element("fieldset", {}, element("legend", {}, title), ...children.slice(0, -1),
    element("div", { class: kind }, ...children.at(-1)));
}

function ends(question) {
  return element("p", { class: "ends" }, element("span", {}, question.left), element("span", {}, question.right));
}

function drawScale(question, id, title, get, set) {
  const values = Array.from({ length: question.high - question.low + 1 }, (_, n) => question.low + n);
  return group(title, "scale", ends(question), values.map((value) => radio(id, value, String(value), get, set)));
}

function drawChoice(question, id, title, get, set) {
  const parts = question.choices.map((value) => radio(id, value, value, get, set));
  if (question.other) {
    const own = () => String(get() ?? "").startsWith(test.other.trim());
    const text = element("input", { type: "text", "aria-label": title + " Other, in your words", maxlength: "500" });
    const box = element("input", { type: "radio", name: id, id: id + "-other" });
    box.checked = own();
    text.value = own() ? get().slice(test.other.length) : "";
    const take = () => set((test.other + text.value).slice(0, 500));
    box.addEventListener("change", () => { take(); text.focus(); });
    text.addEventListener("input", () => { box.checked = true; take(); });
    parts.push(element("label", { for: id + "-other" }, box, "other:"), text);
  }
  return group(title, "choice", parts);
}

function drawPreferred(question, id, title, get, set, options) {
  const parts = options.map(([value, text]) => radio(id, value, text, get, set));
  return group(title, "choice", [...parts, radio(id, test.neither, "no preference", get, set)]);
}

// A slider says nothing until it was moved: its middle is no answer.
function drawSlider(question, id, title, get, set) {
  const known = get() !== undefined;
  const middle = Math.round((question.low + question.high) / 2);
  const shown = element("output", { for: id }, known ? String(get()) : "–");
  const input = element("input", { type: "range", id, min: question.low, max: question.high, step: 1 });
  input.value = known ? get() : middle;
  input.classList.toggle("unset", !known);
  if (!known) input.setAttribute("aria-valuetext", "not answered");
  const take = () => {
    input.classList.remove("unset");
    input.removeAttribute("aria-valuetext");
    shown.textContent = input.value;
    set(Number(input.value));
  };
  input.addEventListener("input", take);
  // A click on the middle moves nothing, and is an answer all the same.
  input.addEventListener("click", take);
  return element("div", {}, element("label", { for: id }, title), ends(question),
    element("div", { class: "slider" }, input, shown));
}

function drawText(question, id, title, get, set) {
  const area = element("textarea", { id, rows: 2, maxlength: "4000", input: () => set(area.value.trim()) });
  area.value = get() ?? "";
  return element("div", {}, element("p", {}, element("label", { for: id }, title)), area);
}
