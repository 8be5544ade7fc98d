"""Writes small images with Pillow, and what Pillow reads from them again.

    python -m venv venv && venv/bin/pip install pillow==12.0.0 pyarrow==26.0.1
    venv/bin/python make-images.py OUTPUT_FOLDER

`expected.json` names each file with its size and with its pixels as RGBA, base64 (PNG: to be met exactly; JPEG: nearly, as
decoders may round and interpolate colour differently). `hub.parquet` holds the same files as structs {bytes, path}, as data set
hubs write them. No clock, no randomness.
"""

import base64
import io
import json
import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

WIDTH, HEIGHT = 21, 13
JPEG_WIDTH, JPEG_HEIGHT = 37, 27


def rgba(width, height):
    image = Image.new("RGBA", (width, height))
    image.putdata(
        [(255 * x // width, 255 * y // height, (40 * (x // 8) + 90 * (y // 8)) % 256, 255 if x > y else 128)
         for y in range(height) for x in range(width)]
    )
    return image


def pngs():
    image = rgba(WIDTH, HEIGHT)
    yield "rgba", image, {}
    yield "rgb", image.convert("RGB"), {}
    yield "grey", image.convert("L"), {}
    yield "grey-alpha", image.convert("LA"), {}
    yield "one-bit", image.convert("1", dither=Image.Dither.NONE), {}
    yield "palette", image.convert("RGB").quantize(17, dither=Image.Dither.NONE), {}
    yield "palette-transparent", image.convert("RGB").quantize(4, dither=Image.Dither.NONE), {"transparency": 2}
    yield "colour-key", image.convert("L").point(lambda v: v // 16 * 16), {"transparency": 64}


def main(output):
    folder = pathlib.Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    expected, files = {}, []

    def add(name, data):
        (folder / name).write_bytes(data)
        read = Image.open(io.BytesIO(data)).convert("RGBA")
        expected[name] = {"width": read.width, "height": read.height, "rgba": base64.b64encode(read.tobytes()).decode()}
        files.append({"bytes": data, "path": name})

    for name, image, options in pngs():
        out = io.BytesIO()
        image.save(out, "PNG", **options)
        add(f"{name}.png", out.getvalue())
    picture = rgba(JPEG_WIDTH, JPEG_HEIGHT)
    for name, mode, options in [
        ("baseline", "RGB", {"subsampling": 0}),
        ("subsampled", "RGB", {"subsampling": 2}),
        ("progressive", "RGB", {"progressive": True}),
        ("restart", "RGB", {"restart_marker_blocks": 1}),
        ("grey", "L", {}),
        ("cmyk", "CMYK", {}),
    ]:
        out = io.BytesIO()
        picture.convert("RGB").convert(mode).save(out, "JPEG", quality=92, **options)
        add(f"{name}.jpg", out.getvalue())
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
    pq.write_table(pa.table({"image": pa.array(files), "name": [entry["path"] for entry in files]}), folder / "hub.parquet")


main(sys.argv[1])
