"""Loads a folder of pictures with metadata as `datasets` does, and prints a JSON line for each record.

    python load-image-folder.py FOLDER

Pictures, in columns of whatever name, are printed as the SHA-256 of the bytes that `datasets` gives; lists of them as lists.
"""

import hashlib
import json
import os
import sys
import tempfile

os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp()

import datasets


def undecoded(feature):
    if isinstance(feature, datasets.Image):
        return datasets.Image(decode=False)
    if isinstance(feature, datasets.List):
        return datasets.List(undecoded(feature.feature))
    return feature


def shown(value):
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, dict) and set(value) == {"bytes", "path"}:
        data = value["bytes"]
        if data is None:
            with open(value["path"], "rb") as file:
                data = file.read()
        return hashlib.sha256(data).hexdigest()
    return value


datasets.disable_progress_bars()
for split in datasets.load_dataset("imagefolder", data_dir=sys.argv[1]).values():
    split = split.cast(datasets.Features({name: undecoded(feature) for name, feature in split.features.items()}))
    for record in split:
        print(json.dumps({name: shown(value) for name, value in record.items()}, sort_keys=True))
