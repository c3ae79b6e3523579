"""Signals and targets files: what is read, what is left to the rules, what is refused."""

import hashlib
import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from pandas import DataFrame, Timestamp

from orderworks.handoffs import HandoffRefused, check
from orderworks.handoffs.signals_file import read_signals
from orderworks.handoffs.targets_file import read_targets
from orderworks.model.errors import InputError

HEADER = "strategy,symbol,direction,strength,price,ts,win_rate,avg_win_pct,avg_loss_pct"
GOOD = "momentum,AAPL,long,0.8,182.52,2026-11-20T09:30:00-05:00,0.55,2.0,1.0"
GOOD_TOO = "momentum,BRK B,flat,0,471.1,2026-11-20T14:30:00Z,,,"


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def csv_path(tmp_path: Path) -> Path:
    return tmp_path / "signals.csv"


def test_a_csv_file_is_read_typed_and_passes(csv_path: Path) -> None:
    file = read_signals(written(csv_path, HEADER, GOOD, GOOD_TOO))
    assert file.frame["row"].tolist() == [2, 3]
    assert file.frame["ts"].tolist() == [Timestamp("2026-11-20T14:30Z")] * 2
    assert str(file.frame["ts"].dtype) == "datetime64[us, UTC]"
    assert file.frame["price"].tolist() == [182.52, 471.1]
    assert math.isnan(file.frame["win_rate"].iloc[1])
    assert file.raw["price"].tolist() == ["182.52", "471.1"]
    assert file.sha256 == hashlib.sha256(csv_path.read_bytes()).hexdigest()
    assert len(check("signals", file.frame, raw=file.raw).accepted) == 2


def test_the_columns_for_kelly_sizing_may_be_absent(csv_path: Path) -> None:
    header, *rows = (",".join(line.split(",")[:6]) for line in (HEADER, GOOD, GOOD_TOO))
    file = read_signals(written(csv_path, header, *rows))
    assert len(check("signals", file.frame, raw=file.raw).accepted) == 2


def test_a_parquet_file_gives_the_same_frame_as_its_csv(csv_path: Path, tmp_path: Path) -> None:
    from_csv = read_signals(written(csv_path, HEADER, GOOD, GOOD_TOO)).frame
    path = tmp_path / "signals.parquet"
    eastern = timezone(timedelta(hours=-5))
    from_csv.drop(columns="row").assign(
        ts=from_csv["ts"].dt.tz_convert(eastern).dt.as_unit("ns"),
        price=[Decimal("182.52"), Decimal("471.10")],
        strength=[0.8, 0],
        direction=from_csv["direction"].astype("category"),
    ).set_axis([7, 3]).to_parquet(path)
    file = read_signals(path)
    pd.testing.assert_frame_equal(file.frame, from_csv.assign(row=[1, 2]))
    assert len(check("signals", file.frame, raw=file.raw).accepted) == 2


def test_a_parquet_time_may_be_text_and_a_wrong_value_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "signals.parquet"
    values = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    DataFrame([{**values, "symbol": 7, "price": [1.0]}]).to_parquet(path)
    file = read_signals(path)
    assert file.frame["ts"].tolist() == [Timestamp("2026-11-20T14:30Z")]
    assert file.frame["strength"].tolist() == [0.8]
    with pytest.raises(HandoffRefused, match=r"row 1: symbol is missing \(the file has 7\)"):
        check("signals", file.frame, raw=file.raw)


def test_rows_are_named_by_their_line_whatever_stands_between(csv_path: Path) -> None:
    quoted = GOOD.replace("momentum", '"mo\nmentum"')
    written(csv_path, HEADER, "", quoted, GOOD_TOO, "", GOOD.replace("AAPL", "MSFT"))
    assert read_signals(csv_path).frame["row"].tolist() == [3, 5, 7]


def test_a_byte_order_mark_spaces_and_windows_line_ends_do_no_harm(csv_path: Path) -> None:
    text = "\r\n".join([HEADER.replace(",", ", "), GOOD.replace(",", " , ")]) + "\r\n"
    csv_path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    file = read_signals(csv_path)
    assert file.frame["symbol"].tolist() == ["AAPL"]
    assert file.raw["symbol"].tolist() == [" AAPL "]
    assert len(check("signals", file.frame).accepted) == 1


def test_spaces_do_not_make_two_symbols_of_one(csv_path: Path) -> None:
    file = read_signals(written(csv_path, HEADER, GOOD, GOOD.replace("AAPL", "AAPL ")))
    with pytest.raises(HandoffRefused, match=r"row 2: duplicate signal.*row 3: duplicate signal"):
        check("signals", file.frame, raw=file.raw)


@pytest.mark.parametrize(
    ("column", "text", "rule"),
    [
        ("price", "12,5", "price is missing"),
        ("price", "1_000", "price is missing"),
        ("price", "n/a", "price is missing"),
        ("price", "inf", "price must be finite"),
        ("strength", "", "strength is missing"),
        ("ts", "yesterday", "ts is missing"),
        ("ts", "2026-13-01T00:00:00Z", "ts is missing"),
        ("ts", "0001-01-01T00:00:00+05:00", "ts is missing"),
        ("symbol", "  ", "symbol is missing"),
    ],
)
def test_a_cell_that_does_not_parse_quarantines_its_row_with_its_text(
    csv_path: Path, column: str, text: str, rule: str
) -> None:
    values = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {column: f'"{text}"'}
    file = read_signals(written(csv_path, HEADER, GOOD_TOO, ",".join(values.values())))
    checked = check("signals", file.frame, raw=file.raw, max_quarantined_pct=50)
    (entry,) = checked.quarantined
    assert (entry.row, entry.rule, entry.content[column]) == (3, rule, text)
    assert len(checked.accepted) == 1


