/** Activations that have a program, by what they are called here. */

export type Activation = "silu" | "gelu" | "gelu_tanh" | "gelu_new" | "relu" | "relu2" | "tanh";
