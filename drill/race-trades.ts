import { setTimeout as wait } from 'node:timers/promises'
import { eq, sql } from 'drizzle-orm'
import { createApiToken } from '../src/auth/service.ts'
import { playbookTrades } from '../src/playbook/table.ts'
import type { TradeInput } from '../src/playbook/trade.ts'
import { isUnanswered } from './race-people.ts'
import { pastTrades, type Stage } from './race-stage.ts'

const TRADES = 1000
const BATCH = 250
const CONNECTIONS = 8
const RETRIES = 5
const ANSWERS = (TRADES / BATCH) * CONNECTIONS * RETRIES

interface Recorded {
  recorded: number
  duplicates: number
}

/**
 * Promise R18: eight connections report the same thousand trades five times each, in orders of their own, while one of
 * the two servers is killed. Each trade is there once, and each answer says how many of a batch were known.
 */
export async function recording(stage: Stage, random: () => number) {
  const { playbookId } = await stage.playbook()
  const { secret } = await createApiToken(stage.ctx, { name: 'bot', roles: ['BOT'], playbookId })
  const trades = pastTrades({ count: TRADES, wins: 0.5 })
  const send = (turn: number, batch: TradeInput[]) => report(stage, turn, `Bearer ${secret}`, playbookId, batch)
  const answers: Recorded[] = []
  let unanswered = 0
  const killAfter = Math.floor(ANSWERS * (0.2 + 0.4 * random()))
  let killed: Promise<void> | undefined
  const connection = async (at: number): Promise<void> => {
    for (let retry = 0; retry < RETRIES; retry++) {
      const shuffled = trades.map((trade) => ({ trade, place: random() })).toSorted((a, b) => a.place - b.place)
      for (let from = 0; from < TRADES; from += BATCH) {
        const batch = shuffled.slice(from, from + BATCH).map(({ trade }) => trade)
        let answer = await send(at, batch)
        for (; answer === null; answer = await send(at, batch)) {
          unanswered++
          await wait(50)
        }
        answers.push(answer)
        if (answers.length === killAfter) killed = stage.replace(1)
      }
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, at) => connection(at)))
  await killed
  const again = await send(0, trades)
  const [first, ...others] = trades
  const changed = { ...first, profitAbs: first.profitAbs + 0.01 }
  const reused = await send(1, [...others.slice(0, 9), changed]).then(() => 'recorded', String)
  const [{ rows, cents }] = await stage.ctx.db
    .select({
      rows: sql<number>`count(*)::integer`,
      cents: sql<number>`round(100 * sum(${playbookTrades.profitAbs}::numeric))::integer`,
    })
    .from(playbookTrades)
    .where(eq(playbookTrades.playbookId, playbookId))
  const facts = {
    answers: answers.length,
    unanswered,
    rows,
    unequalAnswers: answers.filter(({ recorded, duplicates }) => recorded + duplicates !== BATCH).length,
    recordedTwice: Math.max(0, answers.reduce((sum, { recorded }) => sum + recorded, 0) - TRADES),
    centsOff: cents - trades.reduce((sum, { profitAbs }) => sum + Math.round(100 * profitAbs), 0),
    again,
    reused,
  }
  const kept =
    answers.length === ANSWERS &&
    unanswered > 0 &&
    rows === TRADES &&
    facts.unequalAnswers + facts.recordedTwice === 0 &&
    facts.centsOff === 0 &&
    again?.recorded === 0 &&
    again.duplicates === TRADES &&
    reused.includes('recorded before with other content')
  return { kept, facts }
}

const RECORD = `mutation ($id: ID!, $trades: [TradeInput!]!) {
  recordTrades(playbookId: $id, trades: $trades) {
    ... on RecordTradesSuccess { recorded duplicates }
    ... on ValidationError { message }
  }
}`

/** @returns null where there was no answer. @throws Error where it was refused */
async function report(
  stage: Stage,
  turn: number,
  bot: string,
  id: string,
  trades: TradeInput[],
): Promise<Recorded | null> {
  const answer = await stage.server(turn).ask(RECORD, { id, trades }, bot)
  if (isUnanswered(answer)) return null
  const { data, code } = answer
  const result = data?.recordTrades as (Recorded & { message?: string }) | undefined
  if (!result || result.message) throw new Error(result?.message ?? code)
  return result
}
