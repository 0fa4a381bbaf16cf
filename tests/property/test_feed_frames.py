"""Bytes of a feed, split, cut and damaged at will, never become a wrong tick; sequence numbers are counted exactly."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from live.feeds.socket.decoder import FrameDecoder, FrameError, MalformedMessageError, OversizeFrameError
from live.feeds.socket.frames import (
    FRAME_BYTES_MAX,
    HEADER,
    HEADER_BYTES,
    MAGIC,
    Channel,
    End,
    FrameEncoder,
    Goodbye,
    Heartbeat,
    Hello,
    Message,
    Subscribe,
    Tick,
    Ticks,
    checksum,
)
from live.feeds.socket.sequence import SequenceTracker

INT64_MAX = (1 << 63) - 1
MOMENTS = st.integers(0, INT64_MAX - 1)
SEQUENCES = st.integers(1, INT64_MAX)
SIZES = st.floats(0, 1e18)
TEXTS = st.text(max_size=40).filter(lambda text: text.isprintable())
NAMES = TEXTS.filter(bool)
CHANNELS = st.builds(Channel, NAMES, NAMES, NAMES, st.booleans())
TICKS = st.builds(
    Tick,
    st.integers(0, 4_095),
    MOMENTS,
    st.integers(0, INT64_MAX),
    SIZES,
    st.integers(0, INT64_MAX),
    SIZES,
    st.integers(-INT64_MAX - 1, INT64_MAX),
    MOMENTS,
)
MESSAGES = st.one_of(
    st.builds(Subscribe, SEQUENCES, TEXTS, TEXTS, SEQUENCES),
    st.builds(Hello, SEQUENCES, NAMES, SEQUENCES, st.floats(0.001, 3_600), st.lists(CHANNELS, max_size=3).map(tuple)),
    st.builds(Ticks, SEQUENCES, MOMENTS, st.lists(TICKS, min_size=1, max_size=5)),
    st.builds(Heartbeat, SEQUENCES, MOMENTS, MOMENTS),
    st.builds(End, SEQUENCES),
    st.builds(Goodbye, NAMES, TEXTS, st.booleans()),
)


def encoded(messages: list[Message]) -> bytes:
    encoder = FrameEncoder()
    return b"".join(bytes(encoder.encode(message)) for message in messages)


def feed(decoder: FrameDecoder, content: bytes, cuts: list[int]) -> tuple[list[Message], str]:
    """Receive bytes in pieces; return the messages and the error that ended them, "" without one."""
    found: list[Message] = []
    at = 0
    for size in [*cuts, len(content)]:
        piece = content[at : at + size]
        at += len(piece)
        decoder.free_space()[: len(piece)] = piece
        decoder.received(len(piece))
        while True:
            try:
                message = decoder.next_message()
            except MalformedMessageError:
                continue
            except FrameError as error:
                return found, str(error)
            if message is None:
                break
            found.append(message)
    return found, ""


CUTS = st.lists(st.integers(0, 50), max_size=40)


@given(st.lists(MESSAGES, max_size=6), CUTS)
def test_messages_survive_any_split(messages: list[Message], cuts: list[int]) -> None:
    decoder = FrameDecoder()
    assert feed(decoder, encoded(messages), cuts) == (messages, "")
    decoder.finish()


@given(st.binary(max_size=200), CUTS)
def test_garbage_is_refused(garbage: bytes, cuts: list[int]) -> None:
    found, error = feed(FrameDecoder(), garbage, cuts)
    assert found == []
    assert bool(error) or MAGIC.startswith(garbage[: len(MAGIC)])


@settings(max_examples=300)
@given(st.lists(MESSAGES, min_size=1, max_size=4), CUTS, st.data())
def test_a_damaged_byte_never_changes_a_message(messages: list[Message], cuts: list[int], data: st.DataObject) -> None:
    content = bytearray(encoded(messages))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    found, _ = feed(FrameDecoder(), bytes(content), cuts)
    assert len(found) < len(messages)
    assert found == messages[: len(found)]


@given(st.lists(MESSAGES, min_size=1, max_size=4), CUTS, st.data())
def test_a_cut_is_noticed(messages: list[Message], cuts: list[int], data: st.DataObject) -> None:
    content = encoded(messages)
    kept = data.draw(st.integers(0, len(content) - 1))
    ends, at = {0}, 0
    for message in messages:
        at += len(encoded([message]))
        ends.add(at)
    decoder = FrameDecoder()
    found, error = feed(decoder, content[:kept], cuts)
    assert error == ""
    assert found == messages[: len(found)]
    try:
        decoder.finish()
    except FrameError:
        assert kept not in ends
    else:
        assert kept in ends


@given(st.integers(FRAME_BYTES_MAX + 1, (1 << 32) - 1), st.binary(max_size=100))
def test_a_length_is_not_trusted(length: int, rest: bytes) -> None:
    decoder = FrameDecoder()
    content = HEADER.pack(MAGIC, length, 0) + rest
    decoder.free_space()[: len(content)] = content
    decoder.received(len(content))
    try:
        decoder.next_message()
    except OversizeFrameError:
        return
    raise AssertionError("an oversize frame was taken")


@given(st.binary(max_size=100), st.lists(MESSAGES, max_size=2))
def test_a_whole_frame_of_nonsense_is_skipped(payload: bytes, messages: list[Message]) -> None:
    # 0xc1 is never used by MessagePack, so that no payload that begins with it is a message.
    payload = b"\xc1" + payload
    frame = HEADER.pack(MAGIC, len(payload), checksum(len(payload), payload)) + payload
    assert feed(FrameDecoder(), frame + encoded(messages), []) == (messages, "")


def test_the_largest_frame_fits_the_buffer() -> None:
    payload = bytes(FRAME_BYTES_MAX)
    frame = HEADER.pack(MAGIC, len(payload), checksum(len(payload), payload)) + payload
    tail = encoded([End(7)])
    decoder = FrameDecoder()
    pieces = [HEADER_BYTES + 50_000] + [60_000] * 20
    assert feed(decoder, frame + tail, pieces) == ([End(7)], "")


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 5)), max_size=60))
def test_sequence_numbers_are_counted_like_a_set_does(frames: list[tuple[int, int]]) -> None:
    tracker = SequenceTracker()
    tracker.begin(1)
    seen: set[int] = set()
    newest, gaps, missing, late, duplicates = 0, 0, 0, 0, 0
    for sequence, count in frames:
        old = 0
        for number in range(sequence, sequence + count):
            if number > newest:
                if number > newest + 1:
                    gaps += 1
                    missing += number - newest - 1
                newest = number
            else:
                old += 1
                duplicates += number in seen
                late += number not in seen
            seen.add(number)
        assert tracker.take(sequence, count) == old
        assert (tracker.gaps, tracker.missing, tracker.late, tracker.duplicates) == (gaps, missing, late, duplicates)
        assert tracker.expected == newest + 1
    assert missing - late == newest - len(seen)


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=60))
def test_an_announced_number_counts_as_missing_until_it_comes(steps: list[tuple[int, bool]]) -> None:
    tracker = SequenceTracker()
    tracker.begin(1)
    seen: set[int] = set()
    next_number, missing = 1, 0
    for number, is_tick in steps:
        missing += max(0, number - next_number)
        if is_tick:
            tracker.take(number, 1)
            seen.add(number)
            next_number = max(next_number, number + 1)
        else:
            tracker.announce(number)
            next_number = max(next_number, number)
        assert tracker.missing == missing
        assert tracker.missing - tracker.late == next_number - 1 - len(seen)


@given(st.lists(st.integers(1, 20), max_size=40))
def test_numbers_that_only_grow_have_no_gaps(numbers: list[int]) -> None:
    tracker = SequenceTracker(is_consecutive=False)
    newest, repeated = 0, 0
    for number in numbers:
        is_new = number > newest
        repeated += not is_new
        newest = max(newest, number)
        assert tracker.take(number, 1) == (0 if is_new else 1)
    assert (tracker.gaps, tracker.missing, tracker.late, tracker.duplicates) == (0, 0, 0, repeated)
