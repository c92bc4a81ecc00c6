"""Everything that a person reads is in plain English: words that this project once overused stay out."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
READ = (".md", ".py", ".smk", ".yaml", ".yml", ".j2", ".html", ".rst", ".toml", ".sh")
AVOIDED = {
    r"\bbeside\b": "next to, compared with",
    r"\b(the )?mend(s|ed|ing)?\b": "fix",
    r"\b(is|are|be|being) told\b": "is reported, says so",
    r"\bstands? twice\b": "is listed twice",
    r"\bturned\s+round\b": "permuted",
    r"\bhow right\b": "accuracy",
    r"\bgoing on takes\b": "resumes from",
    r"\bgo(es)? on (from|where)\b": "resumes from",
    r"\b(is|was|are) (it )?told of\b": "is reported",
    r"\bdo(es)? not do\b": "cannot be used, does not work",
    r"\btakes? (it|them) for\b": "assumes that it is",
    r"\bstands? in (the\b|`)": "is in",
    r"\b(is|are) about pixels\b": "is for images",
    r"\b(can|could) be had\b": "can be downloaded",
}


def _texts() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [ROOT / name for name in listed if name.endswith(READ) and ROOT / name != Path(__file__)]


@pytest.mark.parametrize("pattern", AVOIDED)
def test_avoided_words_stay_out(pattern: str) -> None:
    texts = _texts()
    assert len(texts) > 300
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line, re.IGNORECASE)
    ]
    assert not found, f"write {AVOIDED[pattern]!r} instead:\n" + "\n".join(found)
