// What was answered, where it is kept, and in which order clips come.

const test = JSON.parse(document.getElementById("data").textContent);
const shelf = "gantools " + test.test;

// A listener's state: name, place in the order, and answers by trial, clip and question.
let state = null;

function fresh(rater) {
  const session = Array.from(crypto.getRandomValues(new Uint8Array(8)), (n) => n.toString(16).padStart(2, "0")).join("");
  return { rater, session, begun: new Date().toISOString(), at: 0, answers: {}, closing: {}, seconds: {}, plays: {} };
}

// Browsers may forbid a page of the disk to keep anything.
function keep() {
  try {
    localStorage.setItem(shelf, JSON.stringify(state));
    return true;
  } catch {
    return false;
  }
}

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(shelf));
    return found && typeof found.rater === "string" && found.answers && found.closing ? found : null;
  } catch {
    return null;
  }
}

function canKeep() {
  try {
    localStorage.setItem("gantools probe", "1");
    localStorage.removeItem("gantools probe");
    return true;
  } catch {
    return false;
  }
}

// Numbers in [0, 1) that depend on a text alone: FNV-1a seeds mulberry32.
function numbers(text) {
  let seed = 0x811c9dc5;
  for (const letter of text) seed = Math.imul(seed ^ letter.codePointAt(0), 0x01000193);
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffled(items, random) {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
}

// Blocks stay in their order, each is shuffled. A clip that comes again stands in the second half of its block, and at
// least three places after the first time where there is room.
function orderFor(rater) {
  const random = numbers(test.test + "\n" + rater);
  const blocks = [...new Set(test.trials.map((trial) => trial.block))].sort((a, b) => a - b);
  return blocks.flatMap((block) => {
    const own = test.trials.filter((trial) => trial.block === block);
    const order = shuffled(own.filter((trial) => !trial.repeats), random);
    for (const trial of own.filter((one) => one.repeats)) {
      const first = order.findIndex((one) => one.id === trial.repeats);
      const least = Math.min(order.length, Math.max(Math.ceil(order.length / 2), first + 4));
      order.splice(least + Math.floor(random() * (order.length - least + 1)), 0, trial);
    }
    return order.map((trial) => ({ ...trial, stimuli: shuffled(trial.stimuli, random) }));
  });
}

function answerOf(trial, clip, question) {
  return state.answers[trial]?.[clip]?.[question];
}

function setAnswer(trial, clip, question, value) {
  const clips = (state.answers[trial] ??= {});
  const answers = (clips[clip] ??= {});
  if (value === undefined || value === "") delete answers[question];
  else answers[question] = value;
  keep();
}

// The file: practice is left out, and so are answers to questions that are no longer asked.
function results(order, complete) {
  const counted = order.filter((trial) => trial.block > 0);
  const answers = [];
  for (const trial of counted) {
    for (const [clip, given] of Object.entries(state.answers[trial.id] ?? {})) {
      for (const question of test.questions) {
        if (question.name in given && asked(question, given)) {
          answers.push({ trial: trial.id, clip, question: question.name, value: given[question.name] });
        }
      }
    }
  }
  const closing = test.closing.filter((one) => state.closing[one.name]);
  return {
    kind: test.kind, schema: test.schema, test: test.test, form: test.form,
    rater: state.rater, session: state.session, begun: state.begun, saved: new Date().toISOString(), complete,
    order: counted.map((trial) => trial.id), seconds: state.seconds, plays: state.plays, answers,
    closing: closing.map((one) => ({ question: one.name, value: state.closing[one.name] })),
  };
}

function asked(question, given) {
  return !question.when.length || given[question.when[0]] === question.when[1];
}

function download(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
