"""What a mini-program's runtime lacks is written in the core, and gives what a browser's own would."""

import pytest

from tests.wallet.core.javascript import in_node

MOMENTS = [1_775_000_000, 1_795_795_199, 1_795_795_200, 1_798_761_599, 1_800_000_000, 1_709_164_800]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_times_and_dates_read_as_the_browser_writes_them(language: str) -> None:
    assert in_node("times", language=language, moments=MOMENTS) == in_node("intl", language=language, moments=MOMENTS)


def test_text_becomes_the_bytes_of_a_text_encoder() -> None:
    texts = [
        "",
        "CC1 show",
        "§é",
        "城市码",
        "\U0001f9d3\U00020bb7",
        "a\ud800b",
        "\udc00",
        "\x7f\x80\u07ff\u0800\uffff\U00010000",
    ]
    for ours, theirs in in_node("utf8", texts=texts):
        assert ours == theirs


def test_bytes_become_the_text_of_a_text_decoder_or_none() -> None:
    good = ["", "%", "%41", "§é", "城市码", "\U0001f9d3", "\ufeffmark", "\x00\x7f\x80\u07ff\u0800\uffff\U0010ffff"]
    bad = ["80", "c0af", "c3", "c328", "e28228", "eda080", "f08080af", "f4908080", "f5808080", "ff", "41e59f"]
    for ours, theirs in in_node("utf8Back", bytes=[text.encode().hex() for text in good] + bad):
        assert ours == theirs


@pytest.mark.parametrize(("days", "said"), [(1, "1 day"), (7, "7 days"), (0, "0 days")])
def test_a_sentence_has_its_values_and_an_ending_for_several(days: int, said: str) -> None:
    assert in_node("sentences", templates=["{days} day{days|s}", "{other}"], values={"days": days}) == [said, "{other}"]
