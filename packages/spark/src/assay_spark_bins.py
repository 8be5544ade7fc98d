"""What runs on Spark's executors: one child `node kernel.js --stdio` for each Python worker, one line to it for each bin.

Spark ships this module (`--py-files`) and imports it by name, so that a worker which is used again still has its child.
Only the standard library and pyarrow, which `mapInArrow` needs anyway (and pandas, which it does not use).
"""

import atexit
import collections
import hashlib
import json
import subprocess
import threading

SCHEMA = "unit long, digest string, bytes long, failed boolean"
# Characters of the child's last words that an error quotes.
STDERR_LINES = 40

_kernel = None


class Kernel:
    """The child. It ends by itself when this process does: its standard input is then at its end."""

    def __init__(self, command):
        self.command = command
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        # Undrained, standard error would block the child once the pipe is full; uncapped, it would fill the memory.
        self.last_words = collections.deque(maxlen=STDERR_LINES)
        self.drain = threading.Thread(target=self._drain, daemon=True)
        self.drain.start()

    def _drain(self):
        while line := self.process.stderr.readline(4096):
            self.last_words.append(line.decode(errors="replace").rstrip())

    def run(self, request):
        """The acknowledgements of one bin. Raises unless the trailer says that these are all."""
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            raise self._ended()
        acks, digest = [], hashlib.sha256()
        while True:
            line = self.process.stdout.readline()
            if not line.endswith(b"\n"):
                raise self._ended()
            message = json.loads(line)
            if "refused" in message:
                raise RuntimeError("assay kernel: " + message["refused"])
            if "end" in message:
                if message != {"end": len(acks), "sha256": digest.hexdigest()}:
                    raise RuntimeError("assay kernel: its trailer does not fit its acknowledgements")
                return acks
            digest.update(line)
            acks.append(message)

    def _ended(self):
        self.process.kill()
        code = self.process.wait()
        self.drain.join(1)
        words = "\n".join(self.last_words)
        return RuntimeError(f"assay kernel: it ended with exit code {code} before its trailer\n{words}")

    def close(self):
        """Lets the child end, and ends it if it does not."""
        try:
            self.process.stdin.close()
            self.process.wait(2)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


def _take_kernel(command):
    global _kernel
    if _kernel is None or _kernel.command != command or _kernel.process.poll() is not None:
        _drop_kernel()
        _kernel = Kernel(command)
        atexit.register(_kernel.close)
    return _kernel


def _drop_kernel():
    global _kernel
    if _kernel is not None:
        atexit.unregister(_kernel.close)
        _kernel.close()
        _kernel = None


def bin_runner(command, folder, plan):
    """The function for `mapInArrow`: bins in (column `id`), one row for each unit of work out."""

    def run(batches):
        import pyarrow as pa

        for batch in batches:
            for number in batch.column("id").to_pylist():
                try:
                    acks = _take_kernel(command).run({"folder": folder, "plan": plan, "bin": number})
                except BaseException:
                    # Whatever is left in its pipes must not answer the next bin.
                    _drop_kernel()
                    raise
                columns = {
                    "unit": pa.array([ack["unit"] for ack in acks], pa.int64()),
                    "digest": pa.array([ack["digest"] for ack in acks], pa.string()),
                    "bytes": pa.array([ack["bytes"] for ack in acks], pa.int64()),
                    "failed": pa.array([ack["failed"] for ack in acks], pa.bool_()),
                }
                yield pa.RecordBatch.from_pydict(columns)

    return run
