"""The words that the shop's names, descriptions and reviews are made of."""

from __future__ import annotations

__all__ = ["ADJECTIVES", "CATEGORIES", "CLAIMS", "FIRST_NAMES", "LAST_NAMES", "MATERIALS", "OPENINGS", "REMARKS"]

CATEGORIES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("lighting", "Lighting", ("lamp", "lantern", "sconce", "chandelier", "spotlight", "candle holder")),
    ("kitchen", "Kitchen", ("kettle", "saucepan", "skillet", "grater", "colander", "whisk", "stockpot")),
    ("tableware", "Tableware", ("plate", "bowl", "mug", "carafe", "platter", "teapot", "egg cup")),
    ("cutlery", "Cutlery", ("knife", "fork", "spoon", "ladle", "spatula", "cheese slicer")),
    ("chairs", "Chairs", ("chair", "stool", "armchair", "bench", "rocking chair", "footrest")),
    ("tables", "Tables", ("desk", "side table", "dining table", "console", "workbench", "trolley")),
    ("storage", "Storage", ("shelf", "cabinet", "basket", "crate", "drawer unit", "coat rack")),
    ("bedding", "Bedding", ("blanket", "pillow", "duvet", "quilt", "bedspread", "mattress topper")),
    ("bath", "Bath", ("towel", "soap dish", "bath mat", "mirror", "shower caddy", "robe hook")),
    ("rugs", "Rugs", ("rug", "runner", "doormat", "carpet tile", "sheepskin")),
    ("curtains", "Curtains", ("curtain", "blind", "curtain rail", "valance", "tieback")),
    ("garden", "Garden", ("trowel", "watering can", "planter", "rake", "secateurs", "bird feeder")),
    ("tools", "Tools", ("hammer", "chisel", "screwdriver", "plane", "clamp", "spirit level", "saw")),
    ("bicycles", "Bicycles", ("saddle", "pannier", "bicycle bell", "mudguard", "bottle cage", "pump")),
    ("camping", "Camping", ("tent", "sleeping bag", "camp stove", "headlamp", "hammock", "flask")),
    ("bags", "Bags", ("backpack", "satchel", "tote", "suitcase", "wallet", "duffel")),
    ("clothing", "Clothing", ("jacket", "scarf", "jumper", "apron", "beanie", "raincoat")),
    ("shoes", "Shoes", ("boot", "sandal", "slipper", "trainer", "clog", "loafer")),
    ("stationery", "Stationery", ("notebook", "fountain pen", "pencil case", "ruler", "stapler", "globe")),
    ("clocks", "Clocks", ("wall clock", "alarm clock", "mantel clock", "timer", "hourglass")),
    ("audio", "Audio", ("speaker", "headphones", "turntable", "radio", "microphone", "amplifier")),
    ("games", "Games", ("chess set", "puzzle", "kite", "card deck", "spinning top", "marble run")),
    ("instruments", "Instruments", ("ukulele", "recorder", "tambourine", "metronome", "music stand", "kalimba")),
    ("pets", "Pets", ("dog bed", "cat tower", "leash", "feeding bowl", "aquarium", "scratching post")),
)

ADJECTIVES: tuple[str, ...] = (
    "quiet", "bright", "folding", "compact", "classic", "northern", "plain", "sturdy", "light", "round",
    "tall", "narrow", "deep", "soft", "double", "travel", "everyday", "heavy", "slim", "hand-made",
    "restored", "stackable", "striped", "speckled", "matt", "polished", "woven", "ribbed", "early", "coastal",
)  # fmt: skip

MATERIALS: tuple[str, ...] = (
    "oak", "ash", "walnut", "birch", "bamboo", "cork", "steel", "brass", "copper", "iron", "aluminium",
    "enamel", "glass", "porcelain", "stoneware", "terracotta", "slate", "marble", "linen", "cotton",
    "wool", "felt", "canvas", "leather", "rattan", "paper", "rubber", "titanium",
)  # fmt: skip

CLAIMS: tuple[str, ...] = (
    "Made in a small workshop and repairable for life.",
    "Ships flat, assembled with one key in ten minutes.",
    "Ages well and takes a new finish when it has to.",
    "Tested for ten thousand uses, then used ourselves.",
    "Cleaned with water and a cloth, nothing else.",
    "Every part can be ordered on its own.",
    "The joints are pegged, not glued.",
    "Comes with spare screws and a drawing of every part.",
    "Light enough to carry with one hand.",
    "Dyed with plants; no two are quite alike.",
)

OPENINGS: tuple[str, ...] = (
    "Bought it a year ago.", "A present for my sister.", "My second one.", "Arrived a day early.",
    "The box was dented, the contents were not.", "I was not sure about the colour.", "Replaced a much dearer one.",
    "Use it every morning.", "Took a week to arrive.",
)  # fmt: skip

REMARKS: tuple[str, ...] = (
    "It does what it should.", "Heavier than it looks.", "I would buy it again.", "The finish has held up.",
    "Smaller than in the picture.", "The instructions could be clearer.", "It creaks a little.",
    "Nobody in the house complains any more.", "Feels solid.", "The smell went away after two days.",
    "Very good for the price.", "I sent it back and got a better one.",
)  # fmt: skip

FIRST_NAMES: tuple[str, ...] = (
    "Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Grete", "Hana", "Ivo", "Jun", "Kofi", "Lena",
    "Marek", "Noor", "Olga", "Pablo", "Quinn", "Rosa", "Sven", "Tala", "Uma", "Viktor", "Wanda", "Yara", "Zeno",
)  # fmt: skip

LAST_NAMES: tuple[str, ...] = (
    "Abel", "Brandt", "Costa", "Dahl", "Eriksen", "Fontana", "Garcia", "Haddad", "Ito", "Jansen", "Kaya",
    "Lindgren", "Moreau", "Novak", "Okafor", "Petrov", "Rossi", "Sato", "Tanaka", "Urban", "Varga", "Weiss", "Zhao",
)  # fmt: skip
