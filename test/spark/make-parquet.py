"""make-parquet.py FILE: 60,000 records in six row groups, written by pyarrow."""

import sys

import pyarrow as pa
import pyarrow.parquet as pq

count = 60_000
pq.write_table(
    pa.table(
        {
            "id": pa.array(range(count), pa.int64()),
            "label": pa.array([("cat", "dog", None)[i % 3] for i in range(count)], pa.string()),
            "weight": pa.array([i / 7 for i in range(count)], pa.float32()),
            "tags": pa.array([[f"t{i % 5}", None][: i % 3] for i in range(count)], pa.list_(pa.string())),
        }
    ),
    sys.argv[1],
    row_group_size=10_000,
    compression="zstd",
)
