"""Words as players: the scores are those of sentences masked by hand, and a planted pair of words is found."""

import numpy as np
import pytest
import torch

from whypretrain import data, models
from whypretrain.config.encoders import TextEncoder
from whypretrain.config.interactions import Scoring
from whypretrain.config.recipe import Recipe
from whypretrain.data import text_set
from whypretrain.data.words import words_of_tokens
from whypretrain.errors import InputError
from whypretrain.interactions import draw_game, log_odds, moebius, random_coalitions, score_coalitions
from whypretrain.interactions.networks import Network
from whypretrain.invariances import linear_cka
from whypretrain.models import tokenizers
from whypretrain.models.equivalents import permuted_units, rescaled_units
from whypretrain.training.trainer import evaluate, train

SMALL = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
FILLERS = ["river", "stone", "cloud", "garden", "winter", "letter", "window", "bridge", "music", "island"]


def planted(number, seed=0):
    """Sentences of nine words; the class is whether both `crimson` and `lantern` are there, wherever they stand."""
    random = np.random.default_rng(seed)
    rows = []
    for index in range(number):
        label = index % 2
        there = [True, True] if label else [bool(random.random() < 0.5), False][:: random.choice([1, -1])]
        words = [*random.choice(FILLERS, 9, replace=False)]
        for word, shown, place in zip(("crimson", "lantern"), there, random.choice(9, 2, replace=False), strict=True):
            words[place] = word if shown else words[place]
        rows.append((" ".join(words), label))
    texts, labels = zip(*rows, strict=True)
    test = np.arange(number) >= number // 2
    return text_set.text_set(
        texts,
        np.array(labels),
        test=test,
        classes=["not both", "both"],
        origins=[f"row {row}" for row in range(number)],
    )


def tokenised(sentences, tokenizer, encoder, folder):
    data.save(sentences, folder / "raw")
    sentences = data.load(folder / "raw")
    found = tokenizer.split(sentences.images.tolist())
    words = [words_of_tokens(text, each.offsets) for text, each in zip(sentences.images, found, strict=True)]
    text_set.save_tokens(sentences, [each.ids for each in found], words, folder / "tokens", encoder.to_dict())
    return data.load(folder / "tokens")


@pytest.fixture(scope="module")
def sentences(tmp_path_factory):
    """A tokenised set, the tokenizer trained on few pieces, so that words come in several."""
    raw = planted(1200)
    tokenizer = tokenizers.train_tokenizer(raw.images, 60)
    encoder = tokenizers.encoder_of(TextEncoder(options=SMALL), {}, tokenizer)
    return tokenised(raw, tokenizer, encoder, tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def encoder(sentences):
    return models.Encoder.from_dict(sentences.about["encoder"])


@pytest.fixture(scope="module")
def model(sentences, encoder):
    found = models.build(encoder, sentences.classes, seed=0).eval()
    found.head.weight.data *= 40
    return found


def config(**changes):
    return {
        **Scoring().plain(),
        "players": 6,
        "samples": 20,
        "baseline": "mask",
        "batch_size": 64,
        "seed": 0,
        **changes,
    }


def scored(game, model):
    return game.scores([Network({"name": "m", "key": "m"}, model)])[0]


@pytest.mark.parametrize("baseline", ["mask", "pad"])
def test_scores_are_the_log_odds_of_sentences_masked_by_hand(sentences, model, encoder, baseline):
    """By transformers itself, one sentence at a time and without padding: 20 sentences, 50 coalitions each."""
    game = draw_game(sentences, config(baseline=baseline), "planted")
    v, body = scored(game, model), model.backbone.body
    random, hidden = np.random.default_rng(1), {"mask": encoder.mask, "pad": encoder.pad}[baseline]
    for sample, players in enumerate(game.players):
        row = game.images.manifest.iloc[sample]
        ids = game.images.images[sample, 0, : len(row["words"])]
        for coalition in random.choice(64, 50, replace=False):
            shown = [
                int(players.owner[place]) < 0 or coalition >> players.owner[place] & 1 for place in range(len(ids))
            ]
            tokens = torch.tensor(np.where(shown, ids, hidden), dtype=torch.int64)[None]
            mask = (tokens != encoder.pad).long()
            with torch.no_grad():
                logits = model.head(body(input_ids=tokens, attention_mask=mask).last_hidden_state[:, 0])
            wanted = log_odds(logits[0], int(game.images.labels[sample]))
            assert abs(float(wanted) - v[sample, coalition]) < 1e-5 * max(1, abs(float(wanted)))


def test_the_mean_embedding_hides_words(sentences, model):
    """All words shown is the sentence itself; none depends on the mean of the training sentences' tokens."""
    game = draw_game(sentences, config(baseline="embedding"), "planted")
    v, plain = scored(game, model), scored(draw_game(sentences, config(), "planted"), model)
    np.testing.assert_allclose(v[:, -1], plain[:, -1], atol=1e-4)
    assert np.abs(v[:, 0] - plain[:, 0]).max() > 1e-3
    ids = sentences.split("train").images.ravel()
    ids = ids[~np.isin(ids, sentences.about["encoder"]["special"])]
    table = model.backbone.body.get_input_embeddings().weight.detach().numpy()
    _, inputs = next(game._batches({"m": model}, slice(0, 1)))
    np.testing.assert_allclose(inputs["baseline"][0, :-1, 0], table[ids].mean(0), atol=1e-5)


def test_a_word_in_several_tokens_is_one_player(sentences):
    game = draw_game(sentences, config(players=9), "planted")
    several = 0
    for players, (_, row) in zip(game.players, game.images.manifest.iterrows(), strict=True):
        words = np.array(row["words"])
        for player in range(9):
            at = np.flatnonzero(players.owner == player)
            [word] = set(words[at])
            assert set(np.flatnonzero(words == word)) == set(at)
            several += len(at) >= 3
        assert (players.owner[len(words) :] == -1).all()
        assert players.owner[0] == players.owner[len(words) - 1] == -1  # [CLS] and [SEP]
    assert several > 20


def test_permuting_players_permutes_effects(sentences, model):
    game = draw_game(sentences, config(), "planted")
    order = [3, 0, 5, 1, 4, 2]
    inputs = {"labels": game.images.labels, "baseline": 4}
    tokens = models.as_input(game.images.images)
    v = score_coalitions([model], tokens, players=game.players, **inputs)[0]
    moved = score_coalitions([model], tokens, players=[each.permuted(order) for each in game.players], **inputs)[0]
    index = [sum((mask >> old & 1) << new for new, old in enumerate(order)) for mask in range(64)]
    np.testing.assert_allclose(moebius(moved)[:, index], moebius(v), atol=1e-4)


@pytest.mark.parametrize("placebo", [permuted_units, rescaled_units])
def test_the_same_function_in_other_weights_moves_no_metric(sentences, model, placebo):
    """Interactions to 1e-4 of the largest, CKA to 1e-3; that the weights are others is part of the test."""
    other = placebo(model, seed=0).eval()
    assert (
        sum(not torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True)) >= 4
    )  # biases are 0 at the start
    game = draw_game(sentences, config(), "planted")
    before, after = (moebius(scored(game, each)) for each in (model, other))
    assert np.abs(before - after).max() < 1e-4 * np.abs(before).max()
    tokens = models.as_input(game.images.images)
    with torch.no_grad():
        pairs = zip(model.blocks(tokens), other.blocks(tokens), strict=True)
        assert all(linear_cka(a.numpy(), b.numpy()) > 1 - 1e-3 for a, b in pairs)


