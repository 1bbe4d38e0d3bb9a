/** How heads compute that stand on a decoder or an encoder, each with the loss of its class. Names are paths from the root. */

/** What a number of labels is compared by: the cross entropy over classes, or the square of a difference. */
export type LabelLoss = "classes" | "number";

/** A label per sequence, from the logits of its last token (transformers' head on decoders). */
export interface LastTokenClassifierForward {
  readonly kind: "last_token_classifier";
  readonly backbone: string;
  readonly classifier: string;
  /** The configuration names the token that pads; without it the class takes the last place, and one sequence at a time. */
  readonly findsPadding: boolean;
  readonly loss: LabelLoss;
}

/** What the hidden states of all tokens go through in front of a layer. */
interface OverTokens {
  readonly backbone: string;
  /** A prediction head (modernbert). */
  readonly head?: string;
  readonly dropout: number;
}

/** A label per token: `classifier(dropout(hidden))`. */
export interface TokenClassifierForward extends OverTokens {
  readonly kind: "token_classifier";
  readonly classifier: string;
  /** The loss turns the logits to fp32 whatever autocast says (transformers' head on decoders). */
  readonly upcasts?: boolean;
}

/** Where an answer starts and where it ends: two scores per token. */
export interface AnswerFinderForward extends OverTokens {
  readonly kind: "answer_finder";
  readonly output: string;
}

export type HeadForward = LastTokenClassifierForward | TokenClassifierForward | AnswerFinderForward;
