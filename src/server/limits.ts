/** What one document may ask for; counted after its fragments are expanded. `docs/errors.md` repeats these figures. */
export const LIMITS = {
  /** a tuning job with its strategy is a few kB; the largest honest body is a candle file of 3 MB in base64 */
  bodyBytes: 4 * 1024 * 1024,
  documentBytes: 16 * 1024,
  tokens: 4000,
  /** brackets inside each other, whatever they mean: the parser calls itself for each */
  brackets: 40,
  /** fields inside each other */
  depth: 16,
  /** values that an answer may hold, by the sizes that the document itself gives */
  cost: 50_000,
  fields: 1500,
  rootFields: 20,
  /** side by side; validation compares each with each */
  siblings: 200,
  aliases: 50,
  directives: 50,
  definitions: 50,
  pageSize: 100,
  /** lists inside each other in variables */
  variableDepth: 32,
  operationMs: 10_000,
} as const

/** What answers an error as a whole may not exceed. */
export const ERROR_LIMITS = { errors: 5, bytes: 2000, messageLength: 400, quotedLength: 60 } as const

/** Sizes of lists of which the document does not tell. */
export const LIST_SIZES = { page: 20, other: 10 } as const

/** Each of them changes what is traded with: one in a document, so that none hides among others. */
export const DECISIONS = ['approveRecommendations', 'rejectRecommendations', 'rollbackPlaybook']
