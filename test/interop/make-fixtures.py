"""Writes the same records with pyarrow, pandas, Polars and DuckDB, in every format that Assay reads.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python make-fixtures.py OUTPUT_FOLDER

Four tables, each in a folder of its own with `schema.json` (the declared schema that CSV and JSONL need) and
`expected.json` (every value, exactly; see `expected()`):

- `simple`  what pandas can hold without loss: written by all four tools, in all formats
- `flat`    columns without nesting, with nulls: pyarrow and DuckDB, all formats
- `nested`  lists, structs and maps: pyarrow and DuckDB, all formats that can hold them
- `packed`  the records of `simple` as text that its writer compressed (gzip, Zstandard), and as arrays of JSON
- `exotic`  the types that only Arrow and Parquet have: pyarrow

- `matrices`  the same numbers as `.npy` of every type, order and version, and as columns of tables

`broken` holds files that must be refused. No clock, no randomness: the values do not change from run to run.
"""

import datetime
import decimal
import json
import pathlib
import struct
import sys

import duckdb
import numpy
import pandas
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq

COUNT = 60
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1)

TEXTS = [
    "",
    "plain",
    "with, comma",
    'with "quotes"',
    "two\nlines",
    "carriage\r\nreturn",
    "x" * 129,
    "\U0001f600 \U00020bb7 outside the BMP",
    "Å and A\u030a differ",
    " spaces ",
    "NA",
    "null",
    "0012",
    "1.50",
    "true",
    "2024-02-30",
]
INTEGERS = [0, 1, -1, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 127, 128, -129, 65536]
UNSIGNED = [0, 1, 2**53 + 1, 2**63, 2**64 - 1, 255]
FLOATS = [0.1, -0.0, 0.0, 1.5, 1e300, 5e-324, -2.25, 1.7976931348623157e308, 0.30000000000000004, 1e21, 123456789.0, 1e-7]
SHORT_FLOATS = [0.1, -0.0, 0.0, 1.5, -2.25, 0.3, 123456789.0, 0.000125, 12345.678901, 1e10]
SINGLES = [0.1, 1.5, -0.0, 16777216.0, 3.4028234663852886e38, 1e-45, 0.3]
INSTANTS = [
    datetime.datetime(1969, 12, 31, 23, 59, 59, 999999),
    datetime.datetime(1970, 1, 1),
    datetime.datetime(2024, 2, 29, 12, 34, 56, 789012),
    datetime.datetime(2038, 1, 19, 3, 14, 8),
    datetime.datetime(1900, 1, 1, 0, 0, 0, 1),
    datetime.datetime(2262, 4, 11, 23, 47, 16, 854775),
]


