"""What listeners are asked: the forms of the papers, word for word where a paper has its words, and the two usual ones.

Pages are made from these, and answers are checked by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: ``scale``: whole numbers; ``slider``: a number of a range; ``choice``: one of several words; ``text``: free;
#: ``preferred``: one of the clips that are heard together, or none.
Kind = Literal["scale", "slider", "choice", "text", "preferred"]
#: What the files of a test call themselves, and the version of their content.
RESULTS_KIND = "gantools listening results"
KEY_KIND = "gantools listening key"
SCHEMA = 1
#: What a ``preferred`` question has for a listener who prefers neither.
NEITHER = "neither"
#: Begins what a listener wrote beside the words to choose from.
OTHER = "other: "


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes
    ----------
    name : str
        In results and tables.
    text : str
    kind : str
        See `Kind`.
    low, high : int
        Ends of a scale or slider, and `left` and `right` what they mean.
    left, right : str
    choices : tuple of str
    other : bool
        An answer of the listener's own may stand beside the choices.
    when : tuple of str
        Name and value of the answer after which this is asked; empty for always.
    required : bool
    """

    name: str
    text: str
    kind: Kind
    low: int = 0
    high: int = 0
    left: str = ""
    right: str = ""
    choices: tuple[str, ...] = ()
    other: bool = False
    when: tuple[str, ...] = ()
    required: bool = True

    @property
    def numeric(self) -> bool:
        """Whether answers are numbers."""
        return self.kind in ("scale", "slider")


