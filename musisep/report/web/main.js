// Everything together: what is clicked and typed, and what is shown of it.

const at = (id) => document.getElementById(id);
const told = JSON.parse(at("told").textContent);
const names = told.instruments.map((instrument) => instrument.name);
const score = new Score(told.notes, names, told.seconds);
const player = new Player(told.tracks, told.seconds);
const roll = new Roll(at("roll"), at("scroller"), score, player, told.picture);
const drawn = () => Number(at("instrument").value);
const tool = () => document.querySelector('input[name="tool"]:checked').value;

// The first track is the mixture, then there are those of the instruments.
function hear(note) {
  if (note && !isRest(note) && note.instrument !== NOBODY)
    player.hear(player.tracks[1 + note.instrument], note.begin, note.end);
}

function showTracks() {
  at("tracks").replaceChildren(
    ...player.tracks.map((track, i) => {
      const own = i > 0 && track.kind === "stem" ? i - 1 : null;
      const button = (what, text) =>
        element("button", {
          type: "button",
          text,
          "data-what": what,
          "aria-label": `${text} ${track.name}`,
          disabled: !player.able,
          onclick: (event) => press(track, what, event.shiftKey || event.ctrlKey || event.metaKey),
        });
      const volume = element("input", {
        type: "range",
        min: 0,
        max: 1,
        step: 0.01,
        value: 1,
        "aria-label": `Volume of ${track.name}`,
        disabled: !player.able,
        oninput: (event) => {
          track.volume = event.target.valueAsNumber;
          player.update();
        },
      });
      const label = own === null ? track.name : `${own + 1} ${track.name}`;
      const row = element(
        "div",
        { class: "track", role: "group", "aria-label": label },
        element("bdi", { class: "name", text: label }),
        button("solo", "Solo"),
        button("mute", "Mute"),
        volume,
        element("span", { class: "heard" }),
      );
      return own === null ? row : coloured(row, own);
    }),
    element("p", {
      class: "hint",
      text: "Solo: this track alone; with Shift, several. Without it, all are heard but the muted.",
    }),
  );
}

function press(track, what, several) {
  const wanted = !track[what];
  if (what === "solo" && !several) for (const other of player.tracks) other.solo = false;
  track[what] = wanted;
  player.update();
}

function showPlayer() {
  at("play").textContent = player.playing ? "Pause" : "Play";
  at("play").disabled = at("seek").disabled = !player.able;
  at("loop").setAttribute("aria-pressed", String(player.loop.on));
  [...at("tracks").querySelectorAll(".track")].forEach((row, i) => {
    const track = player.tracks[i],
      heard = player.able && player.audible(track);
    for (const button of row.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(track[button.dataset.what]));
    row.classList.toggle("audible", heard);
    row.querySelector(".heard").textContent = heard ? "heard" : "silent";
  });
  showTime();
  roll.draw();
}

function showTime() {
  at("time").textContent = `${clock(player.time)} / ${clock(told.seconds)}`;
  at("seek").value = player.time;
  at("seek").setAttribute("aria-valuetext", clock(player.time));
}

function everyPicture() {
  if (player.playing) {
    player.tick();
    showTime();
    if (!player.only && (player.time > roll.to || player.time < roll.from))
      roll.show(player.time, player.time + roll.to - roll.from);
    roll.draw();
  }
  requestAnimationFrame(everyPicture);
}

function setLoop(from, to, on = true) {
  if (!(to > from)) {
    at("announcer").textContent = "The repeated stretch must end after it begins";
    return;
  }
  player.loop = { on, from, to };
  at("loop-from").value = from.toFixed(2);
  at("loop-to").value = to.toFixed(2);
  showPlayer();
}

function showNotes(text) {
  const focused = document.activeElement?.dataset?.key; // the table is made anew
  at("announcer").textContent = text;
  showList(at("list"), score, (note, event) => {
    if (event.shiftKey || event.ctrlKey || event.metaKey) score.toggle(note);
    else {
      score.select([note]);
      hear(note);
    }
  });
  showSelected(at("selected"), at("more"), score);
  if (focused) document.querySelector(`[data-key="${focused}"]`)?.focus();
  showLegend(at("legend"), score, roll);
  at("list-title").textContent = `All ${counted(score.notes.length)}`;
  const open = score.notes.filter((note) => score.doubtful(note)).length;
  at("doubtful").textContent = `Next doubtful note (${open})`;
  at("doubtful").disabled = !open;
  at("undo").disabled = !score.done.length;
  at("redo").disabled = !score.undone.length;
  at("delete").disabled = at("give").disabled = !score.selected.size;
  const changes = score.done.length;
  at("unsaved").textContent = score.unsaved
    ? "There are changes that you have not downloaded."
    : changes
      ? "All changes are downloaded."
      : "Nothing is changed yet.";
  const current = score.byId.get(score.current);
  if (current) roll.show(current.begin, current.end);
  roll.draw();
}

function allOf(instrument) {
  score.select(
    score.notes.filter((note) => note.instrument === instrument),
    `All notes of ${score.nameOf(instrument)} selected`,
  );
}

