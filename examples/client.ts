/**
 * Tune a strategy by the API and follow it, with nothing but fetch.
 *
 *   TUNEBOOK_TOKEN=tb_… node examples/client.ts
 */
const URL_OF_API = `${process.env.TUNEBOOK_URL ?? 'http://127.0.0.1:4000'}/graphql`
const DAY = 86_400_000

interface Job {
  id: string
  status: string
  progress: { phase: string; fraction: number }
}

function post(query: string, variables: object, accept: string): Promise<Response> {
  const headers = {
    accept,
    'content-type': 'application/json',
    authorization: `Bearer ${process.env.TUNEBOOK_TOKEN}`,
  }
  return fetch(URL_OF_API, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
}

async function ask<T>(query: string, variables: object = {}): Promise<T> {
  const response = await post(query, variables, 'application/json')
  const { data, errors } = (await response.json()) as { data: T; errors?: { message: string }[] }
  if (errors) throw new Error(errors.map(({ message }) => message).join('\n'))
  return data
}

/** The values of a subscription, by server-sent events, until it is complete. */
async function* subscribe<T>(query: string, variables: object): AsyncGenerator<T> {
  const response = await post(query, variables, 'text/event-stream')
  let text = ''
  for await (const bytes of response.body!.pipeThrough(new TextDecoderStream())) {
    text += bytes
    const events = text.split('\n\n')
    text = events.pop()!
    for (const event of events) {
      if (/^event: complete/m.test(event)) return
      const data = /^data: (.*)$/m.exec(event)?.[1]
      if (/^event: next/m.test(event) && data) yield (JSON.parse(data) as { data: T }).data
    }
  }
}

const { markets, strategies } = await ask<{
  markets: { nodes: { id: string; symbol: string; to: string }[] }
  strategies: { nodes: { id: string; name: string }[] }
}>('{ markets(first: 1) { nodes { id symbol to } } strategies(first: 100) { nodes { id name } } }')
const [market] = markets.nodes
if (!market) throw new Error('There is no market yet: npx tunebook import <file> …')
const strategy = strategies.nodes.find(({ name }) => name === 'rsi-adx-volume')!

const ago = (days: number): string => new Date(Date.parse(market.to) - days * DAY).toISOString()
const { createTuningJob: created } = await ask<{
  createTuningJob: { __typename: string; job?: Job; message?: string }
}>(
  `mutation ($input: CreateTuningJobInput!) { createTuningJob(input: $input) {
    __typename ... on CreateTuningJobSuccess { job { id } } ... on Error { message }
  } }`,
  {
    input: {
      strategyId: strategy.id,
      marketId: market.id,
      trainingPeriod: { from: ago(21), to: ago(7) },
      testPeriod: { from: ago(7), to: ago(0) },
      sampleCount: 50,
      objective: 'ROI',
      algorithm: 'RANDOM_FOREST',
    },
  },
)
if (!created.job) throw new Error(created.message)

const FOLLOW = `subscription ($id: ID!) { tuningJobProgress(id: $id) { id status progress { phase fraction } } }`
for await (const { tuningJobProgress: job } of subscribe<{ tuningJobProgress: Job }>(FOLLOW, created.job)) {
  process.stderr.write(`${job.status} ${job.progress.phase} ${Math.round(100 * job.progress.fraction)} %\n`)
}

const { tuningJob } = await ask<{ tuningJob: object }>(
  'query ($id: ID!) { tuningJob(id: $id) { status readiness { productionReady score explanation } bestParameters } }',
  created.job,
)
process.stdout.write(`${JSON.stringify(tuningJob, null, 2)}\n`)
