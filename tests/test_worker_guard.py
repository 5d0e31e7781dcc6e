# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard: what it refuses, with which line, and what it lets through or leaves out. No Blender needed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from restage.worker import allowed, guard, guard_runtime

REFUSED = {
    "import os\nos.remove('x')": 1,
    "import bpy\nfrom subprocess import run\nrun(['ls'])": 2,
    "import bpy\n\nopen('/etc/passwd')": 3,
    "().__class__.__bases__": 1,
    "x = ().__ｃlass__": 1,
    "'{0.__class__}'.format(1)": 1,
    "f = 'a'.format\n": 1,
    "eval('1')": 1,
    "import bpy\nbpy.ops.wm.context_set_value(data_path='x', value='y')": 2,
    "import bpy\nbpy.ops.script.python_file_run(filepath='x')": 2,
    "import bpy\nf = bpy.ops.mesh.primitive_cube_add\nf()": 2,
    "import bpy\nb = bpy": 2,
    "import bpy\nbpy.data.texts.new('a')": 2,
    "import bpy\nbpy.data.libraries.load('x')": 2,
    "import bpy\nbpy.app.handlers.load_post.append(print)": 2,
    "import bpy\nbpy.data.objects['a'].driver_add('location')": 2,
    "import bpy\nbpy.data.images['a'].save()": 2,
    "import bpy\nclass A(bpy.types.Operator):\n    pass": 2,
    "import bpy\nmake = bpy.data.objects.new\nmake('a', None)": 2,
    "import bpy\nS = bpy.types.Scene": 2,
    "import bpy\nt = 'ShaderNodeScript'": 2,
    "import numpy as np\nnp.load('x')": 2,
    "import numpy as np\nnp.ctypeslib": 2,
    "import numpy.lib.npyio": None,
    "def f(x):\n    yield x\nf(1).gi_frame": 3,
    "try:\n    1/0\nexcept Exception as e:\n    e.__traceback__": 4,
    "match 1:\n    case int():\n        pass": 1,
    "async def f():\n    pass": 1,
    "@print\ndef f():\n    pass": 1,
    "def f(x=open):\n    pass": 1,
    "f = lambda *, a=open: a": 1,
    "x = 10**9\ny = 10000000000": 2,
    "with open('x') as f:\n    pass": 1,
    "class A(metaclass=type):\n    pass": 1,
    "print = 3": 1,
    "x = '\u202e'": 1,
    "import bpy\nbpy.context.preferences.filepaths": 2,
    "import bpy\nbpy.context.window_manager.clipboard": 2,
    "x = b'abc'": 1,
    "import bmesh\ndef f(bmesh):\n    return bmesh.ops.gi_frame": 1,
    "q = 1\ndef never():\n    import mathutils as q\nq.noise.gi_frame": 3,
    "import math as q\ndef f():\n    import mathutils as q": 3,
    "import bpy\nbpy.ops.mesh.primitive_cube_add(**{'filepath': 'x'})": 2,
    "import bpy\nbpy.ops.mesh.primitive_cube_add(**{'size': 1, **{'filepath': 'x'}})": 2,
    "def f(**k):\n    pass\nf(**dict(filepath='x'))": 3,
    "def f(**k):\n    pass\nf(\n    **{'_x': 1})": 4,
    "import bpy\nisinstance(1, (S := bpy.types.Scene))\nS.frame_end = property(print)": 2,
    "import bpy\nkept = []\nisinstance(1, (kept.append(bpy.types.Scene), int))": 3,
    "import bpy\nisinstance(bpy.types.Scene, int)": 2,
    "import bpy\nf = lambda k: k\nS = isinstance(1, f(bpy.types.Scene))": 3,
    "import bpy\nbpy.data.images['a'].pack(data='ABCD', data_len=4096)": 2,
    "import bpy\nbpy.data.images['a'].pack('ABCD', 4096)": 2,
    "import bpy\np = bpy.data.images['a'].pack": 2,
    "import bpy\nbpy.context.scene.sequence_editor.strips.new_image('x', '/etc/passwd', 1, 1)": 2,
    "def f(x: open('/etc/passwd') = 1):\n    pass\nf.__annotations__": 3,
    "@print('x')\ndef f():\n    pass": 1,
    "from functools import lru_cache\n@lru_cache(maxsize=open('x'))\ndef f():\n    pass": 2,
    "import numpy as np\na = np.zeros(2)\na.ctypes": 3,
    "import numpy as np\na = np.zeros(2)\na.resize(9, refcheck=False)": 3,
    "import numpy as np\nnp.lib.stride_tricks.as_strided": 2,
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda t: t.splitlines()[-1][:40])
def test_refused_with_its_line(text):
    expected = REFUSED[text]
    if expected is None:
        guard.check(text, "<s>")  # an unused import is dropped
        return
    with pytest.raises(guard.Refused) as caught:
        guard.check(text, "<s>")
    assert caught.value.line == expected
    assert caught.value.reason


def run(text: str) -> dict[str, object]:
    namespace = guard_runtime.namespace()
    exec(guard.check(text, "<s>").code, namespace)
    return namespace