def test_optional_columns_are_read(csv_path: Path) -> None:
    written(
        csv_path,
        f"{HEADER},quantity,order_type,algo,start,end,slices",
        f"{GOOD},100,limit,twap,2026-11-20T15:00Z,2026-11-20T16:00Z,4",
        f"{GOOD_TOO},,,,,,",
    )
    file = read_signals(csv_path)
    assert file.frame["start"].iloc[0] == datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert file.frame["quantity"].iloc[0] == 100
    assert len(check("signals", file.frame).accepted) == 2


@pytest.mark.parametrize("time", ["2026-11-20T09:30:00", "2026-11-20"])
def test_a_time_without_zone_is_refused_with_its_row(csv_path: Path, time: str) -> None:
    written(csv_path, HEADER, GOOD, GOOD_TOO.replace("2026-11-20T14:30:00Z", time))
    with pytest.raises(InputError) as refused:
        read_signals(csv_path)
    assert str(refused.value) == (
        f"{csv_path}: row 3: ts '{time}' has no time zone; "
        "write ISO 8601 with one, such as 2026-11-20T14:30:00Z"
    )


def test_a_parquet_time_without_zone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signals.parquet"
    DataFrame({"ts": [Timestamp("2026-11-20T14:30")]}).to_parquet(path)
    with pytest.raises(InputError, match="row 1: ts '2026-11-20 14:30:00' has no time zone"):
        read_signals(path)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", None, "a.csv: no such file; check the path"),
        ("a.csv", b"", "a.csv: the file is empty; write its table into it"),
        ("a.csv", b" \n\n", "a.csv: the file is empty; write its table into it"),
        ("a.parquet", b"", "a.parquet: the file is empty; write its table into it"),
        ("a.csv", b"strategy\nm\xff\n", "a.csv: not UTF-8 text at byte 10; save the file as"),
        ("a.csv", "strategy\nm\n".encode("utf-16"), "a.csv: not UTF-8 text at byte 0; save"),
        ("a.csv", b"strategy\nm\0\n", "a.csv: not text: a NUL at byte 10; save the file as"),
        ("a.csv", b'strategy\n"m\n', "a.csv: not a CSV table: unexpected end of data"),
        ("a.csv", b"strategy,symbol\nm\n", "a.csv: line 2 has 1 values and the header 2; quote"),
        ("a.csv", b"symbol,price,symbol\n", "a.csv: column 'symbol' occurs 2 times; keep one"),
        ("a.csv", b"simbol\n", "a.csv: column 'simbol' (did you mean 'symbol'?) is not in the for"),
        ("a.csv", b"Price\n", "a.csv: column 'Price' (did you mean 'price'?) is not in the format"),
        ("a.csv", b"symbol,\n", "a.csv: column '' is not in the format; rename or remove, the"),
        ("a.csv", b"row\n", "a.csv: column 'row' is not in the format"),
        ("a.csv", b"zzz,qqq\n", "a.csv: columns 'zzz', 'qqq' are not in the format; rename or"),
        ("a.parquet", b"PAR1 and then nothing", "a.parquet: not a Parquet table, or a damaged one"),
        ("a.xlsx", b"x", "a.xlsx: the format is not known; give a .csv or a .parquet file"),
    ],
)
def test_a_file_that_is_no_table_of_signals_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, told: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_signals(path)
    assert str(refused.value).startswith(f"{tmp_path}/{told}")
    assert "\n" not in str(refused.value)


def test_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(InputError, match=r"a\.csv: cannot be read: Is a directory"):
        read_signals(tmp_path / "a.csv")


def test_a_parquet_file_cut_short_is_refused(csv_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "signals.parquet"
    read_signals(written(csv_path, HEADER, GOOD)).frame.drop(columns="row").to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="not a Parquet table, or a damaged one"):
        read_signals(path)


def test_a_header_alone_has_no_rows_for_check_to_accept(csv_path: Path) -> None:
    file = read_signals(written(csv_path, HEADER))
    with pytest.raises(HandoffRefused, match="signals: the table has no rows"):
        check("signals", file.frame, raw=file.raw)


def test_a_column_that_the_file_lacks_is_for_check_to_tell(csv_path: Path) -> None:
    file = read_signals(written(csv_path, "strategy,symbol", "m,AAPL"))
    with pytest.raises(HandoffRefused, match="columns 'direction', 'strength', 'price'"):
        check("signals", file.frame, raw=file.raw)


def test_targets_are_read_and_checked(tmp_path: Path) -> None:
    path = written(tmp_path / "targets.csv", "symbol,weight", "AAPL,0.25", "MSFT,-0.1", "IBM,25")
    file = read_targets(path)
    checked = check("targets", file.frame, raw=file.raw, max_quarantined_pct=50)
    assert checked.accepted[["symbol", "weight"]].to_numpy().tolist() == [
        ["AAPL", 0.25],
        ["MSFT", -0.1],
    ]
    (entry,) = checked.quarantined
    assert (entry.row, entry.content) == (4, {"symbol": "IBM", "weight": "25"})


def test_targets_know_their_own_columns_only(tmp_path: Path) -> None:
    path = written(tmp_path / "targets.csv", "symbol,weights", "AAPL,0.25")
    with pytest.raises(InputError, match=r"'weights' \(did you mean 'weight'\?\) is not"):
        read_targets(path)
