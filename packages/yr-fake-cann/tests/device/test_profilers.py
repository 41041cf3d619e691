"""Profilers of torch and torch_npu around work on NPUs, each in a process of its own.

torch_npu's profiler starts processes for its analysis and changes how others are started.
"""

from pathlib import Path

import pytest
from isolation import finished_python, run_python

from yr_fake_cann import trace

NOTICE = "yr-fake-cann: a profiler records no activity of an emulated NPU"
# Profilers leave files where they run.
WORK = """
import glob, json, os
os.chdir(os.path.dirname(os.path.abspath(__file__)))
import torch, torch_npu

x = torch.randn(4, 3, 5, 5, device="npu:0")


def work():
    (x @ x.transpose(-1, -2)).sum().item()


def named(path, name):
    with open(path) as file:
        events = json.load(file)
    events = events if isinstance(events, list) else events["traceEvents"]
    return sum(event.get("name") == name for event in events)


npu = torch_npu.profiler
both = [npu.ProfilerActivity.CPU, npu.ProfilerActivity.NPU]
"""


def test_a_profiler_of_npus_alone_says_what_it_does_not_record() -> None:
    """The loop runs, nothing fails, and one line on stderr says it."""
    script = """
with npu.profile(activities=[npu.ProfilerActivity.NPU]) as profiler:
    for _ in range(2):
        work()
        profiler.step()
print("ok")
"""
    ended = finished_python(WORK + script)

    assert ended.stdout.splitlines()[-1] == "ok"
    assert "ERROR" not in ended.stdout + ended.stderr
    assert ended.stderr.count("yr-fake-cann: ") == ended.stderr.count(NOTICE) == 1


def test_the_profiler_of_torch_npu_shows_what_the_cpu_does() -> None:
    """With every option, by a schedule; its analysis ends and has torch's operators."""
    script = """
options = npu._ExperimentalConfig(
    profiler_level=npu.ProfilerLevel.Level2,
    aic_metrics=npu.AiCMetrics.PipeUtilization,
    l2_cache=True, record_op_args=True, mstx=True, sys_io=True, sys_interconnection=True,
    host_sys=[npu.HostSystem.CPU], export_type=[npu.ExportType.Text, npu.ExportType.Db],
)
with npu.profile(
    activities=both,
    schedule=npu.schedule(wait=1, warmup=1, active=2, repeat=1),
    on_trace_ready=npu.tensorboard_trace_handler("result"),
    experimental_config=options,
    record_shapes=True, profile_memory=True, with_stack=True, with_modules=True, with_flops=True,
) as profiler:
    for _ in range(5):
        work()
        profiler.step()
[output] = glob.glob("result/*/ASCEND_PROFILER_OUTPUT")
print(named(f"{output}/trace_view.json", "aten::matmul"), os.path.exists(f"{output}/analyse.done"))
"""
    assert run_python(WORK + script).splitlines()[-1] == "2 True"


@pytest.mark.long
def test_a_profiler_of_torch_npu_is_analysed_when_asked() -> None:
    """Started and stopped by hand, exported, analysed afterwards, and begun by a configuration."""
    script = """
from torch_npu.profiler import dynamic_profile

profiler = npu.profile(activities=both)
profiler.start()
work()
profiler.step()
profiler.stop()
profiler.export_chrome_trace("trace.json")
handler = npu.tensorboard_trace_handler("later", analyse_flag=False)
with npu.profile(activities=both, on_trace_ready=handler):
    work()
npu.profiler.analyse("later")
os.mkdir("watched")
dynamic_profile.init("watched")
with open("dynamic.json", "w") as file:
    json.dump({"activities": ["CPU", "NPU"], "prof_dir": os.path.abspath("dynamic"),
               "analyse": True, "active": 1, "warmup": 1, "start_step": 1}, file)
dynamic_profile.start(os.path.abspath("dynamic.json"))
for _ in range(4):
    work()
    dynamic_profile.step()
views = [
    view
    for folder in ("later", "dynamic")
    for view in glob.glob(f"{folder}/*/ASCEND_PROFILER_OUTPUT/trace_view.json")
]
print(named("trace.json", "aten::matmul"), [named(view, "aten::matmul") for view in views])
"""
    assert run_python(WORK + script).splitlines()[-1] == "1 [1, 1]"


def test_the_profiler_of_torch_shows_what_the_cpu_does() -> None:
    """The table and the trace have torch's operators; NPUs alone have none."""
    script = """
from torch.profiler import ProfilerActivity, profile

with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.PrivateUse1]) as profiler:
    work()
    profiler.step()
profiler.export_chrome_trace("trace.json")
with profile(activities=[ProfilerActivity.PrivateUse1]) as alone:
    work()
table = profiler.key_averages().table()
print("aten::matmul" in table, named("trace.json", "aten::matmul"), len(alone.key_averages()))
"""
    ended = finished_python(WORK + script)

    assert ended.stdout.splitlines()[-1] == "True 1 0"
    assert ended.stderr.count(NOTICE) == 1


@pytest.mark.long
def test_a_cpu_that_is_profiled_says_nothing_of_npus() -> None:
    """Who asks for no activity of a device misses none."""
    script = """
from torch.profiler import ProfilerActivity, profile

with profile(activities=[ProfilerActivity.CPU]) as profiler:
    work()
print("aten::matmul" in profiler.key_averages().table())
"""
    ended = finished_python(WORK + script)

    assert ended.stdout.splitlines()[-1] == "True"
    assert NOTICE not in ended.stderr


@pytest.mark.long
def test_ranges_of_a_profiled_program_stand_in_the_trace(tmp_path: Path) -> None:
    """torch_npu hands them on while its profiler records them."""
    script = """
options = npu._ExperimentalConfig(mstx=True, profiler_level=npu.ProfilerLevel.Level1)
handler = npu.tensorboard_trace_handler("result", analyse_flag=False)
with npu.profile(activities=both, experimental_config=options, on_trace_ready=handler):
    torch.npu.mstx.mark("before")
    step = torch.npu.mstx.range_start("forward", torch.npu.current_stream())
    work()
    torch.npu.mstx.range_end(step)
"""
    target = str(tmp_path / "calls.json")
    run_python(WORK + script, **{trace.VARIABLE: target})

    records = [record for record in trace.read(target) if "message" in record.arguments]
    assert [record.arguments["message"] for record in records] == ["before", "forward"]
