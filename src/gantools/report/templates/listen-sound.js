// One clip sounds at a time. Clips of a trial share their position, so that one can go to and fro between them.

const sound = { context: null, buffers: new Map(), source: null, playing: "", offset: 0, begun: 0, turn: 0, watch: () => {} };

// Decoded clips take ten times the memory of the page: only those of one trial are kept.
function prepare(ids) {
  stop();
  sound.turn++;
  sound.offset = 0;
  sound.buffers = new Map([...sound.buffers].filter(([id]) => ids.includes(id)));
}

async function decoded(id) {
  if (!sound.buffers.has(id)) {
    sound.context ??= new AudioContext();
    const bytes = Uint8Array.from(atob(test.sounds[id]), (letter) => letter.charCodeAt(0));
    sound.buffers.set(id, await sound.context.decodeAudioData(bytes.buffer));
  }
  return sound.buffers.get(id);
}

async function play(id) {
  const turn = ++sound.turn;
  const buffer = await decoded(id);
  await sound.context.resume();
  // Another clip was asked for while this one was decoded.
  if (turn !== sound.turn) return;
  const at = position();
  stop();
  const source = sound.context.createBufferSource();
  source.buffer = buffer;
  // A loop is one without a gap only here, where samples follow each other.
  source.loop = test.loop;
  source.connect(sound.context.destination);
  const from = at < buffer.duration - 0.05 ? at : 0;
  source.onended = () => {
    if (sound.source !== source) return;
    sound.source = null;
    sound.playing = "";
    sound.offset = 0;
    sound.watch();
  };
  source.start(0, from);
  Object.assign(sound, { source, playing: id, offset: from, begun: sound.context.currentTime });
  sound.watch();
}

function stop() {
  if (!sound.source) return;
  sound.offset = position();
  const source = sound.source;
  sound.source = null;
  sound.playing = "";
  source.stop();
  sound.watch();
}

function position() {
  if (!sound.source) return sound.offset;
  const at = sound.offset + sound.context.currentTime - sound.begun;
  return test.loop ? at % sound.source.buffer.duration : Math.min(at, sound.source.buffer.duration);
}

async function seek(seconds) {
  const id = sound.playing;
  stop();
  sound.offset = seconds;
  if (id) await play(id);
}

function lengthOf(id) {
  return sound.buffers.get(id)?.duration ?? 0;
}
