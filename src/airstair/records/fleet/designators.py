"""ICAO type designators (Doc 8643) by the model's name as registries write it. A table; nothing is computed.

A model that is not here gets no designator: a wrong one would match the wrong performance at every partner.
"""

from __future__ import annotations

DESIGNATORS = {
    "172N": "C172",
    "G1159B": "GLF2",
    "G-IV": "GLF4",
    "G-V": "GLF5",
    "GV-SP (G550)": "GLF5",
    "GVI (G650)": "GLF6",
    "EMB-145LR": "E145",
    "EMB-145XR": "E45X",
    "EMB-505": "E55P",
    "EMB-500": "E50P",
    "EMB-135BJ": "E35L",
    "CL-600-2B16": "CL60",
    "CL-600-2B19": "CRJ2",
    "CL-600-2C10": "CRJ7",
    "CL-600-2D24": "CRJ9",
    "BD-100-1A10": "CL30",
    "BD-700-1A10": "GLEX",
    "560XL": "C56X",
    "680A": "C68A",
    "750": "C750",
    "525B": "C25B",
    "PC-12/47E": "PC12",
    "PC-24": "PC24",
    "FALCON 2000EX": "F2TH",
    "FALCON 900EX": "F900",
    "FALCON 7X": "FA7X",
    "HAWKER 800XP": "H25B",
    "LEARJET 45": "LJ45",
    "LEARJET 60": "LJ60",
    "B300": "B350",
}


def designator(model: str) -> str:
    """The designator of a model such as “EMB-145LR”, with or without its maker's name before it; empty if unknown."""
    name = " ".join(model.upper().split())
    for known, code in DESIGNATORS.items():
        if name == known or name.endswith(f" {known}"):
            return code
    return ""
