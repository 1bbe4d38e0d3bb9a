/**
 * bitsandbytes' Linear4bit: the packed weight is de-quantized into a full matrix in forward and again in backward; the
 * input is not kept.
 *
 * Source: bitsandbytes autograd/_functions.py `MatMul4Bit`, nn/modules.py `Linear4bit`.
 */

import { elementCount } from "../../../units/dtype.js";
import type { Dtype } from "../../../units/dtype.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { viewStrides } from "../../machine/layout.js";
import { autocastToHalf, cast } from "../../machine/ops/cast.js";
import { addmm, mm } from "../../machine/ops/matmul.js";
import { reshape, t, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Quantization } from "../../settings/quantization.js";
import type { BoundModule } from "../../load/bound-module.js";

type FourBit = Extract<Quantization, { kind: "4bit" }>;

export function linear4bit(
  m: Machine,
  module: BoundModule,
  quantization: FourBit,
  given: Tensor,
): Tensor {
  return m.frame((frame) => {
    const input = frame.hold(cast(m, given, quantization.computeDtype));
    castBiasInPlace(m, module, quantization.computeDtype);
    return cast(m, matmul4bit(m, module, quantization, input), given.dtype);
  });
}

/** The first forward replaces a bias of another dtype for good. */
export function castBiasInPlace(m: Machine, module: BoundModule, dtype: Dtype): void {
  const bias = module.parameters.get("bias");
  if (bias === undefined || bias.dtype === dtype) return;
  const half = m.retain(m.withoutGrad(() => cast(m, bias, dtype)));
  module.parameters.set("bias", half);
  m.release(bias);
}

function matmul4bit(m: Machine, module: BoundModule, quantization: FourBit, input: Tensor): Tensor {
  const bias = module.parameters.get("bias");
  const node = m.track("MatMul4Bit", [input]);
  const output = m.withoutGrad(() => forward4bit(m, module, quantization, [input, bias]));
  if (node !== undefined) {
    node.isPython = true;
    node.backward = (gradient) => [
      m.frame((frame) => {
        const matrix = frame.hold(cast(m, dequantize4bit(m, module, quantization), gradient.dtype));
        return flatProduct(m, gradient, matrix);
      }),
    ];
  }
  m.finish(node, [output], []);
  return output;
}

/** From bitsandbytes 0.50 on the product may run on the packed weight, and else unpacks it in the dtype of the input. */
function forward4bit(
  m: Machine,
  module: BoundModule,
  quantization: FourBit,
  [input, bias]: readonly [Tensor, Tensor | undefined],
): Tensor {
  const { fuses4bit } = module.kernels;
  if (fuses4bit === undefined) {
    return m.frame((frame) => {
      const matrix = frame.hold(cast(m, dequantize4bit(m, module, quantization), input.dtype));
      return autocastProduct(m, frame, [input, matrix, bias]);
    });
  }
  const [outFeatures, inFeatures] = featuresOf(module);
  const leading = input.shape.slice(0, -1);
  const tokens = elementCount(leading);
  if (fuses4bit({ dtype: input.dtype, tokens, outFeatures, inFeatures })) {
    return m.empty("gemm_4bit", [...leading, outFeatures], input.dtype);
  }
  return m.frame((frame) => {
    const absmax = module.buffers.get("absmax");
    const matrix = m.withKind("dequantized", () => {
      if (quantization.doubleQuant && absmax !== undefined) {
        for (const tag of ["empty", "add"]) frame.hold(m.empty(tag, absmax.shape, "float32"));
      }
      return frame.hold(m.empty("empty", [outFeatures, inFeatures], input.dtype));
    });
    return autocastProduct(m, frame, [input, matrix, bias]);
  });
}

/** `F.linear` inside the autograd function: autocast makes 16 bits even of what is to be computed in float32. */
function autocastProduct(
  m: Machine,
  frame: Frame,
  [input, matrix, bias]: readonly [Tensor, Tensor, Tensor | undefined],
): Tensor {
  const offset = bias && frame.hold(autocastToHalf(m, bias));
  const weight = frame.hold(autocastToHalf(m, matrix));
  return flatProduct(m, frame.hold(autocastToHalf(m, input)), t(m, weight), offset);
}

function featuresOf({ node: { layer } }: BoundModule): readonly [number, number] {
  if (layer?.kind !== "linear" && layer?.kind !== "hf_conv1d")
    throw new Error("not a linear layer");
  return [layer.outFeatures, layer.inFeatures];
}

/** 16-bit matrix of the packed weight; double quantization first restores the fp32 block maxima. */
export function dequantize4bit(m: Machine, module: BoundModule, { doubleQuant }: FourBit): Tensor {
  const shape = featuresOf(module);
  return m.withKind("dequantized", () =>
    m.frame((frame) => {
      const absmax = module.buffers.get("absmax");
      if (doubleQuant && absmax !== undefined) {
        frame.hold(m.empty("empty", absmax.shape, "float32"));
      }
      return m.empty("empty", shape, module.dtype);
    }),
  );
}

/**
 * (…, inner) · (inner, columns) with the leading dimensions folded into rows, or sample by sample where the input lies so
 * that it cannot be folded.
 *
 * Source: torch 2.13 aten/src/ATen/native/LinearAlgebra.cpp `should_fold`.
 */
function flatProduct(m: Machine, input: Tensor, matrix: Tensor, bias?: Tensor): Tensor {
  const shape = [...input.shape.slice(0, -1), matrix.size(1)];
  const folded = viewStrides(input.shape, input.strides, [
    elementCount(input.shape) / input.size(-1),
    input.size(-1),
  ]);
  if (folded === undefined && bias === undefined) {
    m.consume(input);
    m.consume(matrix);
    return m.empty("bmm", shape, input.dtype);
  }
  const rows = reshape(m, input, [-1, input.size(-1)]);
  const product = bias === undefined ? mm(m, rows, matrix) : addmm(m, bias, rows, matrix);
  return view(m, product, shape);
}
