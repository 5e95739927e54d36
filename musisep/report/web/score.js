// The notes: what they are, what was done to them, what is selected.

const PITCHES = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
const LETTERS = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const SIGNS = { "": 0, "#": 1, "♯": 1, b: -1, "♭": -1, "##": 2, bb: -2 };
const NOBODY = -1;
const SHORTEST_S = 0.01;
// Certainty from which on a note need not be listened to.
const SURE = 0.8;

const midiOf = (hz) => 69 + 12 * Math.log2(hz / 440);
const hzOf = (midi) => 440 * 2 ** ((midi - 69) / 12);
const midiName = (midi) => PITCHES[((midi % 12) + 12) % 12] + (Math.floor(midi / 12) - 1);
const isRest = (note) => note.hz === null;
const pitchOf = (note) => (isRest(note) ? "rest" : midiName(Math.round(midiOf(note.hz))));

// Frequency of a name of a pitch; null for a rest, undefined for what is none.
function readPitch(text) {
  if (text.trim().toLowerCase() === "rest") return null;
  const parts = /^([A-Ga-g])(##|bb|[#♯b♭]?)(-?\d+)$/.exec(text.trim());
  if (!parts) return undefined;
  const midi = 12 * (Number(parts[3]) + 1) + LETTERS[parts[1].toUpperCase()] + SIGNS[parts[2]];
  return midi >= 0 && midi <= 127 ? hzOf(midi) : undefined;
}

class Score {
  constructor(rows, instruments, seconds) {
    this.instruments = instruments;
    this.seconds = seconds;
    this.byId = new Map();
    this.selected = new Set();
    this.current = null; // the note that keys start from
    this.done = [];
    this.undone = [];
    this.saved = 0; // how many changes the last download had
    this.listeners = [];
    this.next = 0;
    for (const [begin, end, hz, level, instrument, certainty] of rows)
      this.put(this.made({ begin, end, hz, level, instrument, certainty, settled: false }));
    this.sort();
  }

  made(note) {
    return { ...note, id: this.next++ };
  }
  put(note) {
    this.byId.set(note.id, note);
  }
  nameOf(instrument) {
    return instrument === NOBODY ? "nobody" : this.instruments[instrument];
  }

  sort() {
    this.notes = [...this.byId.values()].sort(
      (a, b) => a.begin - b.begin || (a.hz ?? 0) - (b.hz ?? 0) || a.id - b.id,
    );
    this.longest = this.notes.reduce((most, note) => Math.max(most, note.end - note.begin), 0);
  }

  // Notes that sound somewhere from one time to another.
  between(from, to) {
    let low = 0,
      high = this.notes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.notes[middle].begin < from - this.longest) low = middle + 1;
      else high = middle;
    }
    const found = [];
    for (let i = low; i < this.notes.length && this.notes[i].begin < to; i++)
      if (this.notes[i].end > from) found.push(this.notes[i]);
    return found;
  }

  tell(text) {
    for (const listener of this.listeners) listener(text);
  }

  // Replace notes: pairs of what was and what is, either of which may be null.
  change(text, pairs) {
    if (!pairs.length) return;
    if (this.saved > this.done.length) this.saved = -1; // what was downloaded cannot be reached
    this.done.push({ text, pairs });
    this.undone = [];
    this.apply(pairs, 0, 1);
    this.tell(text);
  }

  apply(pairs, from, to) {
    for (const pair of pairs)
      if (pair[from]) {
        this.byId.delete(pair[from].id);
        this.selected.delete(pair[from].id);
      }
    for (const pair of pairs) if (pair[to]) this.put(pair[to]);
    const there = pairs.map((pair) => pair[to]).filter(Boolean);
    if (there.length) this.selected = new Set(there.map((note) => note.id));
    this.sort();
    if (there.length) this.current = there[0].id;
    else if (!this.byId.has(this.current)) this.current = null;
  }

  undo() {
    const last = this.done.pop();
    if (!last) return this.tell("Nothing to undo");
    this.undone.push(last);
    this.apply(last.pairs, 1, 0);
    this.tell("Undone: " + last.text);
  }

  redo() {
    const last = this.undone.pop();
    if (!last) return this.tell("Nothing to redo");
    this.done.push(last);
    this.apply(last.pairs, 0, 1);
    this.tell("Done again: " + last.text);
  }

  get unsaved() {
    return this.done.length !== this.saved;
  }
  get chosen() {
    return this.notes.filter((note) => this.selected.has(note.id));
  }

  give(instrument) {
    if (!(instrument >= 0 && instrument < this.instruments.length)) return;
    const own = this.chosen.filter((note) => note.instrument !== instrument);
    if (!own.length) return this.tell("No selected note of another instrument");
    // Whoever corrects a note is certain; the number was about the instrument before.
    const pairs = own.map((note) => [
      note,
      { ...note, instrument, certainty: null, settled: true },
    ]);
    this.change(`${counted(own.length)} given to ${this.nameOf(instrument)}`, pairs);
  }

  remove() {
    const own = this.chosen;
    if (!own.length) return this.tell("No note is selected");
    const place = this.notes.indexOf(own[0]);
    this.change(
      `${counted(own.length)} deleted`,
      own.map((note) => [note, null]),
    );
    const near = this.notes[Math.min(place, this.notes.length - 1)];
    this.current = near ? near.id : null; // keys go on from here
  }

  move(note, begin, end) {
    begin = Math.min(Math.max(0, begin), this.seconds - SHORTEST_S);
    end = Math.min(Math.max(end, begin + SHORTEST_S), this.seconds);
    if (begin === note.begin && end === note.end) return;
    this.change(`${pitchOf(note)} is from ${shortTime(begin)} to ${shortTime(end)}`, [
      [note, { ...note, begin, end, settled: true }],
    ]);
  }

  add(hz, begin, end, instrument) {
    const note = this.made({
      begin,
      end,
      hz,
      level: null,
      instrument,
      certainty: null,
      settled: true,
    });
    this.change(`Added: ${this.describe(note)}`, [[null, note]]);
  }

  // The next of the notes that are least certain and loudest, the worst first.
  nextDoubtful() {
    const doubt = (note) => (1 - (note.certainty ?? 0.5)) * 10 ** ((note.level ?? -60) / 20);
    const open = this.notes
      .filter((note) => this.doubtful(note))
      .sort((a, b) => doubt(b) - doubt(a) || a.id - b.id);
    if (!open.length) return this.tell("No doubtful note");
    const place = open.findIndex((note) => note.id === this.current);
    const note = open[(place + 1) % open.length];
    this.select(
      [note],
      `Doubtful note ${((place + 1) % open.length) + 1} of ${open.length}: ${this.describe(note)}`,
    );
    return note;
  }

  doubtful(note) {
    return !note.settled && !isRest(note) && (note.certainty === null || note.certainty < SURE);
  }

  select(notes, text) {
    this.selected = new Set(notes.map((note) => note.id));
    this.current = notes.length ? notes[0].id : this.current;
    this.tell(
      text ??
        (notes.length === 1
          ? this.describe(notes[0])
          : notes.length
            ? `${counted(notes.length)} selected`
            : "Nothing selected"),
    );
  }

  toggle(note) {
    if (!this.selected.delete(note.id)) this.selected.add(note.id);
    this.current = note.id;
    this.tell(`${counted(this.selected.size)} selected`);
  }

  // Go on to the note before or after, and select it as well if several are wanted.
  step(by, several) {
    if (!this.notes.length) return;
    const place = this.notes.findIndex((note) => note.id === this.current);
    const note =
      this.notes[Math.min(Math.max(place < 0 ? 0 : place + by, 0), this.notes.length - 1)];
    this.select(
      [note, ...(several ? this.chosen.filter((other) => other !== note) : [])],
      this.describe(note),
    );
  }

  describe(note) {
    const sure = note.certainty === null ? "" : `, ${percent(note.certainty)} certain`;
    const times = `${note.begin.toFixed(2)} to ${shortTime(note.end)}`;
    return `${pitchOf(note)}, ${this.nameOf(note.instrument)}, ${times}${sure}`;
  }

  // The columns that `musisep correct` reads.
  csv() {
    const text = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
    const fixed = (value, digits) => (value === null ? "" : value.toFixed(digits));
    const rows = this.notes.map((note) => {
      const midi = isRest(note) ? null : midiOf(note.hz);
      return [
        fixed(note.begin, 4),
        fixed(note.end, 4),
        pitchOf(note),
        fixed(midi === null ? null : 100 * (midi - Math.round(midi)), 1),
        fixed(note.hz, 3),
        fixed(note.level, 1),
        text(this.nameOf(note.instrument)),
        fixed(note.certainty, 3),
      ].join(",");
    });
    return (
      ["onset_s,offset_s,pitch,cents,f0_hz,level_db,instrument,certainty", ...rows].join("\n") +
      "\n"
    );
  }
}

const counted = (number) => `${number} ${number === 1 ? "note" : "notes"}`;
const percent = (share) => `${Math.round(100 * share)} %`;
const shortTime = (seconds) => `${seconds.toFixed(2)} s`;
function clock(seconds) {
  const tenths = Math.floor(10 * seconds + 1e-6);
  const [minutes, rest] = [Math.floor(tenths / 600), Math.floor(tenths / 10) % 60];
  return `${minutes}:${String(rest).padStart(2, "0")}.${tenths % 10}`;
}
