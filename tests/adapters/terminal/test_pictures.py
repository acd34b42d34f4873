"""A folder of pictures: each is read once, whole, and put away."""

import io
import os
from pathlib import Path
from threading import Event, Thread

import pytest
import qrcode
import zxingcpp
from PIL import Image

from adapters.terminal.errors import TerminalError
from adapters.terminal.inputs import picture
from adapters.terminal.inputs.address import read_picture
from adapters.terminal.inputs.pictures import DONE, Pictures
from adapters.terminal.inputs.reading import Reading, StateRequest
from codeservice.reason import Words
from tests.scanning import GOOD, USED
from tests.waiting import wait_until

DIGITS = "123456789012345678"


def draw(text: str) -> Image.Image:
    drawn = qrcode.make(text)
    return Image.open(io.BytesIO(_png(drawn.get_image()))).convert("L")


def bars(text: str) -> Image.Image:
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128)
    return Image.fromarray(made.to_image(scale=3, add_quiet_zones=True))


def _png(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


class Watch:
    """A folder, and what was read from it."""

    def __init__(self, folder: Path, *, keep: bool = False) -> None:
        self.folder = folder
        self.pictures = Pictures(folder, keep=keep)
        self.readings: list[Reading] = []

    @property
    def texts(self) -> list[str]:
        return [reading.text for reading in self.readings]

    @property
    def told(self) -> Words | None:
        return self.pictures.fault

    def look(self, times: int = 2) -> None:
        for _ in range(times):
            self.pictures.look(self._take)

    def _take(self, reading: Reading | StateRequest) -> None:
        assert isinstance(reading, Reading)
        self.readings.append(reading)


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


@pytest.mark.parametrize("name", ["a.png", "a.PNG", "a.jpg", "a.jpeg"])
def test_a_picture_is_read_once_and_removed(watch: Watch, name: str) -> None:
    draw(GOOD).save(watch.folder / name)
    watch.look(4)
    assert watch.texts == [GOOD]
    assert list(watch.folder.iterdir()) == []


def test_a_picture_is_kept_where_that_was_asked_for(tmp_path: Path) -> None:
    watch = Watch(tmp_path, keep=True)
    draw(GOOD).save(tmp_path / "a.png")
    watch.look(4)
    assert watch.texts == [GOOD]
    assert [entry.name for entry in (tmp_path / DONE).iterdir()] == ["a.png"]


def test_bars_are_read_as_well_and_other_kinds_are_not(watch: Watch) -> None:
    bars(DIGITS).save(watch.folder / "a.png")
    watch.look()
    other = zxingcpp.create_barcode(DIGITS, zxingcpp.BarcodeFormat.DataMatrix)
    Image.fromarray(other.to_image(scale=4, add_quiet_zones=True)).save(watch.folder / "b.png")
    watch.look()
    assert watch.texts == [DIGITS, ""]


def test_pictures_are_read_in_the_order_in_which_they_came(watch: Watch) -> None:
    for number, (name, text) in enumerate([("b.png", "1"), ("c.png", "2"), ("a.png", "3")]):
        draw(text).save(watch.folder / name)
        os.utime(watch.folder / name, (number, number))
    watch.look()
    assert watch.texts == ["1", "2", "3"]


def test_a_picture_that_is_still_written_is_waited_for(watch: Watch) -> None:
    content = _png(draw(GOOD))
    path = watch.folder / "a.png"
    for size in range(0, len(content) - 100, 100):
        path.write_bytes(content[:size])
        watch.look(3)
    assert watch.readings == []
    path.write_bytes(content)
    watch.look()
    assert watch.texts == [GOOD]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no picture", id="no picture"),
        pytest.param(b"GIF89a" + b"\0" * 100, id="another kind of picture"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\xff" * 500, id="a broken one"),
    ],
)
def test_what_never_becomes_a_picture_is_answered_once_like_any_text_that_is_no_code(
    watch: Watch, content: bytes
) -> None:
    (watch.folder / "a.png").write_bytes(content)
    watch.look(60)
    assert watch.texts == [""]
    assert list(watch.folder.iterdir()) == []


