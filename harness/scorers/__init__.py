"""Scorers: from a reply and what is expected of it to an opinion. Judging costs nothing and can be repeated.

A family by kin: `text` (exact, contains, starts_with, ends_with, regex), `choice`, `number`, `equivalence` (math), `overlap` (f1,
rouge_l, bleu), `structure` (json), `tools` (tool_calls), `constraints`, `code`, `refusal`, `limits` (latency, cost), and those that ask another model: `judge`, `similarity`. `family` knows them by name and checks criteria; `judging` applies a case's criteria
to an outcome, with the rules that hold for all of them.
"""

from harness.scorers.family import NAMES, PARTS, asks, check, scorer_of
from harness.scorers.judging import NOT_ALLOWED, Permissions, judge, judge_all, questions
from harness.scorers.opinion import Asks, Matter, Opinion, Question, Ruling, Rulings

__all__ = [
    "NAMES",
    "NOT_ALLOWED",
    "PARTS",
    "Asks",
    "Matter",
    "Opinion",
    "Permissions",
    "Question",
    "Ruling",
    "Rulings",
    "asks",
    "check",
    "judge",
    "judge_all",
    "questions",
    "scorer_of",
]
