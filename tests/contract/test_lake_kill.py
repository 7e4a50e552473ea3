"""A process killed at random moments while it stages and commits loses nothing and lands nothing twice."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from parcours.db import Database
from parcours.lake import DataSetName, LakeWriter
from parcours.lake.query import Lake
from parcours.lake.store import lake_chunk_table

SETS = [DataSetName("d1", "events")]
CHILD = """
import sys, threading
from pathlib import Path
from parcours.db import Database
from parcours.lake import LakeWriter, stage

folder, number = Path(sys.argv[1]), int(sys.argv[2])
db = Database(f"sqlite:///{folder / 'state.db'}")
writer = LakeWriter(db, folder / "lake", lambda scope_id, dataset_id: None, grace_s=0)

def commit():
    while True:
        writer.commit_due()
        writer.maintain()

threading.Thread(target=commit, daemon=True).start()
while True:
    lines = [b'{"_id":"%d"}' % n for n in range(number, number + 7)]
    with db.write() as connection:
        stage(connection, 1, "d1", lines)
    number += 7
    print(number, flush=True)
"""


@pytest.mark.slow
def test_records_land_once_however_often_the_process_is_killed(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'state.db'}")
    lake_chunk_table.create(db.engine)
    moments = random.Random(7)
    acked = 0
    for _ in range(8):
        command = [sys.executable, "-c", CHILD, str(tmp_path), str(acked)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            first = child.stdout.readline()
            time.sleep(moments.uniform(0.5, 2.5))
            child.kill()
            told = [first, *child.stdout.read().splitlines()]
        lake = Lake(db, tmp_path / "lake", lambda _scope_id, _dataset_id: None)
        sql = "SELECT count(*) n, count(DISTINCT _id) d, max(_id::INT) + 1 m FROM events"
        [row] = lake.query(1, SETS, sql).rows()
        assert row["n"] == row["d"] == row["m"]
        assert row["n"] - int(told[-1]) in range(8)  # the last one may have been told to nobody
        acked = row["n"]
    writer = LakeWriter(db, tmp_path / "lake", lambda _scope_id, _dataset_id: None, grace_s=0)
    writer.commit_due()
    writer.maintain()
    [row] = lake.query(1, SETS, "SELECT count(*) n, count(DISTINCT _id) d FROM events").rows()
    assert row == {"n": acked, "d": acked}
    writer.close()
    db.close()