def test_a_picture_without_a_code_and_one_with_two_are_no_code(watch: Watch) -> None:
    Image.new("L", (300, 300), 255).save(watch.folder / "a.png")
    two = Image.new("L", (1400, 700), 255)
    two.paste(draw("1").resize((500, 500)), (50, 50))
    two.paste(draw("2").resize((500, 500)), (750, 50))
    two.save(watch.folder / "b.png")
    watch.look()
    assert watch.texts == ["", ""]


def test_a_file_that_is_larger_than_any_picture_is_not_opened(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "MAX_BYTES", 100)
    draw(GOOD).save(watch.folder / "a.png")
    with pytest.raises(picture.PictureError):
        picture.read_picture(watch.folder / "a.png")


def test_a_folder_is_watched_until_it_is_stopped(watch: Watch) -> None:
    stop = Event()
    thread = Thread(target=watch.pictures.run, args=(watch._take, stop), daemon=True)
    thread.start()
    for text in ("1", "2"):
        draw(text).save(watch.folder / f"{text}.png")
        wait_until(lambda text=text: watch.texts[-1:] == [text])  # type: ignore[misc]
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def test_a_small_file_that_unpacks_to_gigabytes_is_not_unpacked(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "MAX_PIXELS", 10_000)
    Image.new("1", (200, 200)).save(watch.folder / "a.png")
    with pytest.raises(picture.PictureError):
        picture.read_picture(watch.folder / "a.png")


def test_the_same_file_after_a_power_cut_is_the_same_scan(tmp_path: Path) -> None:
    first, second = Watch(tmp_path), Watch(tmp_path)
    draw(GOOD).save(tmp_path / "a.png")
    os.utime(tmp_path / "a.png", (1, 1))
    # The first run decided, and lost its power before the file was gone.
    content = (tmp_path / "a.png").read_bytes()
    first.look()
    (tmp_path / "a.png").write_bytes(content)
    os.utime(tmp_path / "a.png", (1, 1))
    second.look()
    assert [reading.act for reading in first.readings] == [reading.act for reading in second.readings]
    draw(USED).save(tmp_path / "a.png")
    second.look()
    assert second.readings[0].act != second.readings[1].act


def test_other_files_folders_and_links_stay(watch: Watch) -> None:
    outside = watch.folder.parent / "outside.png"
    draw(GOOD).save(outside)
    (watch.folder / "notes.txt").write_text("1")
    (watch.folder / "folder.png").mkdir()
    (watch.folder / "link.png").symlink_to(outside)
    draw(GOOD).save(watch.folder / ".hidden.png")
    watch.look(60)
    assert watch.readings == []
    assert {entry.name for entry in watch.folder.iterdir()} == {"notes.txt", "folder.png", "link.png", ".hidden.png"}
    assert outside.exists()


def test_a_picture_that_cannot_be_removed_is_read_once_and_told(tmp_path: Path) -> None:
    watch = Watch(tmp_path, keep=True)
    (tmp_path / DONE).write_text("in the way")
    draw(GOOD).save(tmp_path / "a.png")
    watch.look(2)
    assert watch.told is not None
    watch.look(6)
    assert watch.texts == [GOOD]


def test_a_folder_that_is_gone_is_told_and_read_when_it_comes_back(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "later")
    watch.look()
    assert watch.told is not None
    watch.folder.mkdir()
    draw(GOOD).save(watch.folder / "a.png")
    watch.look()
    assert watch.texts == [GOOD]
    assert watch.told is None


def test_a_link_is_read_from_the_picture_that_holds_it(tmp_path: Path) -> None:
    draw("https://code.city.example/scanner/bus#terminal=bus-1").save(tmp_path / "link.png")
    assert read_picture(tmp_path / "link.png") == "https://code.city.example/scanner/bus#terminal=bus-1"


@pytest.mark.parametrize("content", [None, b"no picture"], ids=["no file", "no picture"])
def test_a_picture_that_cannot_be_read_says_so_in_both_languages(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "link.png").write_bytes(content)
    with pytest.raises(TerminalError) as failed:
        read_picture(tmp_path / "link.png")
    assert "link.png" in failed.value.words.zh
    assert "link.png" in failed.value.words.en


def test_a_picture_without_a_link_says_so(tmp_path: Path) -> None:
    Image.new("L", (300, 300), 255).save(tmp_path / "link.png")
    with pytest.raises(TerminalError, match="no QR code"):
        read_picture(tmp_path / "link.png")
