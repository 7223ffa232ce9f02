def test_no_file_of_the_course_or_of_the_machine_can_be_opened(boxed, tmp_path):
    """Solutions, keys, grades, other submissions, the kit's own files, the password file, anybody's environment."""
    (tmp_path / "gradebook.json").write_text("{}")
    paths = [
        ROOT / "solutions" / f"{UNIT}.py",
        ROOT / "assignments" / "keys" / f"{UNIT}.safetensors",
        ROOT / "checks" / f"{UNIT}.py",
        GOLDEN / "complete" / UNIT / f"{UNIT}.py",
        tmp_path / "gradebook.json",
        Path("/etc/passwd"),
        Path("/proc/self/environ"),
        Path("/proc/1/environ"),
        Path(f"/proc/{os.getpid()}/environ"),
        Path("/proc/self/root/etc/passwd"),
    ]
    code = "\n".join([f"open({str(path)!r}, 'rb').read()" for path in paths])
    code += "".join(f"\nos.listdir({str(folder)!r})" for folder in (ROOT, GOLDEN, "/proc"))
    code += "\nos.open('/proc/%d/mem' % os.getppid(), 0)"
    assert small.refused(boxed, code) == []


def test_torch_is_out_of_reach(boxed):
    """Unit 4 is graded without torch, though it is installed here."""
    import torch

    assert small.refused(boxed, f"importlib.import_module('torch')\nopen({torch.__file__!r}).read()") == []


def test_neither_paths_nor_proc_nor_devices_are_a_way_round(boxed, tmp_path):
    """A descriptor of a path alone opens nothing; links in `/proc` tell nothing of others; no device, no listing."""
    (tmp_path / "secret").write_text("ANSWERS")
    code = f"""
        os.read(os.open({str(tmp_path / "secret")!r}, os.O_PATH), 1)
        os.listdir(os.open({str(tmp_path)!r}, os.O_PATH))
        os.open('secret', os.O_RDONLY, dir_fd=os.open({str(tmp_path)!r}, os.O_PATH))
        os.open('../' * 20 + {str(tmp_path / "secret")!r}, os.O_RDONLY)
        os.open('/dev/../' + {str(tmp_path / "secret")!r}, os.O_RDONLY)
        os.open('/usr/lib/../..' + {str(tmp_path / "secret")!r}, os.O_RDONLY)
        os.statvfs('/')
        os.getxattr({str(tmp_path / "secret")!r}, 'user.x')
        os.chdir({str(tmp_path)!r})
        os.listdir({str(tmp_path)!r})
        os.listdir('/dev')
        os.listdir('/sys')
        os.open('/dev/tty', os.O_RDONLY)
        os.open('/dev/mem', os.O_RDONLY)
        os.openpty()
    """
    for name in ("cwd", "root", "exe", "fd/0", "fd", "task", "maps", "mem", "environ", "cmdline", "pagemap"):
        call = {"cwd": "readlink", "root": "readlink", "exe": "readlink", "fd/0": "readlink"}.get(name, "open")
        for pid in (os.getpid(), boxed._process.pid, "' + str(os.getppid()) + '"):
            code += f"os.{call}('/proc/{pid}/{name}'{', 0' if call == 'open' else ''})\n"
    assert small.refused(boxed, code) == []
