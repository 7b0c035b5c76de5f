"""The report's colours: Okabe and Ito's palette, told apart under every common colour blindness.

Okabe, M. and Ito, K. (2008), Color Universal Design. Colour never carries a meaning alone: a dash, a symbol or a word
says the same.
"""

from collections.abc import Mapping

INK = "#1c2733"
MUTED = "#5a6775"
RULE = "#dfe4e8"
PAPER = "#ffffff"

BLUE = "#0072b2"
SKY = "#56b4e9"
GREEN = "#00795b"  # Okabe-Ito's bluish green, darkened until text in it has a contrast of 4.5 on white
AMBER = "#e69f00"
RUST = "#c04f00"  # their vermillion, darkened for the same reason
ROSE = "#cc79a7"
STEEL = "#8794a0"
OCHRE = "#8a7a00"  # their yellow, darkened

BAND = "rgba(86, 180, 233, 0.28)"  # SKY, to lie behind a line

GOOD, BAD, NEUTRAL, ACCENT = GREEN, RUST, STEEL, BLUE

FAMILIES: Mapping[str, str] = {
    "attribution": BLUE,
    "interaction": AMBER,
    "calendar": OCHRE,
    "timing": GREEN,
    "content": ROSE,
    "engagement": RUST,
    "conversion": STEEL,
    "performance": SKY,
}
LABEL_STATES: Mapping[str, str] = {
    "positive": BLUE,
    "negative": SKY,
    "immature": AMBER,
    "excluded": STEEL,
}
# Lines beside the chosen model's: a colour and a dash each.
OTHER_MODELS = ((RUST, "dash"), (GREEN, "dot"), (STEEL, "dashdot"), (ROSE, "longdash"), (AMBER, "dash"), (OCHRE, "dot"))
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
