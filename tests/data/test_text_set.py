"""Text sets: every layout is read the same, bad files end in one clear line, draws are those of images."""

import json

import numpy as np
import pandas as pd
import pytest

from whypretrain import data
from whypretrain.data.words import by_content, sentence_shares, word_spans, words_of_tokens
from whypretrain.errors import InputError

ROWS = [
    (f"the film number {number} is {'good' if number % 2 else 'bad'} , see", str(number % 2)) for number in range(12)
]


def build(spec, **more):
    return data.build("mine", {"kind": "text", **spec}, size=8, channels=1, seed=0, **more)


def written(folder, ending):
    path, table = folder / f"rows{ending}", pd.DataFrame(ROWS, columns=["text", "label"])
    if ending == ".csv":
        table.to_csv(path, index=False)
    elif ending == ".tsv":
        path.write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in ROWS))
    elif ending == ".jsonl":
        path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in ROWS))
    else:
        table.to_parquet(path)
    return path


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_every_table_gives_the_same_set(tmp_path, ending):
    made = build({"path": str(written(tmp_path, ending)), "train_size": 6})
    assert made.classes == ["0", "1"]
    assert len(made.rows("train")) == 6
    assert {(text, name) for text, name in zip(made.images, made.manifest["class_name"], strict=True)} <= set(ROWS)
    assert list(made.images) == list(build({"path": str(written(tmp_path, ".csv")), "train_size": 6}).images)


def test_folders_are_classes(tmp_path):
    for text, label in ROWS:
        (tmp_path / label).mkdir(exist_ok=True)
        (tmp_path / label / f"{text[16:18].strip()}.txt").write_text(f"{text}\n")
    made = build({"root": str(tmp_path)})
    assert set(zip(made.images, made.manifest["class_name"], strict=True)) == set(ROWS)


def test_saved_and_loaded(tmp_path):
    made = build({"path": str(written(tmp_path, ".csv"))})
    about = data.save(made, tmp_path / "set")
    assert data.save(made, tmp_path / "again") == about
    names = sorted(path.name for path in (tmp_path / "set").iterdir() if path.is_file())
    assert names == ["data.json", "manifest.parquet"]
    found = data.load(tmp_path / "set")
    assert list(found.images) == list(made.images)
    assert found.manifest.drop(columns="words", errors="ignore").equals(made.manifest)
    assert sum(about["counts"]["train"]) == len(made.rows("train"))
    assert (tmp_path / "set/manifest.parquet").read_bytes() == (tmp_path / "again/manifest.parquet").read_bytes()


def test_tabs_are_read_without_quoting(tmp_path):
    path = tmp_path / "rows.tsv"
    path.write_text('text\tlabel\n"a\t0\nb " c\t1\n"d\t0\ne"\t1\n')
    assert set(build({"path": str(path)}).images) == {'"a', 'b " c', '"d', 'e"'}


@pytest.mark.parametrize("header", ["", "sentence\tlabel\n"])
def test_sst2_may_lack_its_header(tmp_path, header):
    for name in ("train", "dev"):
        (tmp_path / f"{name}.tsv").write_text(header + "".join(f"{text} {name}\t{label}\n" for text, label in ROWS))
    made = data.build("sst2", {"kind": "sst2", "root": str(tmp_path)}, size=8, channels=1, seed=0)
    assert (len(made.rows("train")), len(made.rows("test")), made.classes) == (12, 12, ["negative", "positive"])
    assert all(text.endswith("dev") for text in made.split("test").images)


def test_movie_reviews_are_halved_by_their_rating(tmp_path):
    path = tmp_path / "movieReviewSnippets_GroundTruth.txt"
    path.write_bytes(b"".join(b"%d\t%.1f\tsentence %d\r\n" % (number, number / 4 - 2, number) for number in range(17)))
    spec = {"kind": "movie_reviews", "path": str(path)}
    made = data.build("reviews", spec, size=8, channels=1, seed=0)
    assert sorted(made.manifest["origin"]) == sorted(f"review {n}" for n in range(17) if abs(n / 4 - 2) >= 0.5)
    assert (made.labels == [int(text.split()[1]) > 8 for text in made.images]).all()


def test_generated_sentences_cannot_be_told_by_one_word():
    made = data.build("praise", {"kind": "sentences"}, size=8, channels=1, seed=0)
    shares = {
        word: made.labels[[word in text.split() for text in made.images]].mean()
        for word in {word for text in made.images for word in text.split()}
    }
    assert all(0.2 < share < 0.8 for share in shares.values()), shares
    assert len(made.rows("train")) == 400


BAD = {
    "empty sentence": ("text,label\na b,0\n  ,1\nc,0\nd,1\n", "row 2: the sentence is empty"),
    "missing column": ("words,label\na,0\nb,1\n", "no column 'text'; there are words, label"),
    "no label": ("text,label\na,0\nb,\n", "row 2: has no label"),
    "one class": ("text,label\na,0\nb,0\n", "has 1 class"),
    "few of a class": ("text,label\na,0\nb,0\nc,1\n", "class 1 has fewer than 2"),
    "values": ("text,label\na,0,1\nb,1\n", "row 1: 3 values for the columns text, label"),
    "empty file": ("", "is empty"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tables_end_in_one_line(tmp_path, name):
    content, expected = BAD[name]
    (tmp_path / "rows.csv").write_text(content)
    with pytest.raises(InputError, match=expected) as error:
        build({"path": str(tmp_path / "rows.csv")})
    assert "\n" not in str(error.value)


def test_not_utf8_is_named_with_its_line(tmp_path):
    (tmp_path / "rows.csv").write_bytes("text,label\na,0\ncaf\xe9,1\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"line 3: byte 0xe9 is not UTF-8"):
        build({"path": str(tmp_path / "rows.csv")})


def test_a_label_of_the_test_file_that_is_no_class(tmp_path):
    (tmp_path / "test.csv").write_text("text,label\na,2\n")
    with pytest.raises(InputError, match=r"label '2' is no class; the classes are 0, 1"):
        build({"path": str(written(tmp_path, ".csv")), "test_path": str(tmp_path / "test.csv")})


def test_a_word_in_three_tokens_is_one_word():
    text = "an unhappily ended film"
    offsets = [(0, 0), (0, 2), (3, 5), (5, 8), (8, 12), (13, 18), (19, 23), (0, 0)]
    assert words_of_tokens(text, offsets) == [-1, 0, 1, 1, 1, 2, 3, -1]


def test_content_words_are_those_that_are_rare_in_the_training_sentences():
    texts = [f"the plot of film {number} is thin" for number in range(20)]
    shares = sentence_shares(texts)
    assert np.isclose(shares["the"], 1)
    text = "the plot of film 3 is not thin !"
    content, others = by_content(text, shares)
    words = [text[a:b] for a, b in word_spans(text)]
    assert [words[number] for number in content] == ["3", "not"]
    assert {words[number] for number in others} == {"the", "plot", "of", "film", "is", "thin"}
