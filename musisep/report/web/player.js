// Several tracks in time. Media elements, because they change the speed and keep the pitch.

// Nobody hears that tracks are so far apart; more is made up for, and much more is jumped over.
const NEAR_S = 0.012,
  FAR_S = 0.12;
// How much faster or slower a track runs that makes up for it.
const CATCH_UP = 0.03;

class Player {
  constructor(tracks, seconds) {
    this.seconds = seconds;
    this.rate = 1;
    this.loop = { on: false, from: 0, to: seconds };
    this.listeners = [];
    this.stopAt = null; // the end of a single note that is heard
    this.only = null; // and its track
    this.playing = false;
    this.tracks = tracks.map((track) => ({
      ...track,
      volume: 1,
      solo: false,
      mute: track.kind !== "mixture",
      media: soundOf(track.audio),
    }));
    [this.master] = this.tracks;
    this.master?.media?.addEventListener("ended", () => this.end());
  }

  get able() {
    return Boolean(this.master?.media);
  }
  get time() {
    return this.able ? this.leader.media.currentTime : (this.still ?? 0);
  }
  get leader() {
    return this.only ?? this.master;
  }
  tell() {
    for (const listener of this.listeners) listener();
  }

  audible(track) {
    if (this.only) return track === this.only;
    return this.tracks.some((other) => other.solo) ? track.solo : !track.mute;
  }

  seek(seconds) {
    const time = Math.min(Math.max(0, seconds), this.seconds);
    this.still = time;
    if (this.able) for (const track of this.tracks) track.media.currentTime = time;
    this.tell();
  }

  play() {
    if (!this.able) return;
    this.single(null);
    if (this.time >= this.seconds - 0.05) this.seek(0);
    if (this.loop.on && (this.time < this.loop.from || this.time >= this.loop.to))
      this.seek(this.loop.from);
    this.playing = true;
    this.update();
  }

  pause() {
    this.playing = false;
    const time = this.time;
    this.single(null);
    this.update();
    if (this.able) for (const track of this.tracks) track.media.currentTime = time;
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  end() {
    if (this.loop.on) {
      this.seek(this.loop.from);
      this.update();
    } else this.pause();
  }

  single(track, stopAt = null) {
    this.only = track;
    this.stopAt = stopAt;
  }

  // Hear one track for a while, unless everything plays.
  hear(track, from, to) {
    if (!this.able || (this.playing && !this.only)) return;
    this.pause();
    this.single(track, to);
    this.startAt = from;
    this.seek(from);
    this.playing = true;
    this.update();
  }

  // Give all elements the state that they are to have. The master runs, heard or not, as it has
  // the time.
  update() {
    if (!this.able) return;
    for (const track of this.tracks) {
      const { media } = track,
        heard = this.audible(track);
      media.muted = !heard;
      media.volume = track.volume;
      media.preservesPitch = true;
      const runs = this.playing && (heard || (track === this.master && !this.only));
      if (!runs) media.pause();
      else if (media.paused) {
        if (track !== this.leader) media.currentTime = this.time;
        media.playbackRate = this.rate;
        media.play().catch((error) => {
          if (error.name !== "AbortError") this.pause(); // that is a pause that came at once
        });
      }
    }
    this.tell();
  }

  // Called for each picture while it plays.
  tick() {
    const { time } = this;
    if (this.stopAt !== null && time >= this.stopAt) {
      this.pause();
      return this.seek(this.startAt); // from there all can be heard together
    }
    if (this.loop.on && !this.only && (time >= this.loop.to || time < this.loop.from - 0.5))
      this.seek(this.loop.from);
    this.leader.media.playbackRate = this.rate;
    for (const track of this.tracks) {
      const { media } = track;
      if (track === this.leader || media.paused || media.seeking) continue;
      const late = time - media.currentTime;
      if (Math.abs(late) > FAR_S) media.currentTime = time;
      const catchUp = Math.abs(late) > NEAR_S ? 1 + CATCH_UP * Math.sign(late) : 1;
      if (media.playbackRate !== this.rate * catchUp) media.playbackRate = this.rate * catchUp;
    }
  }
}

const canPlay = () => new Audio().canPlayType('audio/ogg; codecs="opus"') !== "";

// An element that plays a file, of which there are the letters of base 64; null without.
function soundOf(letters) {
  if (!letters || !canPlay()) return null;
  const binary = atob(letters),
    bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  const media = new Audio(URL.createObjectURL(new Blob([bytes], { type: "audio/ogg" })));
  media.preload = "auto";
  return media;
}
