"""What the names of folders and files of data sets say."""

SPLITS = ("train", "valid", "test")
"""Parts of a data set: folders with these names hold recordings, not tracks."""

CODES = {
    "vn": "violin", "va": "viola", "vc": "cello", "db": "double-bass", "fl": "flute",
    "ob": "oboe", "cl": "clarinet", "sax": "saxophone", "bn": "bassoon", "tpt": "trumpet",
    "hn": "horn", "tbn": "trombone", "tba": "tuba",
}  # fmt: skip
"""Of URMP (B. Li, X. Liu, K. Dinesh, Z. Duan and G. Sharma, IEEE Trans. Multimedia, 2019)."""

KNOWN = {
    *CODES.values(), "accordion", "acoustic-guitar", "alto-saxophone", "banjo",
    "baritone-saxophone", "bass", "bass-clarinet", "bass-drum", "bells", "brass", "celesta",
    "clavinet", "contrabassoon", "cornet", "cymbals", "distorted-electric-guitar", "drum-machine",
    "drum-set", "drums", "electric-bass", "electric-guitar", "electric-piano", "english-horn",
    "euphonium", "flugelhorn", "french-horn", "glockenspiel", "gong", "guitar", "hammond-organ",
    "harmonica", "harp", "harpsichord", "keyboard", "keyboards", "koto", "lap-steel-guitar",
    "lute", "male-singer", "female-singer", "mandolin", "marimba", "melodica", "oud", "pan-flute",
    "percussion", "piano", "piccolo", "recorder", "sitar", "soprano-saxophone", "strings",
    "synth", "synthesizer", "tabla", "tambourine", "tenor-saxophone", "timpani", "ukulele",
    "vibraphone", "vocal", "vocals", "voice", "voices", "woodwinds", "xylophone", "zither",
}  # fmt: skip
"""By which a folder for each instrument is told from a folder for each recording."""
