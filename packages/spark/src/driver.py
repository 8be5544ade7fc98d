"""The driver that `spark-submit` runs: one Spark session for as long as the executor of TypeScript is open.

It speaks JSON lines over a Unix socket, because `spark-submit` hands standard input to nobody and mixes the other two.
    <- {"hello": SPARK_VERSION}
    -> {"run": ID, "folder": PATH, "plan": SHA256, "bins": N, "command": [NODE, KERNEL, "--stdio"]}
    <- {"done": ID, "acks": [[UNIT, SHA256, BYTES, FAILED], ...]}  or  {"failed": ID, "message": TEXT}
    -> {"cancel": ID}
The end of the socket ends the session, so no driver outlives the process that wanted it. Only the DataFrame API is used.
"""

import json
import os
import socket
import sys
import threading

from pyspark.sql import SparkSession

from assay_spark_bins import SCHEMA, bin_runner

# Seconds that stopping may take before the process ends anyway.
STOP_SECONDS = 15
# Characters of an error that are worth sending: Spark repeats the traces of Python and of the JVM.
MESSAGE_CHARACTERS = 8000


def main(path):
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.connect(path)
    sending = threading.Lock()

    def send(message):
        try:
            with sending:
                link.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            pass  # Nobody listens any more: the loop below finds the end of the socket.

    spark = SparkSession.builder.getOrCreate()
    # A session of its own for each map: what `interruptAll` stops is this map. (A tag is only found by the thread that set it.)
    sessions = {}

    def run(request, session):
        try:
            bins = request["bins"]
            # Exactly one row for each partition: no shuffle, and nothing whose order could change when it is done again.
            rows = (
                session.range(0, bins, 1, bins)
                .mapInArrow(bin_runner(request["command"], request["folder"], request["plan"]), SCHEMA)
                .collect()
            )
            send({"done": request["run"], "acks": [[row.unit, row.digest, row.bytes, row.failed] for row in rows]})
        except BaseException as error:
            send({"failed": request["run"], "message": str(error)[:MESSAGE_CHARACTERS]})
        finally:
            sessions.pop(request["run"], None)

    send({"hello": spark.version})
    for line in link.makefile("r", encoding="utf-8"):
        request = json.loads(line)
        if "run" in request:
            session = sessions[request["run"]] = spark.newSession()
            threading.Thread(target=run, args=(request, session), daemon=True).start()
        elif session := sessions.get(request.get("cancel")):
            session.interruptAll()

    watchdog = threading.Timer(STOP_SECONDS, os._exit, (1,))
    watchdog.daemon = True
    watchdog.start()
    spark.stop()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
