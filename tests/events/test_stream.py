"""One contract for every stream; and what only one of them has to keep."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.events.stream import MAX_RECORDS, Record, Stream, StreamAwayError, kinesis, lines
from apps.events.stream.coding import decode, encode, facts_in
from apps.events.stream.kinesis import KinesisStream
from apps.events.stream.lines import LinesStream
from tests.events.streams import build, everything, fact, new_kinesis, streaming
from tests.refusing import gate

__all__ = ["streaming"]


def record(pk: int, subject: str | None = None) -> Record:
    event = fact(pk, subject or f"ticket:{pk}")
    return Record(event.subject, encode(event))


class TestEveryStream:
    def test_gives_back_what_it_was_given(self, streaming: Stream) -> None:
        event = fact(7, "ticket:7", "message.added", said="Grüße\u2028\n", team_ids=[1, 2])

        assert streaming.put([Record("ticket:7", encode(event))]) == frozenset()

        assert everything(streaming) == [event]

    def test_keeps_the_order_of_a_subject(self, streaming: Stream) -> None:
        for pk in range(1, 13):
            streaming.put([record(pk, f"ticket:{pk % 3}"), record(100 + pk)])

        for subject in ("ticket:0", "ticket:1", "ticket:2"):
            ids = [one.id for one in everything(streaming, limit=2) if one.subject == subject]
            assert ids == sorted(ids)
            assert len(ids) == 4

    def test_goes_on_after_a_position_and_finds_nothing_twice(self, streaming: Stream) -> None:
        streaming.put([record(pk, "ticket:1") for pk in range(1, 4)])
        shard = next(s.id for s in streaming.shards() if streaming.read(s.id, after=None).records)

        first = streaming.read(shard, after=None, limit=2)
        second = streaming.read(shard, after=first.position)
        again = streaming.read(shard, after=second.position)
        streaming.put([record(9, "ticket:1")])
        later = streaming.read(shard, after=again.position)

        assert [len(batch.records) for batch in (first, second, again, later)] == [2, 1, 0, 1]

    def test_its_tip_is_before_all_that_comes(self, streaming: Stream) -> None:
        """Whatever was there, and however it grows meanwhile."""
        for pk in (1, 2):
            tips = {shard.id: streaming.tip(shard.id) for shard in streaming.shards()}
            streaming.put([record(pk, "ticket:1"), record(10 + pk, "ticket:2")])

            found = [
                event.id
                for shard, tip in tips.items()
                for read in streaming.read(shard, after=tip).records
                for event in facts_in(read)
            ]

            assert {pk, 10 + pk} <= set(found)

    def test_a_position_outlives_its_reader(self, streaming: Stream) -> None:
        streaming.put([record(pk, "ticket:1") for pk in (1, 2)])
        shard = next(s.id for s in streaming.shards() if streaming.read(s.id, after=None).records)
        reached = streaming.read(shard, after=None, limit=1).position

        others = type(streaming)(streaming.location)  # type: ignore[attr-defined,call-arg]

        (record_left,) = others.read(shard, after=reached).records
        assert [event.id for event in facts_in(record_left)] == [2]

    def test_takes_as_many_as_a_call_may_hold(self, streaming: Stream) -> None:
        streaming.put([record(pk) for pk in range(1, MAX_RECORDS + 1)])

        assert {one.id for one in everything(streaming)} == set(range(1, MAX_RECORDS + 1))


@pytest.mark.parametrize("url", ["lines:", "kinesis:", "kinesis:///x"])
def test_a_url_without_its_name_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"STREAM_URL=.*use (lines|kinesis):"):
        build(url)


@pytest.mark.parametrize("line", [b"", b"no", b"[]", b'{"id":1}', b'{"id":1,"occurred_at":3}'])
def test_what_is_no_fact_is_left_out(line: bytes) -> None:
    good = encode(fact(3))

    found = list(facts_in(Record("ticket:1", line + b"\n" + good)))

    assert found == [fact(3)]
    with pytest.raises(ValueError):  # noqa: PT011 - whatever json says
        decode(line)


class TestLines:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "stream"

    @pytest.fixture
    def stream(self, folder: Path) -> LinesStream:
        made = build(f"lines:{folder}")
        assert isinstance(made, LinesStream)
        return made

    def test_a_torn_line_is_passed_over_by_nobody_and_cut_off(
        self, stream: LinesStream, folder: Path
    ) -> None:
        stream.put([record(1)])
        (file,) = folder.glob("*.jsonl")
        with file.open("ab") as torn:
            torn.write(record(2).data[:40])

        before = stream.read("lines", after=None)
        stream.put([record(3)])
        after = stream.read("lines", after=before.position)

        assert [len(before.records), len(after.records)] == [1, 1]
        assert json.loads(after.records[0].data)["id"] == 3
        assert [json.loads(line)["id"] for line in file.read_text().splitlines()] == [1, 3]

    def test_its_tip_leaves_out_what_was_there(self, stream: LinesStream, folder: Path) -> None:
        stream.put([record(1)])
        (file,) = folder.glob("*.jsonl")
        with file.open("ab") as torn:
            torn.write(record(2).data[:40])

        tip = stream.tip("lines")
        stream.put([record(3)])

        (found,) = stream.read("lines", after=tip).records
        assert json.loads(found.data)["id"] == 3

    def test_a_full_file_is_followed_by_another(
        self, stream: LinesStream, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lines, "FILE_BYTES", 500)

        for pk in range(1, 8):
            stream.put([record(pk)])

        assert len(list(folder.glob("*.jsonl"))) > 2
        assert [one.id for one in everything(stream, limit=3)] == list(range(1, 8))

    def test_a_day_has_a_file_of_its_own_and_old_ones_go(
        self, stream: LinesStream, folder: Path
    ) -> None:
        folder.mkdir()
        for day in ("2001-01-01", "2001-01-02"):
            (folder / f"{day}.000001.jsonl").write_bytes(record(1).data + b"\n")

        stream.put([record(2)])

        (file,) = folder.glob("*.jsonl")
        assert "2001" not in file.name

    def test_a_position_in_a_file_that_is_gone_goes_on_with_the_next(
        self, stream: LinesStream
    ) -> None:
        stream.put([record(2)])

        found = stream.read("lines", after="2001-01-01.000001.jsonl:9000")

        assert len(found.records) == 1

    def test_many_writers_at_once_write_whole_lines(
        self, stream: LinesStream, folder: Path
    ) -> None:
        forked = multiprocessing.get_context("fork")
        writers = [forked.Process(target=_write, args=(folder, n)) for n in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        assert len({one.id for one in everything(stream)}) == 4 * 25

    def test_a_folder_that_is_none_is_a_stream_that_is_away(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")

        with pytest.raises(StreamAwayError):
            build(f"lines:{tmp_path}/file/stream").put([record(1)])


def _write(folder: Path, number: int) -> None:
    stream = build(f"lines:{folder}")
    for pk in range(25):
        stream.put([record(number * 100 + pk)])
    os._exit(0)


@pytest.mark.usefixtures("aws")
class TestKinesis:
    def test_says_which_records_were_refused(
        self, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stream = build(new_kinesis())
        with gate(aws["AWS_ENDPOINT_URL"]) as between:
            between.stand_before("kinesis", monkeypatch)
            between.taken = lambda one: one["PartitionKey"] != "ticket:2"

            refused = stream.put([record(pk) for pk in (1, 2, 3)])

        assert refused == {1}

    @pytest.mark.parametrize(
        "error", ["ProvisionedThroughputExceededException", "KMSThrottlingException"]
    )
    def test_refusing_everything_is_being_away(
        self, error: str, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stream = build(new_kinesis())
        with gate(aws["AWS_ENDPOINT_URL"]) as between:
            between.stand_before("kinesis", monkeypatch)
            between.refused = {"PutRecords": error, "GetRecords": error}

            with pytest.raises(StreamAwayError, match=error):
                stream.put([record(1)])
            with pytest.raises(StreamAwayError, match=error):
                stream.read(stream.shards()[0].id, after=None)

    def test_an_iterator_that_has_expired_is_made_anew(self) -> None:
        stream = build(new_kinesis())
        assert isinstance(stream, KinesisStream)
        stream.put([record(1)])
        (shard,) = stream.shards()
        first = stream.read(shard.id, after=None)
        stream._iterators = dict.fromkeys(stream._iterators, "expired")
        stream.put([record(2)])

        assert len(stream.read(shard.id, after=first.position).records) == 1

    def test_a_call_holds_no_more_than_it_may(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kinesis, "CALL_BYTES", 700)
        stream = build(new_kinesis())

        stream.put([record(pk) for pk in range(1, 8)])

        assert len(everything(stream)) == 7

    def test_shards_know_their_parents(self) -> None:
        url = new_kinesis()
        stream = build(url)
        (first,) = stream.shards()
        boto3.client("kinesis").split_shard(
            StreamName=url.removeprefix("kinesis://"),
            ShardToSplit=first.id,
            NewStartingHashKey=str(2**127),
        )

        assert {shard.parents for shard in stream.shards() if shard.id != first.id} == {(first.id,)}