def test_players_depend_on_the_sentence_alone(sentences):
    one, other = (draw_game(sentences, config(samples=number), "planted") for number in (10, 20))
    found = dict(zip(other.images.manifest["id"], other.players, strict=True))
    assert all(found[name] == each for name, each in zip(one.images.manifest["id"], one.players, strict=True))


def test_short_sentences_are_together_and_too_short_ones_are_refused(sentences):
    game = draw_game(sentences, config(), "planted")
    lengths = [len(words) for words in game.images.manifest["words"]]
    assert lengths == sorted(lengths)
    with pytest.raises(InputError, match="no test sentence has 12 words, the longest 9"):
        draw_game(sentences, config(players=12), "planted")


def test_all_words_are_players_where_coalitions_are_sampled(tmp_path, encoder, model, sentences):
    """A sentence with fewer words has players that hide nothing: its scores do not depend on them."""
    short = sentences.manifest["text"].iloc[600].split()[:5]
    raw = text_set.text_set(
        ["stone river", " ".join(short), *sentences.manifest["text"].iloc[:2]],
        np.array([0, 1, 0, 1]),
        test=np.array([True, True, False, False]),
        classes=["not both", "both"],
        origins=list("abcd"),
    )
    tokenizer = tokenizers.train_tokenizer(planted(1200).images, 60)
    found = tokenised(raw, tokenizer, encoder, tmp_path)
    game = draw_game(found, config(samples=2, players=30, coalitions="sampled", number=40), "short")
    assert [each.n for each in game.players] == [5, 5]
    v = scored(game, model)
    same = random_coalitions(5, 40, seed=0)
    assert game.coalitions.shape == same.shape
    for a in range(40):
        for b in range(40):
            if (game.coalitions[a, :2] == game.coalitions[b, :2]).all():
                assert abs(v[0, a] - v[0, b]) < 1e-5


@pytest.mark.slow
def test_a_planted_pair_of_words_is_the_strongest_effect(tmp_path):
    """Words are hidden by their mean embedding: a model that was trained on this task alone has never seen [MASK]."""
    raw = planted(1200)
    tokenizer = tokenizers.train_tokenizer(raw.images, 200)
    encoder = tokenizers.encoder_of(TextEncoder(options=SMALL), {}, tokenizer)
    sentences = tokenised(raw, tokenizer, encoder, tmp_path)
    recipe = Recipe(steps=150, batch_size=64, learning_rate=3e-3, weight_decay=0.01, warmup=0.2, label_smoothing=0.1)
    model = models.build(encoder, sentences.classes, seed=0)
    train(model, sentences, recipe, seed=0)
    assert evaluate(model, sentences, split="test")["accuracy"] > 0.99
    game = draw_game(sentences, config(players=9, samples=30, baseline="embedding"), "planted")
    chosen = np.flatnonzero(game.images.labels == 1)
    pairs = [_players_of(game, sample, "crimson") | _players_of(game, sample, "lantern") for sample in chosen]
    effects = moebius(scored(game, model)[chosen])
    assert (np.abs(effects[:, 1:]).argmax(axis=1) + 1).tolist() == pairs
    assert (effects[np.arange(len(chosen)), pairs] > 3).all()


def _players_of(game, sample, word):
    """The coalition of the player that a word is."""
    row, owner = game.images.manifest.iloc[sample], game.players[sample].owner
    number = row["text"].split().index(word)
    return 1 << int(owner[list(row["words"]).index(number)])


def test_tokens_of_another_tokenizer_are_refused(sentences, encoder):
    other = models.build(encoder.changed(tokenizer="0" * 64), sentences.classes, seed=0)
    with pytest.raises(InputError, match="split by another tokenizer"):
        evaluate(other, sentences, split="test")
