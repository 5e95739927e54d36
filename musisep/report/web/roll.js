// The piano roll: notes on the spectrogram, rests in lanes below, a ruler above.

const GUTTER = 48,
  RULER = 24,
  LANE = 16;
const CLOSEST = 1200; // pixels per second
const WIDEST = 8e6; // pixels; browsers have no wider elements
const ABOVE = 7,
  BELOW = 3; // semitones around the notes
const COLOURS = 8;

const colourName = (instrument) =>
  instrument === NOBODY ? "--nobody" : `--i${instrument % COLOURS}`;

class Roll {
  constructor(canvas, scroller, score, player, picture) {
    Object.assign(this, { canvas, scroller, score, player, picture });
    this.context = canvas.getContext("2d");
    this.seconds = score.seconds;
    this.band = null; // what is being drawn by the pointer
    this.image = new Image();
    this.image.onload = () => {
      this.tint();
      this.draw();
    };
    if (picture) this.image.src = "data:image/png;base64," + picture.png;
    const pitches = score.notes.filter((note) => !isRest(note)).map((note) => midiOf(note.hz));
    const lowest = pitches.reduce((a, b) => Math.min(a, b), pitches.length ? 127 : 48);
    const highest = pitches.reduce((a, b) => Math.max(a, b), pitches.length ? 0 : 72);
    this.low = Math.max(0, Math.round(lowest) - BELOW) - 0.5;
    this.high = Math.min(127, Math.round(highest) + ABOVE) + 0.5;
    scroller.addEventListener("scroll", () => this.draw());
    new ResizeObserver(() => this.resize()).observe(scroller);
    this.colours();
    this.resize();
  }

  colours() {
    const style = getComputedStyle(document.documentElement);
    const known = new Map(); // asking the style for each note would take long
    this.colour = (name) => {
      if (!known.has(name)) known.set(name, style.getPropertyValue(name).trim());
      return known.get(name);
    };
    this.patterns = new Map();
    this.tint();
  }

  // The picture is an opacity only; give it the colour of the theme.
  tint() {
    if (!this.image.naturalWidth) return;
    this.tinted ??= document.createElement("canvas");
    this.tinted.width = this.image.naturalWidth;
    this.tinted.height = this.image.naturalHeight;
    const context = this.tinted.getContext("2d");
    context.drawImage(this.image, 0, 0);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = this.colour("--sound");
    context.fillRect(0, 0, this.tinted.width, this.tinted.height);
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.scroller.clientWidth;
    this.canvas.style.width = `${this.width}px`;
    this.height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.zoom(this.scale ?? Math.max(this.fitting, 60));
  }

  get fitting() {
    return Math.max(1, this.width - GUTTER - 4) / this.seconds;
  }
  get bottom() {
    return this.height - LANE * this.score.instruments.length;
  }
  get from() {
    return this.scroller.scrollLeft / this.scale;
  }
  get to() {
    return this.from + (this.width - GUTTER) / this.scale;
  }
  x(seconds) {
    return GUTTER + (seconds - this.from) * this.scale;
  }
  timeAt(x) {
    return Math.min(Math.max(0, this.from + (x - GUTTER) / this.scale), this.seconds);
  }
  y(midi) {
    return RULER + ((this.bottom - RULER) * (this.high - midi)) / (this.high - this.low);
  }
  midiAt(y) {
    return Math.round(this.high - ((y - RULER) / (this.bottom - RULER)) * (this.high - this.low));
  }
  laneAt(y) {
    return Math.floor((y - this.bottom) / LANE);
  }
  get row() {
    return (this.bottom - RULER) / (this.high - this.low);
  }

  // Pixels per second; the time in the middle stays there.
  zoom(scale, middle = this.scale ? (this.from + this.to) / 2 : 0) {
    const least = Math.min(this.fitting, CLOSEST),
      most = Math.max(least, Math.min(CLOSEST, WIDEST / this.seconds));
    this.scale = Math.min(Math.max(scale, least), most);
    const whole = Math.floor(GUTTER + this.seconds * this.scale);
    this.canvas.parentElement.style.width = `${Math.max(this.width, whole)}px`;
    this.scroller.scrollLeft = Math.max(0, middle * this.scale - (this.width - GUTTER) / 2);
    this.draw();
  }

