"""Compares files without some of their records with the files they were made from, by what pyarrow, DuckDB, NumPy and safetensors read.

Reads `[{"parent": PATH, "child": PATH, "removed": [ORDINAL, …]}, …]` from standard input and writes a list of faults for each
to standard output: no faults, and the child has the same schema and exactly the remaining records.
"""

import json
import sys
import zipfile

import duckdb
import numpy
import pandas
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import safetensors


def read(path):
    if path.endswith(".parquet"):
        return pq.read_table(path)
    with open(path, "rb") as source:
        is_file = source.read(6) == b"ARROW1"
    with pa.memory_map(path) as source:
        reader = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        return reader.read_all()


def without(table, removed):
    """Slices, because `take` does not know every type."""
    pieces, begin = [], 0
    for ordinal in [*removed, table.num_rows]:
        pieces.append(table.slice(begin, ordinal - begin))
        begin = ordinal + 1
    return pa.concat_tables(pieces)


def comparable(column):
    """Decoded, and floats as their bits: NaN does not equal itself."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.cast(kind.value_type)
    if pa.types.is_run_end_encoded(kind):
        return pa.chunked_array([pc.run_end_decode(chunk) for chunk in column.chunks], kind.value_type)
    if pa.types.is_floating(kind):
        bits = {16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64()}[kind.bit_width]
        return pa.chunked_array([chunk.view(bits) for chunk in column.chunks], bits)
    return column


def raw(dtype, shape, data):
    width = 1 if dtype == "BOOL" else int("".join(filter(str.isdigit, dtype.split("_")[0]))) // 8
    return numpy.frombuffer(data, dtype=numpy.uint8).reshape(*shape, width)


def faults_of_arrays(parent_path, child_path, removed):
    def load(path):
        if path.endswith(".npy"):
            return {"values": numpy.load(path, allow_pickle=False)}
        if path.endswith(".npz"):
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None
            with numpy.load(path, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        with open(path, "rb") as file:
            tensors = safetensors.deserialize(file.read())
        # By their bytes: NumPy has no bfloat16 and no float8.
        return {f"{name} {own['dtype']}": raw(own["dtype"], own["shape"], bytes(own["data"])) for name, own in tensors}

    parent, child = load(parent_path), load(child_path)
    if set(parent) != set(child):
        return [f"arrays {list(child)} instead of {list(parent)}"]
    faults = []
    for name, array in parent.items():
        expected = numpy.delete(array, removed, axis=0)
        if child[name].dtype != array.dtype or child[name].shape != expected.shape or child[name].tobytes() != expected.tobytes():
            faults.append(f"array {name}: {child[name]} instead of {expected}")
        if min(array.shape) > 1 and len(expected) > 1 and child[name].flags.f_contiguous != array.flags.f_contiguous:
            faults.append(f"array {name} has another order")
    return faults


def faults_of(parent_path, child_path, removed):
    if parent_path.endswith((".npy", ".npz", ".safetensors")):
        return faults_of_arrays(parent_path, child_path, removed)
    faults = []
    parent, child = read(parent_path), read(child_path)
    if not child.schema.equals(parent.schema, check_metadata=True):
        faults.append(f"schema {child.schema} instead of {parent.schema}")
    child.validate(full=True)
    expected = without(parent, removed)
    if child.num_rows != expected.num_rows:
        return [*faults, f"{child.num_rows} records instead of {expected.num_rows}"]
    for name in parent.schema.names:
        if not comparable(child[name]).equals(comparable(expected[name])):
            faults.append(f"column {name}: {child[name]} instead of {expected[name]}")
    if not parent_path.endswith(".parquet"):
        return faults
    before, after = pq.ParquetFile(parent_path), pq.ParquetFile(child_path)
    if not after.schema.equals(before.schema):
        faults.append(f"Parquet schema {after.schema} instead of {before.schema}")
    if after.metadata.metadata != before.metadata.metadata:
        faults.append("other key-value metadata")
    try:
        pandas.read_parquet(parent_path)
    except (pa.ArrowException, ValueError, TypeError):
        # What pandas cannot hold of the parent says nothing about the child.
        pass
    else:
        if len(pandas.read_parquet(child_path)) != expected.num_rows:
            faults.append("pandas reads another number of records")
    try:
        rows = duckdb.read_parquet(parent_path).fetchall()
    except duckdb.Error:
        # What DuckDB cannot read of the parent says nothing about the child.
        return faults
    gone = set(removed)
    if repr(duckdb.read_parquet(child_path).fetchall()) != repr([row for i, row in enumerate(rows) if i not in gone]):
        faults.append("DuckDB reads other records")
    return faults


def main():
    duckdb.execute("SET TimeZone = 'UTC'")
    results = []
    for job in json.load(sys.stdin):
        try:
            results.append(faults_of(job["parent"], job["child"], job["removed"]))
        except Exception as error:
            results.append([f"{type(error).__name__}: {error}"])
    json.dump(results, sys.stdout)


main()
