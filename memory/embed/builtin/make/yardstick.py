"""Times ONNX Runtime on the same model, as a yardstick for ours.

    python yardstick.py model.safetensors tokenizer.json THREADS

It prints lines of Go's benchmark format, for what BenchmarkEmbed measures: a
query of 16 tokens, and a batch of 16 chunks of 128. The graph is what ONNX Runtime's own optimizer makes of BERT:
attention, norms and activations are one operator each. It is timed with floats,
and with weights and activations of 8 bits.
"""

import os
import sys
import tempfile
import time

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper, save
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file
from tokenizers import Tokenizer

LAYERS, HEADS, EPSILON = 6, 12, 1e-12
QUERY = "what did my older sister say about her new job at the hospital yesterday"


class Graph:
    """An ONNX graph under construction."""

    def __init__(self, weights):
        self.weights, self.nodes, self.constants = weights, [], []

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name, transposed=False):
        value = self.weights[name]
        return self.constant(name, value.T if transposed else value)

    def add(self, op, inputs, domain="", **attributes):
        out = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [out], domain=domain, name=out, **attributes))
        return out

    def dense(self, x, name):
        return self.add("MatMul", [x, self.weight(name + ".weight", transposed=True)])

    def norm(self, x, onto, name, bias):
        inputs = [x, onto, self.weight(name + ".weight"), self.weight(name + ".bias"), self.weight(bias)]
        return self.add("SkipLayerNormalization", inputs, "com.microsoft", epsilon=EPSILON)


def attention(g, x, at):
    parts = [f"{at}.attention.self.{p}" for p in ("query", "key", "value")]
    weight = np.concatenate([g.weights[p + ".weight"].T for p in parts], axis=1)
    bias = np.concatenate([g.weights[p + ".bias"] for p in parts])
    inputs = [x, g.constant(at + ".qkv", weight), g.constant(at + ".qkv.bias", bias)]
    return g.add("Attention", inputs, "com.microsoft", num_heads=HEADS)


def build(weights):
    g = Graph(weights)
    embeddings = "embeddings."
    word = g.add("Gather", [g.weight(embeddings + "word_embeddings.weight"), "tokens"])
    place = weights[embeddings + "position_embeddings.weight"] + weights[embeddings + "token_type_embeddings.weight"][0]
    place = g.add("Gather", [g.constant("places", place), "positions"])
    norm = embeddings + "LayerNorm"
    x = g.add("Add", [word, place])
    x = g.add("LayerNormalization", [x, g.weight(norm + ".weight"), g.weight(norm + ".bias")], epsilon=EPSILON)
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        own = g.dense(attention(g, x, at), at + ".attention.output.dense")
        x = g.norm(own, x, at + ".attention.output.LayerNorm", at + ".attention.output.dense.bias")
        up = g.dense(x, at + ".intermediate.dense")
        up = g.add("BiasGelu", [up, g.weight(at + ".intermediate.dense.bias")], "com.microsoft")
        x = g.norm(g.dense(up, at + ".output.dense"), x, at + ".output.LayerNorm", at + ".output.dense.bias")
    mean = g.add("ReduceMean", [x, g.constant("axes", np.array([1]))], keepdims=0)
    g.nodes.append(helper.make_node("LpNormalization", [mean], ["vector"], axis=1, p=2))
    inputs = [
        helper.make_tensor_value_info("tokens", TensorProto.INT64, ["texts", "length"]),
        helper.make_tensor_value_info("positions", TensorProto.INT64, ["length"]),
    ]
    output = helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["texts", 384])
    graph = helper.make_graph(g.nodes, "minilm", inputs, [output], g.constants)
    domains = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=domains, ir_version=9)


def open_session(path, threads):
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def measure(session, tokenizer, texts, seconds=3.0):
    """Returns the median time of a call, tokens included, in nanoseconds."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter_ns()
        tokens = np.array([e.ids for e in tokenizer.encode_batch(texts)], dtype=np.int64)
        session.run(None, {"tokens": tokens, "positions": np.arange(tokens.shape[1])})
        times.append(time.perf_counter_ns() - began)
    return len(times), int(np.median(times))


def main():
    model, vocabulary, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    tokenizer = Tokenizer.from_file(vocabulary)
    tokenizer.no_padding()
    tokenizer.enable_truncation(128)
    with tempfile.TemporaryDirectory() as folder:
        floats, bytes8 = os.path.join(folder, "floats.onnx"), os.path.join(folder, "bytes.onnx")
        save(build(load_file(model)), floats)
        quantize_dynamic(floats, bytes8, weight_type=QuantType.QInt8, extra_options={"MatMulConstBOnly": True, "DefaultTensorType": TensorProto.FLOAT})
        for name, path in (("floats", floats), ("8bit", bytes8)):
            session = open_session(path, threads)
            for what, texts in (("query", [QUERY]), ("chunks", [(QUERY + " ") * 20] * 16)):
                n, median = measure(session, tokenizer, texts)
                print(f"BenchmarkEmbed/onnxruntime-{name}/{what}\t{n}\t{median} ns/op", flush=True)
            vector = session.run(None, {
                "tokens": np.array([tokenizer.encode(QUERY).ids], dtype=np.int64),
                "positions": np.arange(len(tokenizer.encode(QUERY).ids)),
            })[0][0]
            print(f"# {name}: {len(tokenizer.encode(QUERY).ids)} tokens, vector starts {vector[:4]}", file=sys.stderr)


main()