  // Scroll as far as is needed to show a stretch.
  show(begin, end = begin) {
    if (begin < this.from || Math.min(end, begin + 1) > this.to)
      this.scroller.scrollLeft = Math.max(0, begin * this.scale - (this.width - GUTTER) / 4);
  }

  boxOf(note) {
    const x = this.x(note.begin),
      width = Math.max(3, this.x(note.end) - x);
    if (isRest(note))
      return { x, width, y: this.bottom + LANE * note.instrument + 1, height: LANE - 2 };
    const height = Math.max(7, this.row);
    return { x, width, y: this.y(midiOf(note.hz)) - height / 2, height };
  }

  // The note at a place, the shortest if there are several.
  noteAt(x, y) {
    if (x < GUTTER) return null;
    const slack = 2;
    const hit = this.score.between(this.timeAt(x - 3), this.timeAt(x + 3) + 1e-6).filter((note) => {
      const box = this.boxOf(note);
      return (
        x >= box.x - slack &&
        x <= box.x + box.width + slack &&
        y >= box.y - slack &&
        y <= box.y + box.height + slack
      );
    });
    return (
      hit.sort(
        (a, b) =>
          this.score.selected.has(b.id) - this.score.selected.has(a.id) ||
          a.end - a.begin - (b.end - b.begin),
      )[0] ?? null
    );
  }

  draw() {
    const { context } = this;
    if (!this.width) return;
    context.fillStyle = this.colour("--back");
    context.fillRect(0, 0, this.width, this.height);
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    this.drawPicture();
    this.drawRows();
    for (const note of this.score.between(this.from, this.to)) this.drawNote(note);
    this.drawLoop();
    if (this.band) this.drawBand();
    this.drawRuler();
    this.drawGutter();
    this.drawCursor();
  }

  drawPicture() {
    if (!this.tinted) return;
    const { lowHz, highHz, seconds } = this.picture,
      { width, height } = this.tinted;
    const perOctave = height / Math.log2(highHz / lowHz);
    const rowOf = (midi) => perOctave * Math.log2(highHz / hzOf(midi));
    // Only where there is a picture: some browsers draw nothing if asked for more.
    const high = Math.min(this.high, midiOf(highHz)),
      low = Math.max(this.low, midiOf(lowHz));
    const until = Math.min(this.to, seconds);
    if (until <= this.from || low >= high) return;
    const perSecond = width / seconds;
    this.context.globalAlpha = 0.55;
    this.context.drawImage(
      this.tinted,
      this.from * perSecond,
      rowOf(high),
      (until - this.from) * perSecond,
      rowOf(low) - rowOf(high),
      GUTTER,
      this.y(high),
      (until - this.from) * this.scale,
      this.y(low) - this.y(high),
    );
    this.context.globalAlpha = 1;
  }

  drawRows() {
    const { context } = this;
    context.fillStyle = this.colour("--faint");
    for (let midi = Math.ceil(this.low); midi <= this.high; midi++)
      if (midi % 12 === 0) context.fillRect(GUTTER, Math.round(this.y(midi - 0.5)), this.width, 1);
    this.score.instruments.forEach((_, lane) =>
      context.fillRect(GUTTER, this.bottom + lane * LANE, this.width, 1),
    );
  }

  drawNote(note) {
    const { context } = this,
      { x, y, width, height } = this.boxOf(note);
    const chosen = this.score.selected.has(note.id),
      faint = this.score.doubtful(note);
    context.save();
    context.globalAlpha = faint ? 0.4 : 0.92;
    context.fillStyle = this.colour("--back"); // the picture does not shine through
    context.fillRect(x, y, width, height);
    context.fillStyle = this.colour(colourName(note.instrument));
    context.fillRect(x, y, width, height);
    const pattern = this.pattern(note.instrument);
    if (pattern) {
      context.fillStyle = pattern;
      context.fillRect(x, y, width, height);
    }
    context.globalAlpha = 1;
    if (faint) context.setLineDash([3, 2]);
    context.lineWidth = chosen ? 3 : 1;
    context.strokeStyle = this.colour(chosen ? "--ink" : colourName(note.instrument));
    context.strokeRect(x, y, width, height);
    context.setLineDash([]);
    this.drawLabel(note, x, y, width, height, faint);
    context.restore();
  }

