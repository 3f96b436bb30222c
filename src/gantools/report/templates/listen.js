// The course of a test: start, clips, pauses between blocks, questions to close with, the file.

const $ = (id) => document.getElementById(id);
const screens = ["start", "trial", "pause", "closing", "end"];
// What comes in which order, once a name is known: { kind, trial, number, of }.
let steps = [];
let order = [];
let since = 0;

function course(rater) {
  order = orderFor(rater);
  const practice = order.filter((trial) => trial.block === 0).length;
  const blocks = Math.max(0, ...order.map((trial) => trial.block));
  steps = [];
  order.forEach((trial, n) => {
    const before = order[n - 1];
    if (before && before.block !== trial.block) {
      const text = before.block === 0 ? "That was for practice. From here on answers count."
        : `Block ${before.block} of ${blocks} is done. Take a rest before the next one.`;
      steps.push({ kind: "pause", title: before.block === 0 ? "Now the test" : "A pause", text });
    }
    const number = trial.block === 0 ? n + 1 : n + 1 - practice;
    steps.push({ kind: "trial", trial, number, of: trial.block === 0 ? practice : order.length - practice });
  });
  if (test.closing.length) steps.push({ kind: "closing" });
  steps.push({ kind: "end" });
}

function show() {
  stop();
  const step = steps[state.at];
  for (const id of screens) $(id).hidden = id !== step.kind;
  $("missing").textContent = "";
  $("progress").hidden = $("moves").hidden = $("keys").hidden = false;
  $("progress").max = steps.length - 1;
  $("progress").value = state.at;
  $("back").hidden = state.at === 0;
  $("next").hidden = step.kind === "end";
  $("save").textContent = step.kind === "end" ? "Save results" : "Save results so far";
  const where = { pause: "Pause", closing: "Last questions", end: "Done" }[step.kind];
  $("where").textContent = where ?? `${step.trial.block === 0 ? "Practice" : "Clip"} ${step.number} of ${step.of}`;
  if (step.kind === "trial") showTrial(step);
  if (step.kind === "pause") {
    $("pause").querySelector("h2").textContent = step.title;
    $("pause").querySelector("p").textContent = step.text;
  }
  if (step.kind === "closing") {
    $("last").replaceChildren(...test.closing.map((question) => questionElement(question, question.name, question.text,
      () => state.closing[question.name], (value) => { state.closing[question.name] = value; keep(); })));
  }
  $(step.kind).querySelector("h2").focus();
  window.scrollTo(0, 0);
  since = Date.now();
  keep();
}

const letter = (n) => String.fromCharCode(65 + n);

function showTrial({ trial, number }) {
  prepare([...trial.references.map((one) => one.id), ...trial.stimuli]);
  $("title").textContent = (trial.block === 0 ? "Practice " : test.heard === "one" ? "Sample " : "Comparison ") + number;
  const named = trial.stimuli.map((id, n) => [id, test.heard === "one" ? "Play" : letter(n)]);
  const buttons = [...trial.references.map((one) => [one.id, one.label]), ...named].map(([id, text]) =>
    element("button", { type: "button", "data-clip": id, "aria-pressed": "false", click: () => toggle(id) }, text));
  $("players").replaceChildren(...buttons);
  $("position").value = 0;
  drawQuestions(trial, named);
  drawPlayers();
}

function drawQuestions(trial, named) {
  const about = test.heard === "pair" ? [["", ""]] : named;
  const redraw = test.questions.some((question) => question.when.length);
  const parts = about.flatMap(([clip, name]) => {
    const asks = test.questions.filter((question) => asked(question, state.answers[trial.id]?.[clip] ?? {}));
    const made = asks.map((question) => {
      const id = `${question.name}${test.heard === "several" ? "-" + name : ""}`;
      const set = (value) => {
        setAnswer(trial.id, clip, question.name, value);
        if (redraw && test.questions.some((other) => other.when[0] === question.name)) {
          drawQuestions(trial, named);
          $(`${id}-${value}`)?.focus();
        }
      };
      return questionElement(question, id, question.text, () => answerOf(trial.id, clip, question.name), set, named);
    });
    if (test.heard !== "several") return made;
    return [element("fieldset", {}, element("legend", {}, name), ...made)];
  });
  $("questions").replaceChildren(...parts);
}

function toggle(id) {
  if (sound.playing === id) return stop();
  const step = steps[state.at];
  return play(id).then(() => {
    const plays = (state.plays[step.trial.id] ??= {});
    plays[id] = (plays[id] ?? 0) + 1;
    keep();
  }).catch(() => { $("missing").textContent = "This clip cannot be played in this browser; try another one."; });
}

