#!/usr/bin/env bash
# setup.sh DIR: a Python environment with Spark in DIR, for ASSAY_SUITE=spark. Needs Python 3.11 or later and Java 17 or later.
set -eu
[ $# -eq 1 ] || { echo "Usage: setup.sh DIR" >&2; exit 64; }
command -v java >/dev/null || { echo "Spark needs Java 17 or later, and there is no java" >&2; exit 1; }
python3 -m venv "$1"
"$1/bin/pip" install --quiet --disable-pip-version-check -r "$(dirname "$0")/requirements.txt"
"$1/bin/python" -c 'import pyspark; print("Spark", pyspark.__version__)'
echo "ASSAY_SPARK_PYTHON=$1/bin/python"
