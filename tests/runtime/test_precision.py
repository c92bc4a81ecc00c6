import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.runtime.precision import precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")
SWITCHES = (torch.backends.cuda.matmul, torch.backends.cudnn)


def product(dtype):
    with precision(dtype, CPU):
        return torch.ones(2, 2) @ torch.full((2, 2), 1 + 2**-12)


def test_bfloat16_rounds_and_float32_does_not():
    assert product("float32").dtype == product("tf32").dtype == torch.float32
    assert product("float32")[0, 0] == 2 + 2**-11
    assert product("bfloat16").dtype == torch.bfloat16
    assert product("bfloat16")[0, 0] == 2


@pytest.fixture(params=[False, True])
def before(request):
    """What the switches are set to; their own state comes back."""
    kept = [switch.allow_tf32 for switch in SWITCHES]
    for switch in SWITCHES:
        switch.allow_tf32 = request.param
    yield request.param
    for switch, value in zip(SWITCHES, kept, strict=True):
        switch.allow_tf32 = value


@pytest.mark.parametrize("dtype", ["float32", "tf32"])
def test_on_a_gpu_tensor_cores_serve_tf32_alone(before, dtype):
    """Products and convolutions; what was set before comes back. The switches need no GPU."""
    with precision(dtype, GPU):
        assert [switch.allow_tf32 for switch in SWITCHES] == [dtype == "tf32"] * 2
    assert [switch.allow_tf32 for switch in SWITCHES] == [before] * 2


def test_another_precision_is_named():
    with pytest.raises(InputError, match="dtype 'half' is unknown: use float32, tf32, bfloat16"):
        precision("half", CPU).__enter__()