@dataclass(frozen=True)
class Form:
    """A kind of test.

    Attributes
    ----------
    name, title : str
    source : str
        Where it is from.
    instructions : tuple of str
        Paragraphs before the first clip.
    questions, closing : tuple of Question
        Asked of each clip, and once at the end.
    legend : tuple of (str, str)
        What grades mean.
    heard : str
        What a question is about: ``one`` clip, ``several`` side by side, a ``pair``.
    seconds : float
        Length of a clip; 0 leaves files whole, and their ends unfaded, so that they loop.
    lossless : bool
        Clips are FLAC, else MP3.
    matched : bool
        Real clips get the bandwidth and the channels of the generated ones.
    practice, repeats : int
        Clips before the test that do not count, and clips that come twice.
    per_block, originals : int
        Clips of one block, after which there is a pause, and how many of them are real; 0 for a test in one go.
    """

    name: str
    title: str
    source: str
    instructions: tuple[str, ...]
    questions: tuple[Question, ...]
    closing: tuple[Question, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    heard: Literal["one", "several", "pair"] = "one"
    seconds: float = 10.0
    lossless: bool = False
    matched: bool = True
    practice: int = 2
    repeats: int = 2
    per_block: int = 0
    originals: int = 0

    def question(self, name: str) -> Question | None:
        """Return a question of the clips or of the end by its name."""
        return next((one for one in (*self.questions, *self.closing) if one.name == name), None)


_MUSIC_PRODUCTION = "Automatic Music Production Using Generative Adversarial Networks, section 4.4"
_SONGWRITER = "Using Deep Learning to create music in a specific genre, section 5, figures 37 and 38"
_MIXES = "Automatic Music Mixing with Deep Learning and Out-of-Domain Data: a test for mixing engineers"
_ELECTRONIC = "Generating Electronic Music with Adversarial Networks, section 4.2"
_LOOPS = "Symbolic Music Loop Generation with Neural Discrete Representations, section 5.3"


def _grade(name: str, title: str, text: str, left: str, right: str) -> Question:
    return Question(name, f"{title}: {text}", "scale", 1, 10, left, right)


def _share(name: str, text: str, left: str, right: str) -> Question:
    return Question(name, text, "slider", 0, 100, left, right)


_FORMS = (
    Form(
        "grades",
        "Four aspects of a clip",
        _MUSIC_PRODUCTION,
        ("Rate each sample from 1 to 10 in four respects. Listen to it as often as you like.",),
        (
            _grade("quality", "Quality", "naturalness and absence of artifacts or noise", "artificial", "natural"),
            _grade("contamination", "Contamination", "contamination by other sources", "contaminated", "clean"),
            _grade("credibility", "Credibility", "credibility of the sample", "not credible", "credible"),
            _grade(
                "time",
                "Time",
                "whether the produced drums and arrangements are on time the bass and voice lines",
                "off",
                "on time",
            ),
        ),
        legend=(
            ("1-3", "silent or very noisy"),
            ("4-5", "few sounds start to emerge, but not very pleasant to listen to, nor coherent"),
            ("6-7", "sounds good and coherent, but not continuous: tends to follow the bass line too closely"),
            ("8-9", "almost indistinguishable from real drums, both in terms of sound and timing"),
        ),
        seconds=5.0,
    ),
    Form(
        "score",
        "How good is the music?",
        _ELECTRONIC,
        ('Give each clip a score of 0 to 5 for how "real" it sounds, and for how "pleasant" it is to listen to.',),
        (
            Question("real", 'How "real" does the audio sound?', "scale", 0, 5, "not at all", "real"),
            Question(
                "pleasant", 'How "pleasant" is the clip to listen to?', "scale", 0, 5, "not at all", "very pleasant"
            ),
        ),
    ),
    Form(
        "loop",
        "Does it loop?",
        _LOOPS,
        (
            "Listen to each sample, which begins again at its end, and evaluate how much it sounds like loop music "
            "(which can be repeated seamlessly).",
        ),
        (
            Question(
                "loops",
                "How much does the sample sound like loop music, which can be repeated seamlessly?",
                "scale",
                1,
                5,
                "not at all",
                "very much",
            ),
        ),
        seconds=0.0,
        lossless=True,
        practice=3,
    ),
    Form(
        "songwriter",
        "A songwriter's questionnaire",
        _SONGWRITER,
        ("Listen to one sample, then answer the questions on it. Some samples are real, others are generated.",),
        (
            Question("real", "Do you think the sample is real or a fake?", "choice", choices=("real", "fake")),
            Question(
                "easy",
                "If you answered fake, was it easy to spot it was fake?",
                "choice",
                choices=("easy", "don't know", "difficult"),
                other=True,
                when=("real", "fake"),
            ),
            Question(
                "quality",
                "Can you rate the quality of the sample? Is it musical at all?",
                "scale",
                0,
                10,
                "terrible",
                "quite good",
                required=False,
            ),
            Question(
                "inspiring",
                "Do you find it inspiring? Does it give you ideas to generate new music?",
                "choice",
                choices=("yes", "no", "maybe"),
                other=True,
                required=False,
            ),
            Question("feedback", "Overall feedback? Short answer please.", "text", required=False),
        ),
        closing=(
            Question(
                "helps",
                "Do you think the model can help you to compose and finish some of your songs?",
                "text",
                required=False,
            ),
            Question(
                "areas",
                "Do you think that some of the samples have tapped into musical areas that you would not go as "
                "composer?",
                "text",
                required=False,
            ),
            Question(
                "suggestions",
                "Have you got any suggestions to improve the model? What would you need from it to produce so you get "
                "more inspired?",
                "text",
                required=False,
            ),
        ),
        seconds=25.0,
        practice=0,
        repeats=0,
        per_block=10,
        originals=2,
    ),
    Form(
        "mix",
        "Mixes of one song",
        _MIXES,
        ("Each song comes dry, as it was recorded, and in several mixes. Rate each mix; move freely between them.",),
        (
            _share("production", "Production value", "poor", "professional"),
            _share("clarity", "Clarity", "muddy", "clear"),
            _share("excitement", "Excitement", "dull", "exciting"),
        ),
        heard="several",
        seconds=20.0,
        lossless=True,
        matched=False,
        practice=0,
        repeats=0,
    ),
    Form(
        "mushra",
        "Likeness to a reference (MUSHRA)",
        "ITU-R BS.1534-3",
        (
            "Compare each clip with the reference, and rate its basic audio quality. One of the clips is the reference "
            "itself, and is to be rated 100.",
        ),
        (_share("quality", "Basic audio quality", "bad", "excellent"),),
        legend=(("0-20", "bad"), ("20-40", "poor"), ("40-60", "fair"), ("60-80", "good"), ("80-100", "excellent")),
        heard="several",
        lossless=True,
        matched=False,
        practice=1,
        repeats=0,
    ),
    Form(
        "ab",
        "Which of two?",
        "paired comparison",
        ("Listen to both clips, and say which one you prefer.",),
        (Question("preferred", "Which clip do you prefer?", "preferred"),),
        heard="pair",
        lossless=True,
        matched=False,
        practice=1,
    ),
)
FORMS = {form.name: form for form in _FORMS}