def test_ordinary_python_runs():
    names = run(
        """
from dataclasses import dataclass
from math import *
import os, sys
import itertools as it
PARAMS = {"a.b": 0.5}
@dataclass
class Part:
    size: float
    name: str = "x"
    def _twice(self) -> "float":
        return self.size * 2
def _area(part: Part, *, k: int = 2) -> float:
    return part._twice() * k
parts = [Part(size=i / 2) for i in range(4)]
total = sum(_area(p) for p in parts)
try:
    raise ValueError("x")
except:
    caught = True
text = f"{total:.2f}" + "{:>4}".format(3)
if __name__ == "__main__":
    main = cos(0) + len(list(it.chain([1], [2])))
"""
    )
    assert names["total"] == 12.0
    assert names["text"] == "12.00   3"
    assert names["main"] == 3.0
    assert names["caught"] is True


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("getattr((), '__' + 'class__')", AttributeError),
        ("class Image:\n    def pack(self):\n        pass\ngetattr(Image(), 'pa' + 'ck')", AttributeError),
        ("list(map(getattr, [()], ['__class__']))", AttributeError),
        ("setattr(int, 'real', 1)", AttributeError),
        ("x = 9\ny = x ** (x ** x)", OverflowError),
        ("x = [0] * 10\ny = x * 100000000", MemoryError),
        ("x = 1\ny = x << 1000000", OverflowError),
        ("x = 9\nx **= x ** x", OverflowError),
        ("x = [0] * 10\nx *= 100000000", MemoryError),
        ("x = 1\nx <<= 1000000", OverflowError),
        ("x = {'a': 9}\nx['a'] **= 9 ** 9", OverflowError),
        ("x = [[0]]\nx[0] *= 100000000", MemoryError),
        ("class A:\n    def __init__(self):\n        self.n = 1\n        self.n <<= 10 ** 6\nA()", OverflowError),
        ("def f(**k):\n    return k\nd = {'file' + 'path': 'x'}\nf(**d)", PermissionError),
        ("def f(**k):\n    return k\nf(**dict([('file' + 'name', 'x')]))", PermissionError),
    ],
)
def test_refused_when_it_runs(text, error):
    with pytest.raises(error):
        run(text)


def test_in_place_stays_in_place():
    """What shares a list or an array sees the change; targets are looked up once; the rest is Python's own."""
    names = run("""
import numpy as np
a = np.arange(4.0)
b = a
a *= 2
a[1::2] **= 2
rows = [[1], [2]]
row = rows[0]
rows[0] *= 2
asked = []
def at():
    asked.append(1)
    return 1
numbers = [1, 1]
numbers[at()] <<= 3
class Part:
    def __init__(self):
        self.sides = 3
    def twice(self):
        self.sides *= 2
        return self
sides = Part().twice().sides
def total(*, size, **more):
    return size * more["count"]
made = total(**{"size": 2, "count": 3})
n = 5
def scaled():
    global n
    n *= 2
scaled()
s = "ab"
s *= 2
s += "c"
""")
    assert names["b"].tolist() == [0.0, 4.0, 4.0, 36.0]
    assert names["b"] is names["a"]
    assert names["row"] == [1, 1]
    assert (names["numbers"], names["asked"]) == ([1, 8], [1])
    assert (names["sides"], names["made"], names["n"], names["s"]) == (6, 6, 10, "ababc")


def test_habits_are_left_out_and_said():
    text = """import bpy
import os
bpy.ops.wm.save_as_mainfile(filepath="x.blend")
bpy.ops.export_scene.gltf(filepath="x.glb")
bpy.ops.render.render(write_still=True)
bpy.context.scene.render.filepath = "x.png"
bpy.ops.wm.read_factory_settings(use_empty=True)
"""
    notes = guard.check(text, "<s>").notes
    assert [note.split(":")[0] for note in notes] == [f"line {n}" for n in (2, 3, 4, 5, 6, 7)]


def test_numpy_for_building_meshes():
    text = """
import numpy as np
y, x = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9), indexing="ij")
inside = np.hypot(x, y) < 0.9
h = np.zeros_like(x)
for _ in range(20):
    h = np.where(inside, 0.25 * (np.roll(h, 1, 0) + np.roll(h, -1, 0) + np.roll(h, 1, 1) + np.roll(h, -1, 1)) + 0.1, 0)
points = np.stack([x, y, np.sqrt(np.maximum(h, 0))], axis=-1).reshape(-1, 3).astype(np.float32)
gy, gx = np.gradient(h)
top = float(points[:, 2].max())
"""
    assert run(text)["top"] > 0.3


def test_every_name_a_script_defines_may_be_used():
    """Parameters, loop variables and exceptions of any ordinary name, but not one that means a module."""
    assert run("import math\ndef f(object, id, text):\n    return [object + i for i in range(id)]\nx = f(1, 2, 3)")[
        "x"
    ] == [1, 2]


@pytest.mark.parametrize("name", sorted((*allowed.NODE_PREFIXES, *allowed.MODIFIERS_DENIED)))
def test_kinds_that_are_not_available_are_refused_written_out_and_put_together(name):
    with pytest.raises(guard.Refused, match=f"{name} is not available"):
        guard.check(f"kind = {name!r}", "<s>")
    with pytest.raises(PermissionError, match=f"{name} is not available"):
        run(f"class Nodes:\n    def new(self, kind):\n        pass\nNodes().new({name[:-3]!r} + {name[-3:]!r})")


def test_a_message_is_one_plain_sentence():
    with pytest.raises(guard.Refused) as caught:
        guard.check("import bpy\nimport socket\nsocket.socket()", "<s>")
    assert str(caught.value) == "line 2: import socket is not available to stage scripts"


@pytest.mark.bpy
def test_every_name_of_this_blender_s_scene_data_is_listed(root):
    """tools/make_guard_names.py was run with it. In a process of its own, where no test has registered anything."""
    pytest.importorskip("bpy")
    text = "import make_guard_names\nprint(*make_guard_names.names())"
    command = [sys.executable, "-c", text]
    done = subprocess.run(command, cwd=root / "tools", stdout=subprocess.PIPE, text=True, check=True)
    here = done.stdout.splitlines()[-1].split()
    listed = set((root / "worker" / "guard_attributes.txt").read_text(encoding="ascii").splitlines())
    assert len(here) > 1000 and sorted(set(here) - listed) == []
