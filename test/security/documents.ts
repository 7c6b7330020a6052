/** Documents that have knocked other servers over. Each should be turned away before anything is executed. */
export interface Attack {
  name: string
  query: string
  /** as JSON */
  variables?: string | undefined
  code: string
  status: number
}

const repeat = (count: number, each: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => each(i)).join(' ')

/** `job` and `jobs` lead into each other; so deep that nobody means it. */
function nested(levels: number): string {
  const pairs = Math.ceil(levels / 3)
  return `{ tuningJobs { nodes { ${'market { candlesOfNothing { '.repeat(pairs)} id ${'} }'.repeat(pairs)} } } }`
}

/** Each fragment has the one before it twice: 2^count fields by 100 bytes. */
function fragmentBomb(count: number): string {
  return [
    '{ tuningJobs { nodes { ...F0 } } }',
    ...Array.from(
      { length: count - 1 },
      (_, i) => `fragment F${i} on TuningJob { ...F${i + 1} a${i}: id ...F${i + 1} }`,
    ),
    `fragment F${count - 1} on TuningJob { id name }`,
  ].join('\n')
}

const tooComplex = (name: string, query: string, variables?: string): Attack => ({
  name,
  query,
  variables,
  code: 'QUERY_TOO_COMPLEX',
  status: 400,
})
const badInput = (name: string, query: string, variables?: string): Attack => ({
  name,
  query,
  variables,
  code: 'BAD_USER_INPUT',
  status: 400,
})

/** Documents that fit into 4 MB of body. */
export const ATTACKS: readonly Attack[] = [
  tooComplex('S1 depth 50', nested(50)),
  tooComplex('S1 depth 1,000', nested(1000)),
  tooComplex('S2 a page of 1,000,000', '{ tuningJobs(first: 1000000) { nodes { id } } }'),
  tooComplex(
    'S2 a page of 1,000,000 by variable',
    'query ($n: Int!) { tuningJobs(first: $n) { nodes { id } } }',
    '{"n":1000000}',
  ),
  tooComplex('S2 a page of 1,000 by default', 'query ($n: Int = 1000) { tuningJobs(first: $n) { nodes { id } } }'),
  tooComplex(
    'S2 pages inside pages',
    '{ tuningJobs(first: 100) { nodes { samples(first: 100) { nodes { index parameters split predicted objective } edges { cursor } } } } }',
  ),
  tooComplex('S3 1,000 aliases', `{ ${repeat(1000, (i) => `a${i}: __typename`)} }`),
  tooComplex('S3 30,000 aliases', `{ ${repeat(30_000, (i) => `a${i}: __typename`)} }`),
  tooComplex('S3 100 aliases deep inside', `{ tuningJobs { nodes { ${repeat(100, (i) => `a${i}: id`)} } } }`),
  tooComplex(
    'S4 100 decisions by alias',
    `mutation { ${repeat(100, (i) => `a${i}: rejectRecommendations(reviewId: "r") { __typename }`)} }`,
  ),
  tooComplex(
    'S4 two decisions',
    'mutation { a: rejectRecommendations(reviewId: "r") { __typename } b: rollbackPlaybook(id: "p", toVersion: 1, expectedVersion: 2) { __typename } }',
  ),
  tooComplex(
    'S4 two decisions by fragment',
    'mutation { ...F approveRecommendations(reviewId: "r", mode: ALL) { __typename } } fragment F on Mutation { approveRecommendations(reviewId: "r", mode: ALL) { __typename } }',
  ),
  tooComplex('S5 1,000 directives', `{ __typename ${repeat(1000, () => '@skip(if: true)')} }`),
  tooComplex('S5 1,000 unknown directives', `{ __typename ${repeat(1000, () => '@aa')} }`),
  tooComplex('S5 3 MB of unknown directives', `{ __typename ${repeat(1_000_000, () => '@a')} }`),
  tooComplex(
    'S6 fragments in a circle',
    '{ tuningJobs { nodes { ...A } } } fragment A on TuningJob { ...B } fragment B on TuningJob { ...A }',
  ),
  tooComplex('S6 a fragment of itself', '{ ...A } fragment A on Query { ...A }'),
  tooComplex('S7 a fragment bomb of 2^18', fragmentBomb(19)),
  tooComplex('S7 a fragment bomb of 2^48', fragmentBomb(48)),
  tooComplex('S8 a document of 17 kB', `{ __typename } # ${'x'.repeat(17 * 1024)}`),
  tooComplex('S9 100,000 lists in a literal', `{ market(id: ${'['.repeat(100_000)}${']'.repeat(100_000)}) { id } }`),
  tooComplex('S9 8,000 brackets in a literal', `{ market(id: ${'['.repeat(7000)}${']'.repeat(7000)}) { id } }`),
  tooComplex('S9 8,000 brackets that never close', '{'.repeat(8000)),
  tooComplex('S9 7,000 objects in a literal', `{ market(id: ${'{a:'.repeat(3500)}1${'}'.repeat(3500)}) { id } }`),
  tooComplex('S9 100,000 lists in a variable', 'query ($id: ID!) { market(id: $id) { id } }', nest(100_000)),
  tooComplex('3,800 fields side by side', `{ tuningJobs { nodes { ${repeat(3800, () => 'id')} } } }`),
  tooComplex('7,000 tokens', `{ tuningJobs { nodes { ${repeat(7000, () => 'i')} } } }`),
  tooComplex(
    'an introspection bomb',
    `{ __schema { types { fields { type { ${'fields { type { '.repeat(8)} name ${'} }'.repeat(8)} } } } } }`,
  ),
  badInput(
    'S26 an infinite number',
    '{ backtest(input: { strategyId: "s", marketId: "m", parameters: {}, execution: { feeRate: 1e999 } }) { durationMs } }',
  ),
  badInput(
    'S26 an infinite parameter',
    '{ backtest(input: { strategyId: "s", marketId: "m", parameters: { a: 1e999 } }) { durationMs } }',
  ),
]

function nest(levels: number): string {
  return `{"id":${'['.repeat(levels)}1${']'.repeat(levels)}}`
}
