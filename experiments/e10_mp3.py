"""Compare how MP3 files are read with ffmpeg's decoder, and at 24 kHz with libmad's.

    python experiments/e10_mp3.py [--seed 0]

Uses the programs lame and ffmpeg, and madplay for 24 kHz, where the decoder of ffmpeg 5.1 differs
from libmpg123, libmad and dr_mp3, which agree. Encodes five seconds of the demo, gated to have
rests, at all rates of MP3, mono and stereo, with constant and variable bit rates, with and without
the header that tells the length, with tags, through pipes, and joined. Prints for each rate the
largest difference of any sample, and for how many of 50 random excerpts a sample differs from the
whole. The exit status is 1 if a length or a sample differs by more than 1e-4. Without a program,
what it makes or decodes is left out; without lame, libsndfile encodes one file for each rate.
"""

import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray
from script import Script, program

from musisep.io import files

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
MODES = ("-V0", "-V2", "-V4", "-V9", "-b64", "-b128", "-b320")
LIMIT = 1e-4
EXCERPTS = 50


def main() -> int:
    """Print the table; return the exit status."""
    parser = Script(__doc__, quick=["--rates", "24000", "44100"], seed=True)
    parser.add_argument("--rates", type=int, nargs="+", choices=RATES, default=RATES, metavar="HZ")
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    there = {name for name in ("lame", "ffmpeg", "madplay") if program(name)}
    print("rate, Hz  files  worst difference  other length  excerpts that differ")
    failed = 0
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parts of frames at the ends
        for rate in args.rates:
            worst, lengths, differing, number = 0.0, 0, 0, 0
            for path in encode(Path(name), rate, there):
                audio, _ = files.read(path)
                number += 1
                if ("madplay" if rate == 24000 else "ffmpeg") in there:
                    peer = decode(path, rate, len(audio))
                    if peer.shape != audio.shape:
                        lengths += 1
                        continue
                    worst = max(worst, float(np.abs(audio - peer).max()))
                differing += excerpts_that_differ(path, audio, rate, rng)
            print(f"{rate:8}  {number:5}  {worst:16.1e}  {lengths:12}  {differing:20}", flush=True)
            failed += lengths + differing + (worst > LIMIT)
    return min(failed, 1)


def encode(folder: Path, rate: int, there: set[str]) -> Iterator[Path]:
    """Yield MP3 files of a sample rate in Hz, made by the programs that there are."""
    path = folder / "x.mp3"
    if "lame" not in there:
        sf.write(path, source(rate, 2).T, rate, format="MP3")
        yield path
        return
    for channels in (1, 2):
        wav = folder / f"{rate}-{channels}.wav"
        sf.write(wav, source(rate, channels).T, rate, subtype="PCM_16")
        lame = ["lame", "--quiet", "--resample", str(rate / 1000)]
        for mode in MODES:
            if rate < 32000 and mode in ("-b320",):
                continue  # more than the format has at low rates
            for header in ([], ["-t"]):
                subprocess.run([*lame, mode, *header, wav, path], check=True)
                yield path
        tags = ["--tt", "title", "--tc", "x" * 2000]
        for tag in (["--id3v2-only"], ["--id3v1-only"], ["--add-id3v2", "-t"]):
            subprocess.run([*lame, "-V2", *tag, *tags, wav, path], check=True)
            yield path
        for codec in (["-q:a", "2"], ["-b:a", "64k"]) if "ffmpeg" in there else ():
            ffmpeg = ["ffmpeg", "-v", "error", "-i", wav, *codec, "-f", "mp3", "-"]
            path.write_bytes(subprocess.run(ffmpeg, check=True, capture_output=True).stdout)
            yield path
        piped = subprocess.run(
            [*lame, "-V2", "-", "-"], input=wav.read_bytes(), check=True, capture_output=True
        )
        path.write_bytes(piped.stdout)
        yield path
        for header in ([], ["-t"]):
            parts = []
            for mode in ("-V2", "-b64"):
                subprocess.run([*lame, mode, *header, wav, path], check=True)
                parts.append(path.read_bytes())
            path.write_bytes(b"".join(parts))
            yield path


def source(rate: int, channels: int) -> NDArray[np.float64]:
    """Return five seconds of the demo with rests [channel, sample]."""
    with resources.as_file(resources.files("musisep") / "demo" / "mix.flac") as path:
        audio, demo_rate = files.read(path, duration_s=5.0)
    audio = 0.8 * files.resample(np.broadcast_to(audio[:1], (2, audio.shape[1])), demo_rate, rate)
    gate = np.sin(3 * np.arange(audio.shape[1]) / rate + np.array([[0.0], [0.5]])) > -0.3
    return (audio * gate)[:channels]


def decode(path: Path, rate: int, channels: int) -> NDArray[np.float32]:
    """Return what the other decoder makes of a file [channel, sample]."""
    if rate == 24000:
        return madplay(path)
    command = ["ffmpeg", "-v", "quiet", "-i", path, "-f", "f32le", "-c:a", "pcm_f32le", "-"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.float32).reshape(-1, channels).T


def madplay(path: Path) -> NDArray[np.float32]:
    """Return what libmad decodes, without what the encoder has put around it."""
    from musisep.io.mpeg import count_frames

    target = path.with_suffix(".mad.wav")
    subprocess.run(["madplay", "-q", "-b", "24", "-o", f"wave:{target}", path], check=True)
    audio = sf.read(target, always_2d=True, dtype="float32")[0].T
    frames = count_frames(path.read_bytes())
    assert frames is not None
    audio = audio[:, -frames.decoded :] if audio.shape[1] > frames.decoded else audio
    return audio[:, frames.lead : audio.shape[1] - frames.tail]


def excerpts_that_differ(
    path: Path, whole: NDArray[np.float64], rate: int, rng: np.random.Generator
) -> int:
    """Count the excerpts that are not the same part of the whole."""
    starts = rng.integers(0, whole.shape[1], EXCERPTS)
    count = 0
    for start in starts:
        part, _ = files.read(path, start_s=start / rate, duration_s=0.1)
        count += not np.array_equal(part, whole[:, start : start + round(0.1 * rate)])
    return count


if __name__ == "__main__":
    sys.exit(main())