function download() {
  const url = URL.createObjectURL(new Blob([score.csv()], { type: "text/csv" }));
  element("a", { href: url, download: "notes.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  score.saved = score.done.length;
  score.tell("notes.csv is downloaded");
}

function addTyped(event) {
  event.preventDefault();
  const hz = readPitch(at("add-pitch").value),
    [from, to] = [at("add-from").valueAsNumber, at("add-to").valueAsNumber];
  if (hz === undefined) score.tell("Not added: the pitch must be a name such as A4, or rest");
  else if (!(from >= 0 && to - from >= SHORTEST_S && to <= told.seconds))
    score.tell("Not added: a note ends after it begins, within the recording");
  else score.add(hz, from, to, Number(at("add-of").value));
}

const KEYS = {
  " ": () => player.toggle(),
  arrowleft: (event) => score.step(-1, event.shiftKey),
  arrowup: (event) => score.step(-1, event.shiftKey),
  arrowright: (event) => score.step(1, event.shiftKey),
  arrowdown: (event) => score.step(1, event.shiftKey),
  home: () => score.step(-score.notes.length),
  end: () => score.step(score.notes.length),
  enter: () => hear(score.byId.get(score.current)),
  delete: () => score.remove(),
  backspace: () => score.remove(),
  n: () => hear(score.nextDoubtful()),
  l: () => {
    const chosen = score.chosen;
    if (chosen.length) setLoop(chosen[0].begin, Math.max(...chosen.map((note) => note.end)));
  },
  escape: () => score.select([]),
  "+": () => roll.zoom(roll.scale * 1.5),
  "-": () => roll.zoom(roll.scale / 1.5),
};
const WITH_CONTROL = {
  z: (event) => (event.shiftKey ? score.redo() : score.undo()),
  y: () => score.redo(),
  a: () => allOf(score.byId.get(score.current)?.instrument ?? 0),
};

// Letters are keys only among the notes, so that nobody who speaks or types hits one by chance.
function typed(event) {
  const { target } = event,
    key = event.key.toLowerCase();
  if (target.matches("input, select, textarea, summary") || event.altKey) return;
  const among = at("notes").contains(target),
    button = target.matches("button, a");
  if (!among && !(key === " " && target === document.body)) return;
  if (button && [" ", "enter"].includes(key)) return;
  const work =
    event.ctrlKey || event.metaKey
      ? WITH_CONTROL[key]
      : /^[1-9]$/.test(key)
        ? () => score.give(Number(key) - 1)
        : KEYS[key];
  if (!work) return;
  event.preventDefault();
  work(event);
}

const THEMES = ["system", "light", "dark"];
function nextTheme() {
  const root = document.documentElement,
    next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "system") + 1) % THEMES.length];
  if (next === "system") delete root.dataset.theme;
  else root.dataset.theme = next;
  at("theme").textContent = `Colours: ${next}`;
  recolour();
}
function recolour() {
  roll.colours();
  showLegend(at("legend"), score, roll);
  roll.draw();
}

function connect() {
  const on = (id, work) => at(id).addEventListener("click", work);
  const optionsOf = (select) =>
    at(select).replaceChildren(
      ...names.map((name, k) => element("option", { value: k, text: `${k + 1} ${name}` })),
    );
  for (const select of ["instrument", "give", "add-of"]) optionsOf(select);
  at("give").prepend(element("option", { value: "", text: "choose …" }));
  at("give").value = "";
  at("give").addEventListener("change", () => {
    if (at("give").value !== "") score.give(Number(at("give").value));
    at("give").value = "";
  });
  on("play", () => player.toggle());
  at("seek").max = told.seconds;
  at("seek").addEventListener("input", () => player.seek(at("seek").valueAsNumber));
  at("speed").addEventListener("change", () => {
    player.rate = Number(at("speed").value);
    for (const { media } of player.tracks) if (media) media.playbackRate = player.rate;
  });
  on("loop", () => setLoop(player.loop.from, player.loop.to, !player.loop.on));
  on("loop-from-here", () =>
    setLoop(player.time, player.loop.to > player.time ? player.loop.to : told.seconds),
  );
  on("loop-to-here", () =>
    setLoop(player.loop.from < player.time ? player.loop.from : 0, player.time),
  );
  const typedLoop = () =>
    setLoop(at("loop-from").valueAsNumber, Math.min(at("loop-to").valueAsNumber, told.seconds));
  for (const id of ["loop-from", "loop-to"]) at(id).addEventListener("change", typedLoop);
  on("doubtful", () => hear(score.nextDoubtful()));
  on("all-of", () => allOf(drawn()));
  on("undo", () => score.undo());
  on("redo", () => score.redo());
  on("delete", () => score.remove());
  on("closer", () => roll.zoom(roll.scale * 1.5));
  on("further", () => roll.zoom(roll.scale / 1.5));
  on("fit", () => roll.zoom(0));
  on("download", download);
  on("theme", nextTheme);
  on("copy", () =>
    navigator.clipboard?.writeText(at("command").textContent).then(() => {
      at("unsaved").textContent = "The command is copied.";
    }),
  );
  at("add").addEventListener("submit", addTyped);
  for (const choice of document.querySelectorAll('input[name="tool"]'))
    choice.addEventListener("change", () =>
      roll.canvas.classList.toggle("drawing", tool() !== "select"),
    );
  document.addEventListener("keydown", typed);
  window.addEventListener("beforeunload", (event) => {
    if (score.unsaved) event.preventDefault();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
  gestures(roll, score, player, { tool, instrument: drawn, hear, loop: setLoop });
}

showFacts(told, at);
showTracks();
connect();
at("command").textContent = `${told.command} ~/Downloads/notes.csv`;
setLoop(0, told.seconds, false);
score.listeners.push(showNotes);
player.listeners.push(showPlayer);
showPlayer();
showNotes("");
requestAnimationFrame(everyPicture);
// For the console of the browser, and for tests.
window.musisep = { score, player, roll };