def pick(values, index, nulls=0):
    """Value `index` of a list that repeats; every `nulls`-th is null."""
    if nulls and index % nulls == nulls - 1:
        return None
    return values[(index * 7 + index // len(values)) % len(values)]


def single(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def simple_table():
    rows = range(COUNT)
    return pa.table(
        {
            "id": pa.array([pick(INTEGERS, i) for i in rows], pa.int64()),
            "row": pa.array(list(rows), pa.int32()),
            "x": pa.array([pick(SHORT_FLOATS, i) for i in rows], pa.float64()),
            "single": pa.array([single(pick(SINGLES[:3], i)) for i in rows], pa.float32()),
            "yes": pa.array([i % 3 == 0 for i in rows], pa.bool_()),
            "text": pa.array([pick(TEXTS, i) for i in rows], pa.string()),
            "at": pa.array([pick(INSTANTS, i) for i in rows], pa.timestamp("us")),
            "seen": pa.array([pick(INSTANTS, i + 1) for i in rows], pa.timestamp("us", "UTC")),
        }
    )


def flat_table():
    rows = range(COUNT)
    cents = [0, 1, -1, 10, 150, 9999999999, -9999999999, 12345]
    return pa.table(
        {
            "id": pa.array([pick(INTEGERS, i) for i in rows], pa.int64()),
            "small": pa.array([pick([0, 1, -1, 2**31 - 1, -(2**31)], i, 5) for i in rows], pa.int32()),
            "big": pa.array([pick(UNSIGNED, i, 7) for i in rows], pa.uint64()),
            "x": pa.array([pick(FLOATS, i, 9) for i in rows], pa.float64()),
            "single": pa.array([None if i % 8 == 7 else single(pick(SINGLES, i)) for i in rows], pa.float32()),
            "flag": pa.array([pick([True, False], i, 4) for i in rows], pa.bool_()),
            "text": pa.array([pick(TEXTS, i, 6) for i in rows], pa.string()),
            "day": pa.array([None if i % 11 == 10 else datetime.date(1969, 12, 30) + datetime.timedelta(days=i * 401) for i in rows], pa.date32()),
            "clock": pa.array([None if i % 10 == 9 else datetime.time(i % 24, i, 59 - i % 60, i * 16666) for i in rows], pa.time64("us")),
            "at": pa.array([pick(INSTANTS, i, 13) for i in rows], pa.timestamp("us")),
            "seen": pa.array([pick(INSTANTS, i + 1, 12) for i in rows], pa.timestamp("us", "UTC")),
            "price": pa.array([None if (c := pick(cents, i, 14)) is None else decimal.Decimal(c).scaleb(-2) for i in rows], pa.decimal128(12, 2)),
            "nothing": pa.array([None] * COUNT, pa.int64()),
        }
    )


def nested_table():
    rows = range(COUNT)
    place = pa.struct([("name", pa.string()), ("n", pa.int32())])

    def ints(i):
        return pick([[], [1], [1, None, 3], None, [2**53 + 1, -1], [None]], i)

    def places(i):
        return pick([[], [{"name": "a", "n": 1}], [{"name": None, "n": 2}, None, {"name": TEXTS[i % 10], "n": None}], None], i)

    def deep(i):
        return pick([[], [[]], [[1, 2], None, [], [3]], None, [None], [[None]]], i)

    def spot(i):
        return pick([{"lat": 0.1, "tag": "a"}, {"lat": None, "tag": TEXTS[i % 16]}, None, {"lat": -2.5, "tag": None}], i)

    def counts(i):
        return pick([[], [("a", 1)], [("b", None), ("a", 2), ("", 3)], None], i)

    def tree(i):
        return pick([None, {"leaves": None}, {"leaves": []}, {"leaves": [{"tags": ["x", None]}, {"tags": None}, None, {"tags": []}]}], i)

    return pa.table(
        {
            "id": pa.array(list(rows), pa.int64()),
            "ints": pa.array([ints(i) for i in rows], pa.list_(pa.int64())),
            "places": pa.array([places(i) for i in rows], pa.list_(place)),
            "deep": pa.array([deep(i) for i in rows], pa.list_(pa.list_(pa.int32()))),
            "spot": pa.array([spot(i) for i in rows], pa.struct([("lat", pa.float64()), ("tag", pa.string())])),
            "counts": pa.array([counts(i) for i in rows], pa.map_(pa.string(), pa.int32())),
            "tree": pa.array([tree(i) for i in rows], pa.struct([("leaves", pa.list_(pa.struct([("tags", pa.list_(pa.string()))])))])),
        }
    )


def exotic_table(parquet):
    """What is read from Arrow and Parquet only. Parquet has no float16 lists of fixed size, seconds, or 64-bit durations."""
    rows = range(COUNT)
    nanos = [0, 1, -1, 1_500_000_000_123_456_789, -(2**63), 2**63 - 1]
    columns = {
        "blob": pa.array([pick([b"", b"\x00\xff", bytes(range(256)), b"\xc3\x28"], i, 5) for i in rows], pa.binary()),
        "uuid": pa.array([None if i % 9 == 8 else bytes([i] * 16) for i in rows], pa.binary(16)),
        "i8": pa.array([pick([-128, 127, 0], i, 4) for i in rows], pa.int8()),
        "i16": pa.array([pick([-32768, 32767, 0], i, 4) for i in rows], pa.int16()),
        "u8": pa.array([pick([255, 0, 1], i, 4) for i in rows], pa.uint8()),
        "u16": pa.array([pick([65535, 0, 1], i, 4) for i in rows], pa.uint16()),
        "u32": pa.array([pick([2**32 - 1, 0, 2**31], i, 4) for i in rows], pa.uint32()),
        "half": pa.array([None if i % 7 == 6 else numpy.float16(pick([0.1, -2.0, 65504.0, 6e-8, float("inf")], i)) for i in rows], pa.float16()),
        "special": pa.array([pick([float("nan"), float("inf"), float("-inf"), 1.0], i, 6) for i in rows], pa.float64()),
        "wide": pa.array([None if i % 5 == 4 else decimal.Decimal(pick([10**37, -(10**37) + 1, 5, 0], i)).scaleb(-10) for i in rows], pa.decimal128(38, 10)),
        "wider": pa.array([None if i % 5 == 4 else decimal.Decimal(pick([10**75, -(10**75) + 1, 5], i)).scaleb(-20, decimal.Context(prec=80)) for i in rows], pa.decimal256(76, 20)),
        "ms": pa.array([pick([0, 1, -1, 86_399_999], i) % 86_400_000 for i in rows], pa.time32("ms")),
        "ns_clock": pa.array([pick([0, 1, 86_399_999_999_999], i, 3) for i in rows], pa.time64("ns")),
        "at_ms": pa.array([pick([0, -1, 1_700_000_000_123], i, 4) for i in rows], pa.timestamp("ms")),
        "at_ns": pa.array([pick(nanos, i, 8) for i in rows], pa.timestamp("ns")),
        "seen_ns": pa.array([pick(nanos, i, 8) for i in rows], pa.timestamp("ns", "Europe/Berlin")),
        "category": pa.array([pick(["a", "b", "", None, "\U0001f600"], i) for i in rows]).dictionary_encode(),
        "large": pa.array([pick(TEXTS, i, 6) for i in rows], pa.large_string()),
        "large_list": pa.array([pick([[1], [], None, [1, 2, None]], i) for i in rows], pa.large_list(pa.int16())),
        "vector": pa.array([[float(i), 0.5, None] for i in rows], pa.list_(pa.float32(), 3)),
        "nothing": pa.nulls(COUNT),
    }
    if not parquet:
        columns["second"] = pa.array([pick([0, 1, 86_399], i, 4) for i in rows], pa.time32("s"))
        columns["at_s"] = pa.array([pick([0, -1, 253_402_300_799], i, 4) for i in rows], pa.timestamp("s"))
        columns["lasted"] = pa.array([pick(nanos, i, 4) for i in rows], pa.duration("ns"))
        columns["lasted_s"] = pa.array([pick([0, -1, 10**12], i, 4) for i in rows], pa.duration("s"))
        columns["day_ms"] = pa.array([pick([0, -1, 19_000], i, 4) for i in rows], pa.date32()).cast(pa.date64())
        columns["view"] = pa.array([pick(TEXTS, i, 6) for i in rows], pa.string_view())
        columns["blob_view"] = pa.array([pick([b"", b"\x00\xff", bytes(range(64))], i, 5) for i in rows], pa.binary_view())
        columns["list_view"] = pa.array([pick([[1], [], None, [1, 2, None]], i) for i in rows], pa.list_view(pa.int16()))
        columns["runs"] = pa.RunEndEncodedArray.from_arrays(pa.array([10, 25, COUNT], pa.int32()), pa.array(["a", None, "b"]))
        columns["tiny_decimal"] = pa.array([pick([decimal.Decimal("1.50"), decimal.Decimal("-0.01")], i, 4) for i in rows], pa.decimal128(5, 2)).cast(pa.decimal32(5, 2))
        columns["fixed_empty"] = pa.array([b"" for _ in rows], pa.binary(0))
    return pa.table(columns)


# Expected values ---------------------------------------------------------------------------------------------------


def parts(total, per_second):
    seconds, rest = divmod(total, per_second)
    return f"{seconds}:{rest * (10**9 // per_second)}"


PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def expected(kind, scalar):
    """One value: null, a boolean, or a text `form:value`; lists, and `{"struct": …}` or `{"map": [[key, value] …]}`."""
    if not scalar.is_valid:
        return None
    if pa.types.is_dictionary(kind):
        return expected(kind.value_type, scalar.value if hasattr(scalar, "value") else scalar)
    if pa.types.is_run_end_encoded(kind):
        return expected(kind.value_type, pa.scalar(scalar.as_py(), kind.value_type))
    if pa.types.is_boolean(kind):
        return scalar.as_py()
    if pa.types.is_integer(kind):
        return f"number:{scalar.as_py()}"
    if pa.types.is_floating(kind):
        return "float:" + struct.pack(">d", float(scalar.as_py())).hex()
    if pa.types.is_decimal(kind):
        return f"decimal:{int(scalar.as_py().scaleb(kind.scale, decimal.Context(prec=100)))}:{kind.scale}"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return f"text:{scalar.as_py()}"
    if pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return f"bytes:{scalar.as_py().hex()}"
    if pa.types.is_date(kind):
        return f"date:{(scalar.as_py() - datetime.date(1970, 1, 1)).days}"
    if pa.types.is_timestamp(kind):
        return ("instant:" if kind.tz else "timestamp:") + parts(scalar.value, PER_SECOND[kind.unit])
    if pa.types.is_time(kind):
        return "time:" + parts(scalar.value, PER_SECOND[kind.unit])
    if pa.types.is_duration(kind):
        return "duration:" + parts(scalar.value, PER_SECOND[kind.unit])
    if pa.types.is_struct(kind):
        return {"struct": {field.name: expected(field.type, scalar[field.name]) for field in kind}}
    if pa.types.is_map(kind):
        entries = scalar.values
        return {"map": [[expected(kind.key_type, entry["key"]), expected(kind.item_type, entry["value"])] for entry in entries]}
    return [expected(kind.value_type, item) for item in scalar.values]


def expected_rows(table):
    names = table.schema.names
    return [{name: expected(table.schema.field(name).type, table[name][i]) for name in names} for i in range(table.num_rows)]


def declared(kind):
    """The type in the words of a declared schema."""
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_floating(kind):
        return {16: "float16", 32: "float32", 64: "float64"}[kind.bit_width]
    if pa.types.is_integer(kind):
        return str(kind)
    if pa.types.is_string(kind):
        return "text"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_time(kind):
        return "time"
    if pa.types.is_timestamp(kind):
        return "instant" if kind.tz else "timestamp"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_struct(kind):
        return {"struct": {field.name: declared(field.type) for field in kind}}
    if pa.types.is_map(kind):
        return {"map": [declared(kind.key_type), declared(kind.item_type)]}
    return {"list": declared(kind.value_type)}


# Writers -----------------------------------------------------------------------------------------------------------


def plain(value):
    """A value of `to_pylist` as JSON has it: what JSON cannot say is text in the form of the declared schema."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    return value


def write_jsonl(table, path):
    maps = [field.name for field in table.schema if pa.types.is_map(field.type)]
    with open(path, "w", encoding="utf-8", newline="") as out:
        for row in table.to_pylist():
            for name in maps:
                row[name] = None if row[name] is None else dict(row[name])
            out.write(json.dumps(plain(row), ensure_ascii=False, separators=(",", ":")) + "\n")


def write_parquet(table, folder, **special):
    forms = {
        "snappy": dict(compression="snappy"),
        "zstd-v2": dict(compression="zstd", data_page_version="2.0", version="2.6"),
        "gzip-groups": dict(compression="gzip", row_group_size=17),
        "brotli-plain": dict(compression="brotli", use_dictionary=False),
        "lz4-small-pages": dict(compression="lz4", data_page_size=64, write_batch_size=4, use_dictionary=False),
        "none-v2-small-pages": dict(compression="none", data_page_version="2.0", data_page_size=64, write_batch_size=4, row_group_size=23),
    }
    for name, options in forms.items():
        pq.write_table(table, folder / f"pyarrow-{name}.parquet", **options, **special)


def write_encodings(table, folder):
    delta, deltas, lengths, split = {}, {}, {}, {}
    for field in table.schema:
        kind = field.type
        if pa.types.is_nested(kind) or pa.types.is_null(kind) or pa.types.is_dictionary(kind):
            continue
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
            deltas[field.name] = "DELTA_BYTE_ARRAY"
            lengths[field.name] = "DELTA_LENGTH_BYTE_ARRAY"
        elif pa.types.is_fixed_size_binary(kind) or pa.types.is_decimal(kind) or pa.types.is_float16(kind):
            deltas[field.name] = "BYTE_STREAM_SPLIT"
            lengths[field.name] = "PLAIN"
        elif pa.types.is_floating(kind):
            deltas[field.name] = lengths[field.name] = "BYTE_STREAM_SPLIT"
        elif pa.types.is_boolean(kind):
            deltas[field.name] = lengths[field.name] = "RLE"
        else:
            deltas[field.name] = "DELTA_BINARY_PACKED"
            lengths[field.name] = "BYTE_STREAM_SPLIT"
    for name, encodings in {"delta": deltas, "lengths": lengths}.items():
        pq.write_table(table, folder / f"pyarrow-{name}.parquet", use_dictionary=False, column_encoding=encodings, data_page_version="2.0", compression="zstd")


def write_arrow(table, folder):
    def batches(writer, size):
        with writer:
            for batch in table.to_batches(max_chunksize=size):
                writer.write_batch(batch)

    batches(pa.ipc.new_file(str(folder / "pyarrow-file.arrow"), table.schema), 25)
    batches(pa.ipc.new_stream(str(folder / "pyarrow-stream.arrows"), table.schema), 7)
    for codec in ["lz4", "zstd"]:
        options = pa.ipc.IpcWriteOptions(compression=codec)
        batches(pa.ipc.new_file(str(folder / f"pyarrow-{codec}.arrow"), table.schema, options=options), 60)


def write_duckdb(table, folder, formats):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("source", table)
    connection.execute("CREATE TABLE data AS SELECT * FROM source")
    for form in formats:
        target = folder / f"duckdb.{'jsonl' if form == 'json' else form}"
        options = {"parquet": "FORMAT parquet", "csv": "FORMAT csv, HEADER", "json": "FORMAT json"}[form]
        connection.execute(f"COPY data TO '{target}' ({options})")
    connection.close()


def write_pandas(table, folder):
    frame = table.to_pandas()
    frame.to_parquet(folder / "pandas.parquet", index=False)
    frame.to_csv(folder / "pandas.csv", index=False, quoting=2, lineterminator="\n")
    frame.to_json(folder / "pandas.jsonl", orient="records", lines=True, date_format="iso", date_unit="us", double_precision=15, force_ascii=False)


def write_polars(table, folder):
    frame = polars.from_arrow(table)
    frame.write_parquet(folder / "polars.parquet", row_group_size=17, data_page_size=64)
    frame.write_ipc(folder / "polars.arrow", compression="zstd", record_batch_size=17)
    frame.write_ipc_stream(folder / "polars.arrows", compression="lz4")
    frame.write_csv(folder / "polars.csv")
    frame.write_ndjson(folder / "polars.jsonl")


def write_table(root, name, table):
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "expected.json").write_text(json.dumps(expected_rows(table), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    if name != "exotic":
        columns = {field.name: declared(field.type) for field in table.schema}
        (folder / "schema.json").write_text(json.dumps({"columns": columns}, indent=2) + "\n")
    return folder


def write_packed(root, table):
    """Text compressed by those who wrote it, and arrays of JSON: of each tool what it can write."""
    folder = write_table(root, "packed", table)
    pq.write_table(table, folder / "pyarrow.parquet")
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("data", table)
    for ending, codec in [("gz", "gzip"), ("zst", "zstd")]:
        with pa.CompressedOutputStream(str(folder / f"pyarrow.csv.{ending}"), codec) as out:
            pyarrow.csv.write_csv(table, out)
        for name, options in [("csv", "FORMAT csv, HEADER"), ("jsonl", "FORMAT json"), ("json", "FORMAT json, ARRAY true")]:
            target = folder / f"duckdb.{name}.{ending}"
            connection.execute(f"COPY data TO '{target}' ({options}, COMPRESSION {codec})")
    connection.execute(f"COPY data TO '{folder / 'duckdb.json'}' (FORMAT json, ARRAY true)")
    frame = table.to_pandas()
    frame.to_csv(folder / "pandas.csv.gz", index=False, quoting=2, lineterminator="\n")
    as_json = {"orient": "records", "date_format": "iso", "date_unit": "us", "double_precision": 15, "force_ascii": False}
    frame.to_json(folder / "pandas.json", **as_json)
    frame.to_json(folder / "pandas.json.gz", **as_json)
    frame.to_json(folder / "pandas.jsonl.gz", lines=True, **as_json)


def write_forms(root):
    """Forms that the tables above do not have: no records, dictionaries that grow or change, text stored as plain bytes."""
    folder = root / "forms"
    folder.mkdir(parents=True)
    schema = pa.schema([("id", pa.int64()), ("tags", pa.list_(pa.string()))])
    pq.write_table(schema.empty_table(), folder / "no-records.parquet")
    pq.ParquetWriter(folder / "no-row-groups.parquet", schema).close()
    for name, open_writer in {"arrow": pa.ipc.new_file, "arrows": pa.ipc.new_stream}.items():
        open_writer(str(folder / f"no-records.{name}"), schema).close()
    with pa.ipc.new_file(str(folder / "empty-batch.arrow"), schema) as writer:
        writer.write_batch(pa.RecordBatch.from_pylist([], schema))
        writer.write_batch(pa.RecordBatch.from_pylist([{"id": 1, "tags": ["a"]}], schema))

    def words(dictionary, indices):
        values = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), pa.array(dictionary))
        return pa.record_batch([values], ["word"])

    growing = [words(["a"], [0, None, 0]), words(["a", "b"], [1, 0]), words(["a", "b", "c"], [2, 1, 0])]
    with pa.ipc.new_stream(str(folder / "dictionary-deltas.arrows"), growing[0].schema, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)) as writer:
        for batch in growing:
            writer.write_batch(batch)
    with pa.ipc.new_file(str(folder / "dictionary-deltas.arrow"), growing[0].schema, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)) as writer:
        for batch in growing:
            writer.write_batch(batch)
    changing = [words(["a"], [0, None, 0]), words(["b", "a"], [0, 1]), words(["c", "b", "a"], [0, 1, 2])]
    with pa.ipc.new_stream(str(folder / "dictionary-replaced.arrows"), changing[0].schema) as writer:
        for batch in changing:
            writer.write_batch(batch)

    # Polars puts the schema in front of a file without its length.
    polars.DataFrame({"word": ["a", None, "\u00c5" * 9], "n": [[1, None], None, []]}).write_ipc(folder / "polars.arrow", compression="lz4")

    plain_bytes = pa.table({"text": pa.array([b"a", None, "\u00c5".encode()], pa.binary()), "list": pa.array([[b"x"], [], None], pa.list_(pa.binary()))})
    pq.write_table(plain_bytes, folder / "text-as-bytes.parquet")
    with pa.ipc.new_file(str(folder / "text-as-bytes.arrow"), plain_bytes.schema) as writer:
        writer.write_table(plain_bytes)


def write_matrices(root):
    """Matrices beside a data set: `expected.json` names the rows of each file; `broken` must be refused."""
    folder = root / "matrices"
    (folder / "broken").mkdir(parents=True)
    values = numpy.arange(15).reshape(5, 3) / 8
    whole = numpy.array([[0, 1, 100], [2, 3, 101], [4, 5, 102], [6, 7, 103], [8, 9, 127]])
    expected = {}

    def save(name, array, version=None):
        with open(folder / name, "wb") as file:
            numpy.lib.format.write_array(file, array, version=version)
        rows = array.reshape(len(array), -1).astype("float64")
        expected[name] = rows.tolist()

    for order in "<>":
        for size in [2, 4, 8]:
            save(f"f{size}-{'little' if order == '<' else 'big'}.npy", values.astype(f"{order}f{size}"))
        for kind in "iu":
            for size in [1, 2, 4, 8]:
                if size > 1 or order == "<":
                    save(f"{kind}{size}-{'little' if order == '<' else 'big'}.npy", whole.astype(f"{order}{kind}{size}"))
    save("negative.npy", -whole)
    save("boolean.npy", whole % 2 == 0)
    save("fortran.npy", numpy.asfortranarray(values))
    save("fortran-f4-big.npy", numpy.asfortranarray(values.astype(">f4")))
    save("vector.npy", values[:, 1].copy())
    save("one-row.npy", values[:1])
    save("version-2.npy", values, (2, 0))
    save("version-3.npy", values, (3, 0))

    names = ["no", "perhaps", "yes"]
    columns = pa.table({name: pa.array(values[:, k]) for k, name in enumerate(names)})
    flat = pa.array(values.reshape(-1), pa.float32())
    fixed = pa.table({"vector": pa.FixedSizeListArray.from_arrays(flat, 3)})
    lists = pa.table({"vector": pa.array(values.tolist(), pa.list_(pa.float64()))})
    for name, table in [("columns", columns), ("fixed-size-list", fixed), ("list", lists)]:
        pq.write_table(table, folder / f"{name}.parquet")
        pyarrow.feather.write_feather(table, str(folder / f"{name}.arrow"))
        write_jsonl(table, folder / f"{name}.jsonl")
        for ending in ["parquet", "arrow", "jsonl"]:
            expected[f"{name}.{ending}"] = values.tolist()
    pyarrow.csv.write_csv(columns, str(folder / "columns.csv"))
    expected["columns.csv"] = values.tolist()
    (folder / "expected.json").write_text(json.dumps(expected) + "\n", encoding="utf-8")

    broken = {
        "object": numpy.array([[1, "a"], [None, 2.5]], dtype=object),
        "structured": numpy.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", "<f8")]),
        "complex": values.astype("complex128"),
        "text": numpy.array([["a", "b"]]),
        "instant": numpy.array([["2024-01-01"]], dtype="datetime64[s]"),
        "three-dimensions": values.reshape(5, 3, 1),
        "no-dimension": numpy.array(1.5),
        "no-columns": numpy.zeros((5, 0)),
        "nan": numpy.where(values == 0.5, numpy.nan, values),
        "infinite": numpy.where(values == 0.5, -numpy.inf, values),
    }
    for name, array in broken.items():
        numpy.save(folder / "broken" / f"{name}.npy", array, allow_pickle=True)


def write_broken(root):
    """Whole files whose contents must be refused, each named by the code that it must give."""
    folder = root / "broken"
    folder.mkdir(parents=True)
    one = pa.array([1])

    def both(code, what, table, parquet=True, arrow=True):
        if parquet:
            pq.write_table(table, folder / f"{code}--{what}.parquet")
        if arrow:
            with pa.ipc.new_file(str(folder / f"{code}--{what}.arrow"), table.schema) as writer:
                writer.write_table(table)

    both("duplicate-column", "names", pa.Table.from_arrays([one, one], ["a", "a"]))
    both("duplicate-column", "fields", pa.table({"s": pa.StructArray.from_arrays([one, one], ["a", "a"])}))
    both("unsupported-type", "interval", pa.table({"i": pa.array([(1, 2, 3)], pa.month_day_nano_interval())}), parquet=False)
    union = pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [one, pa.array(["x"])])
    both("unsupported-type", "union", pa.table({"u": union}), parquet=False)
    invalid = pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(struct.pack("<iii", 0, 1, 3)), pa.py_buffer(b"a\xc3\x28")])
    both("invalid-utf8", "text", pa.table({"t": invalid}))
    cut = pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(struct.pack("<iii", 0, 1, 2)), pa.py_buffer("Å".encode())])
    both("invalid-utf8", "character-over-two-values", pa.table({"t": cut}))
    part_of_day = pa.Array.from_buffers(pa.date64(), 1, [None, pa.py_buffer(struct.pack("<q", 86_400_000 + 1))])
    both("bad-value", "date64", pa.table({"d": part_of_day}), parquet=False)
    midnight = pa.Array.from_buffers(pa.time32("s"), 1, [None, pa.py_buffer(struct.pack("<i", 86_400))])
    both("bad-value", "time", pa.table({"t": midnight}), parquet=False)
    # Columns that take no bytes, so that a few hundred bytes claim hundreds of millions of records.
    endless = pa.RunEndEncodedArray.from_arrays(pa.array([2**31 - 1], pa.int64()), pa.array(["a"]))
    for what, column in {"nulls": pa.nulls(600_000_000), "runs": endless}.items():
        batch = pa.record_batch([column], ["n"])
        with pa.ipc.new_file(str(folder / f"limit-exceeded--{what}.arrow"), batch.schema) as writer:
            writer.write_batch(batch)
    (folder / "bad-parquet--empty.parquet").write_bytes(b"")
    (folder / "bad-arrow--empty.arrow").write_bytes(b"")
    (folder / "bad-parquet--garbage.parquet").write_bytes(b"PAR1" + bytes(range(200)) + b"PAR1")
    (folder / "bad-arrow--garbage.arrow").write_bytes(b"ARROW1\0\0" + bytes(range(200)) + b"ARROW1")


def main():
    root = pathlib.Path(sys.argv[1])
    simple = simple_table()
    folder = write_table(root, "simple", simple)
    pq.write_table(simple, folder / "pyarrow.parquet")
    write_pandas(simple, folder)
    write_polars(simple, folder)
    write_duckdb(simple, folder, ["parquet", "csv", "json"])
    pyarrow.csv.write_csv(simple, str(folder / "pyarrow.csv"))
    pyarrow.feather.write_feather(simple, str(folder / "pyarrow-feather.arrow"))

    flat = flat_table()
    folder = write_table(root, "flat", flat)
    write_parquet(flat, folder)
    write_encodings(flat, folder)
    write_arrow(flat, folder)
    write_duckdb(flat, folder, ["parquet", "csv", "json"])
    pyarrow.csv.write_csv(flat, str(folder / "pyarrow.csv"))
    write_jsonl(flat, folder / "json.jsonl")
    pq.write_table(flat.select(["id", "at"]), folder / "int96-only.parquet", use_deprecated_int96_timestamps=True)

    nested = nested_table()
    folder = write_table(root, "nested", nested)
    write_parquet(nested, folder)
    pq.write_table(nested, folder / "pyarrow-two-level-lists.parquet", use_compliant_nested_type=False)
    write_arrow(nested, folder)
    write_duckdb(nested, folder, ["parquet", "json"])
    write_jsonl(nested, folder / "json.jsonl")

    for parquet in [True, False]:
        exotic = exotic_table(parquet)
        name = "exotic-parquet" if parquet else "exotic-arrow"
        folder = root / name
        folder.mkdir(parents=True)
        (folder / "expected.json").write_text(json.dumps(expected_rows(exotic), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
        if parquet:
            write_parquet(exotic, folder)
            write_encodings(exotic, folder)
        else:
            write_arrow(exotic, folder)

    write_packed(root, simple)
    write_forms(root)
    write_matrices(root)
    write_broken(root)


main()
