"""A player as an ONNX model, checked against the network that it was made from."""

import copy
import logging
import warnings
from importlib.util import find_spec

import numpy as np
import torch

from sparring.errors import ConfigError, ExportError
from sparring.players.networks import PatchNet

TOLERANCE = 1e-4
"""Largest difference of logits from the network's own, or of their share where they are large."""
CHECKED_N = 8
NEEDED = ("onnx", "onnxscript", "onnxruntime")
INPUT, OUTPUT = "patches", "logits"


def onnx_model(network: PatchNet) -> tuple[bytes, float]:
    """The model's bytes, [batch, channels, input_px, input_px] in 0..255 -> logits [batch, actions], and how far it is off.

    Raises:
        ConfigError: the libraries are not installed.
        ExportError: onnxruntime's answers differ from the network's.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigError(f"an ONNX model needs {', '.join(missing)}: pip install 'sparring[onnx]'")
    import onnxruntime

    plain = copy.deepcopy(network).cpu().eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    content = _exported(plain)
    rng = np.random.default_rng(0)
    patches = rng.uniform(0, 255, (CHECKED_N, network.channels_n, network.input_px, network.input_px)).astype(np.float32)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = plain(torch.from_numpy(patches)).numpy()
    off = float((np.abs(session.run([OUTPUT], {INPUT: patches})[0] - expected) / np.maximum(1.0, np.abs(expected))).max())
    if not off <= TOLERANCE:
        raise ExportError(f"the ONNX model's logits differ from the network's by {off:.2g}; at most {TOLERANCE} is allowed")
    return content, off


def _exported(network: PatchNet) -> bytes:
    example = torch.zeros(2, network.channels_n, network.input_px, network.input_px)
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)  # it tells of libraries that are not needed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                network,
                (example,),
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                dynamo=True,
                verbose=False,
            )
    finally:
        log.setLevel(level)
    assert program is not None
    return program.model_proto.SerializeToString()
