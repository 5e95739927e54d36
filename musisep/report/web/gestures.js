// What the pointer does on the roll.

const EDGE = 6; // pixels in which an edge is taken hold of
const MOVED = 4; // pixels from which on a click is a drag

// Of the options tool() and instrument() say what is chosen, hear(note) plays one, and
// loop(from, to) repeats a stretch.
function gestures(roll, score, player, options) {
  const { canvas } = roll;
  let drag = null;

  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  // The edge of a note that is near, only of selected ones, so that no click changes one unseen.
  function edgeAt(x, y) {
    const note = roll.noteAt(x, y);
    if (!note || !score.selected.has(note.id)) return null;
    const box = roll.boxOf(note);
    if (Math.abs(x - box.x - box.width) <= EDGE) return { note, side: "end" };
    if (Math.abs(x - box.x) <= EDGE) return { note, side: "begin" };
    return null;
  }

  function begin(event) {
    if (event.button !== 0) return;
    const { x, y } = placeOf(event),
      tool = options.tool();
    if (x < GUTTER) return;
    const edge = tool === "select" ? edgeAt(x, y) : null;
    const kind = y < RULER ? "loop" : edge ? "edge" : tool === "select" ? "select" : tool;
    drag = {
      kind,
      x,
      y,
      edge,
      several: event.shiftKey || event.ctrlKey || event.metaKey,
      moved: false,
    };
    // With a finger one scrolls, unless something is drawn.
    drag.scrolls = event.pointerType === "touch" && kind === "select";
    if (!drag.scrolls) canvas.setPointerCapture(event.pointerId);
  }

  function move(event) {
    const { x, y } = placeOf(event);
    if (!drag) {
      canvas.style.cursor =
        y >= RULER && options.tool() === "select" && edgeAt(x, y) ? "ew-resize" : "";
      return;
    }
    if (Math.hypot(x - drag.x, y - drag.y) > MOVED) drag.moved = true;
    if (!drag.moved || drag.scrolls) return;
    roll.band = bandOf(drag, x, y);
    roll.draw();
  }

  function bandOf({ kind, x: from, y: top, edge }, x, y) {
    const [left, right] = [Math.min(from, x), Math.max(from, x)];
    if (kind === "loop")
      return { x: left, width: right - left, y: 0, height: roll.height, colour: "--accent" };
    if (kind === "select")
      return {
        x: left,
        width: right - left,
        y: Math.min(top, y),
        height: Math.abs(y - top),
        colour: "--accent",
      };
    if (kind === "edge") {
      const box = roll.boxOf(edge.note),
        start = edge.side === "begin" ? x : box.x;
      const stop = edge.side === "end" ? x : box.x + box.width;
      return { ...box, x: Math.min(start, stop), width: Math.abs(stop - start), colour: "--ink" };
    }
    const hz = kind === "rest" ? null : hzOf(roll.midiAt(top));
    const box = roll.boxOf({ begin: 0, end: 0, hz, instrument: options.instrument() });
    return { ...box, x: left, width: right - left, colour: colourName(options.instrument()) };
  }

  function finish(event) {
    if (!drag) return;
    const { x, y } = placeOf(event),
      was = drag;
    drag = roll.band = null;
    if (!was.moved) click(was);
    else if (!was.scrolls) dropped(was, x, y);
    roll.draw();
  }

  function click({ kind, x, y, several }) {
    const note = kind === "loop" ? null : roll.noteAt(x, y);
    if (note && several) score.toggle(note);
    else if (note) {
      score.select([note]);
      options.hear(note);
    } else {
      if (kind !== "loop" && score.selected.size) score.select([]);
      player.seek(roll.timeAt(x));
    }
  }

  function dropped({ kind, x: fromX, y: fromY, edge, several }, x, y) {
    const [from, to] = [roll.timeAt(Math.min(fromX, x)), roll.timeAt(Math.max(fromX, x))];
    if (kind === "loop") options.loop(from, to);
    else if (kind === "edge") {
      const { note, side } = edge;
      if (side === "begin")
        score.move(note, Math.min(roll.timeAt(x), note.end - SHORTEST_S), note.end);
      else score.move(note, note.begin, roll.timeAt(x));
    } else if (kind === "select") {
      const [top, bottom] = [Math.min(fromY, y), Math.max(fromY, y)];
      const inside = score.between(from, to).filter((note) => {
        const box = roll.boxOf(note);
        return box.y < bottom && box.y + box.height > top;
      });
      score.select([...new Set([...(several ? score.chosen : []), ...inside])]);
    } else if (to - from >= SHORTEST_S) {
      score.add(kind === "rest" ? null : hzOf(roll.midiAt(fromY)), from, to, options.instrument());
    }
  }

  canvas.addEventListener("pointerdown", begin);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", finish);
  canvas.addEventListener("pointercancel", () => {
    drag = roll.band = null;
    roll.draw();
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      roll.zoom(roll.scale * Math.exp(-event.deltaY / 300), roll.timeAt(placeOf(event).x));
    },
    { passive: false },
  );
}
