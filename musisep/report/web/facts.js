// What is known of the instruments, and how it was made.

const VERDICTS = {
  good: "likely good",
  doubtful: "doubtful",
  poor: "likely poor",
  unknown: "of unknown quality",
};
const CANNOT_PLAY =
  "This browser cannot play Ogg Opus. Chrome, Edge and Firefox can, and Safari since 18.4.";
const SVG = "http://www.w3.org/2000/svg";
const LEAST_DB = -60;

function showFacts(told, at) {
  const left =
    told.unexplained === null
      ? ""
      : `; the model leaves ${(100 * told.unexplained).toFixed(1)} % unexplained`;
  const channels = { 1: "mono", 2: "stereo" }[told.channels] ?? `${told.channels} channels`;
  at("summary").textContent =
    `${clock(told.seconds)}, ${told.sampleRate} Hz, ${channels}: ${VERDICTS[told.called]}${left}.`;
  const said = told.said || (canPlay() ? "" : CANNOT_PLAY);
  at("said").textContent = said;
  at("said").hidden = !said;
  at("cards").replaceChildren(...told.instruments.map(cardOf));
  at("measures").hidden = !told.measures.length;
  const decibels = (value) => element("td", { text: value === null ? "–" : value.toFixed(2) });
  at("measured").replaceChildren(
    ...told.measures.map((row) =>
      element(
        "tr",
        {},
        element("th", { scope: "row", text: row.name, dir: "auto" }),
        decibels(row.sdr),
        decibels(row.sir),
        decibels(row.sar),
        element("td", {
          text: row.stem === null ? "" : told.instruments[row.stem].name,
          dir: "auto",
        }),
      ),
    ),
  );
  const made = [["musisep", told.version], ...told.provenance, ...told.settings];
  at("made").replaceChildren(
    ...made.flatMap(([name, value]) => [
      element("dt", { text: name }),
      element("dd", { text: value, dir: "auto" }),
    ]),
  );
}

function cardOf(instrument, k) {
  const card = coloured(
    element(
      "article",
      { class: "card" },
      element("h3", {}, element("bdi", { text: `${k + 1} ${instrument.name}` })),
    ),
    k,
  );
  const lines = [];
  if (instrument.confidence !== null)
    lines.push(`Probability that the track is good: ${percent(instrument.confidence)}`);
  if (instrument.right !== null)
    lines.push(`Probability of the right name: ${percent(instrument.right)}`);
  if (instrument.alike.length)
    lines.push(
      "Sounds like " +
        instrument.alike.map(([name, share]) => `${name} (${percent(share)})`).join(", "),
    );
  card.append(
    ...lines.map((text) => element("p", { text })),
    barsOf(instrument.harmonicsDb, instrument.name),
  );
  return card;
}

// Levels of the harmonics as bars.
function barsOf(levels, name) {
  const drawn = (kind, attributes, text) => {
    const made = document.createElementNS(SVG, kind);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const width = 300,
    height = 134,
    left = 30,
    bottom = 16,
    step = (width - left) / levels.length;
  const y = (db) => 6 + (height - bottom - 6) * (db / LEAST_DB);
  const told = levels
    .map((db, i) => `${i + 1}: ${db <= LEAST_DB ? "none" : Math.round(db) + " dB"}`)
    .join(", ");
  const svg = drawn("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": `Levels of the harmonics of ${name}. ${told}`,
  });
  for (const db of [0, -20, -40, -60]) {
    svg.append(drawn("line", { x1: left, x2: width, y1: y(db), y2: y(db) }));
    svg.append(
      drawn(
        "text",
        { x: left - 4, y: y(db) + 3, "text-anchor": "end" },
        db === 0 ? "0 dB" : String(db),
      ),
    );
  }
  levels.forEach((db, i) => {
    if (db > LEAST_DB)
      svg.append(
        drawn("rect", {
          x: left + i * step + step * 0.15,
          width: step * 0.7,
          y: y(db),
          height: y(LEAST_DB) - y(db),
        }),
      );
    if (i === 0 || (i + 1) % 5 === 0)
      svg.append(
        drawn(
          "text",
          { x: left + (i + 0.5) * step, y: height - 4, "text-anchor": "middle" },
          String(i + 1),
        ),
      );
  });
  return svg;
}