function drawPlayers() {
  for (const button of $("players").children) {
    button.setAttribute("aria-pressed", String(button.dataset.clip === sound.playing));
    if (test.heard === "one") button.textContent = sound.playing ? "Pause" : "Play";
  }
  const id = sound.playing || $("players").firstElementChild?.dataset.clip;
  $("position").max = lengthOf(id) || 1;
  $("position").value = position();
  $("clock").textContent = position().toFixed(1) + " s";
  if (sound.playing) requestAnimationFrame(drawPlayers);
}
sound.watch = drawPlayers;

// What keeps a listener from going on, in words, and where to answer it.
function lacking(step) {
  if (step.kind !== "trial") return null;
  const { trial } = step;
  const silent = trial.stimuli.find((id) => !state.plays[trial.id]?.[id]);
  if (silent) {
    const button = $("players").querySelector(`[data-clip="${silent}"]`);
    return { text: test.heard === "one" ? "Listen to the clip first." : `Listen to ${button.textContent} too.`, focus: button };
  }
  for (const clip of test.heard === "pair" ? [""] : trial.stimuli) {
    const given = state.answers[trial.id]?.[clip] ?? {};
    const open = test.questions.find((one) => one.required && asked(one, given) && given[one.name] === undefined);
    if (!open) continue;
    const name = letter(trial.stimuli.indexOf(clip));
    const text = (test.heard === "several" ? `${name}: ` : "") + open.text;
    const parts = [...$("questions").querySelectorAll(`[data-question="${open.name}"]`)];
    const part = parts[test.heard === "several" ? trial.stimuli.indexOf(clip) : 0];
    return { text: `Not answered: ${text}`, focus: part?.querySelector("input, textarea") };
  }
  return null;
}

function move(by) {
  const step = steps[state.at];
  const lack = by > 0 ? lacking(step) : null;
  if (lack) {
    $("missing").textContent = lack.text;
    lack.focus?.focus();
    return;
  }
  if (step.kind === "trial") {
    state.seconds[step.trial.id] = (state.seconds[step.trial.id] ?? 0) + Math.round((Date.now() - since) / 100) / 10;
  }
  state.at = Math.min(Math.max(state.at + by, 0), steps.length - 1);
  show();
}

// The first scale that is open takes the digit; after the last one it is taken by none.
function digit(key) {
  const step = steps[state.at];
  if (step.kind !== "trial" || test.heard !== "one") return;
  const { trial } = step;
  const clip = trial.stimuli[0];
  const open = test.questions.find((one) => one.kind === "scale" && answerOf(trial.id, clip, one.name) === undefined);
  const value = open && key === "0" && open.low > 0 ? 10 : Number(key);
  if (open && value >= open.low && value <= open.high) $(`${open.name}-${value}`).click();
}

document.addEventListener("keydown", (event) => {
  if (!steps.length || event.ctrlKey || event.metaKey || event.altKey) return;
  const at = event.target;
  if (at.matches("textarea, input[type=text], input:not([type])")) return;
  const key = event.key.toLowerCase();
  if (key === "enter" && !at.matches("button, summary")) move(1);
  else if (/^[0-9]$/.test(key)) digit(key);
  else if (steps[state.at].kind === "trial") {
    const { trial } = steps[state.at];
    const number = key.length === 1 ? key.charCodeAt(0) - 97 : -1;
    if (key === "p") toggle(sound.playing || trial.stimuli[0]);
    else if (key === "r" && trial.references.length) toggle(trial.references[0].id);
    else if (test.heard !== "one" && number >= 0 && number < trial.stimuli.length) toggle(trial.stimuli[number]);
  }
});

function begin(found) {
  state = found;
  course(state.rater);
  state.at = Math.min(Math.max(Number(state.at) || 0, 0), steps.length - 1);
  show();
}

$("start").addEventListener("submit", (event) => {
  event.preventDefault();
  const rater = $("rater").value.trim();
  if (rater) begin(fresh(rater));
});
$("resume").addEventListener("click", () => begin(kept()));
$("anew").addEventListener("click", () => {
  $("earlier").hidden = true;
  $("fresh").hidden = false;
  $("rater").focus();
});
$("position").addEventListener("input", () => seek(Number($("position").value)).then(drawPlayers));
$("back").addEventListener("click", () => move(-1));
$("next").addEventListener("click", () => move(1));
$("save").addEventListener("click", () => {
  const name = state.rater.normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "") || "listener";
  download(results(order, steps[state.at].kind === "end"), `results-${test.test}-${name}.json`);
});

const earlier = kept();
$("start").hidden = false;
$("forgetful").hidden = canKeep();
$("earlier").hidden = !earlier;
$("fresh").hidden = Boolean(earlier);
if (earlier) $("whose").textContent = earlier.rater;
$(earlier ? "resume" : "rater").focus();