  drawLabel(note, x, y, width, height, faint) {
    if (width < 14 || height < 8) return;
    const { context } = this,
      number = note.instrument === NOBODY ? "–" : String(note.instrument + 1);
    const text = width > 48 ? `${number} ${pitchOf(note)}` : number;
    context.font = `bold ${Math.min(11, Math.max(9, height))}px system-ui, sans-serif`;
    context.fillStyle = this.colour(faint ? "--back" : colourName(note.instrument));
    context.globalAlpha = faint ? 0.75 : 1;
    const left = Math.max(x, GUTTER) + 2;
    context.fillRect(left, y + 1, context.measureText(text).width + 4, height - 2);
    context.globalAlpha = 1;
    context.fillStyle = this.colour(faint ? "--ink" : "--back");
    context.fillText(text, left + 2, y + height / 2 + 0.5);
  }

  // Stripes, dots and the like, as colours alone do not tell everybody who plays.
  pattern(instrument) {
    if (instrument <= 0) return null;
    if (this.patterns.has(instrument)) return this.patterns.get(instrument);
    const tile = document.createElement("canvas"),
      size = 6;
    tile.width = tile.height = size;
    const context = tile.getContext("2d");
    context.strokeStyle = context.fillStyle = this.colour("--back");
    context.globalAlpha = 0.75;
    const lines = [
      [[0, 6, 6, 0]],
      [],
      [[0, 0, 6, 6]],
      [[3, 0, 3, 6]],
      [[0, 3, 6, 3]],
      [
        [0, 6, 6, 0],
        [0, 0, 6, 6],
      ],
      [
        [3, 0, 3, 6],
        [0, 3, 6, 3],
      ],
    ];
    const own = lines[(instrument - 1) % lines.length];
    context.beginPath();
    for (const [x, y, toX, toY] of own) {
      context.moveTo(x, y);
      context.lineTo(toX, toY);
    }
    context.stroke();
    if (!own.length) context.fillRect(2, 2, 2, 2);
    this.patterns.set(instrument, this.context.createPattern(tile, "repeat"));
    return this.patterns.get(instrument);
  }

  drawLoop() {
    const { loop } = this.player;
    if (!loop.on) return;
    this.context.fillStyle = this.colour("--accent");
    this.context.globalAlpha = 0.12;
    this.context.fillRect(
      this.x(loop.from),
      RULER,
      (loop.to - loop.from) * this.scale,
      this.height,
    );
    this.context.globalAlpha = 1;
  }

  drawBand() {
    const { context } = this,
      { x, y, width, height, colour } = this.band;
    context.strokeStyle = context.fillStyle = this.colour(colour);
    context.globalAlpha = 0.25;
    context.fillRect(x, y, width, height);
    context.globalAlpha = 1;
    context.lineWidth = 1;
    context.strokeRect(x, y, width, height);
  }

  drawRuler() {
    const { context } = this,
      { loop } = this.player;
    context.fillStyle = this.colour("--card");
    context.fillRect(0, 0, this.width, RULER);
    if (loop.on) {
      context.fillStyle = this.colour("--accent");
      context.fillRect(this.x(loop.from), RULER - 5, (loop.to - loop.from) * this.scale, 5);
    }
    const step =
      [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600].find((s) => s * this.scale >= 64) ??
      1200;
    context.fillStyle = this.colour("--ink");
    for (let i = Math.floor(this.from / step); i * step <= this.to; i++) {
      const x = this.x(i * step);
      context.fillRect(x, RULER - 6, 1, 6);
      context.fillText(
        step < 1 ? clock(i * step) : clock(i * step).slice(0, -2),
        x + 3,
        RULER / 2 - 1,
      );
    }
  }

  drawGutter() {
    const { context } = this;
    context.fillStyle = this.colour("--card");
    context.fillRect(0, 0, GUTTER, this.height);
    context.fillStyle = this.colour("--ink");
    const every = [1, 2, 4, 6, 12].find((semitones) => semitones * this.row >= 12) ?? 12;
    for (let midi = Math.ceil(this.low); midi <= this.high; midi++)
      if (midi % every === 0 && this.y(midi) > RULER + 6)
        context.fillText(midiName(midi), 6, this.y(midi));
    this.score.instruments.forEach((_, lane) =>
      context.fillText(`rest ${lane + 1}`, 6, this.bottom + (lane + 0.5) * LANE),
    );
  }

  drawCursor() {
    const x = this.x(this.player.time);
    if (x < GUTTER - 1) return;
    this.context.fillStyle = this.colour("--accent");
    this.context.fillRect(Math.round(x) - 1, 0, 2, this.height);
  }
}
