import { eq, sql } from 'drizzle-orm'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { AppContext } from '../context.ts'
import { JOB_STATUSES } from '../tuning/job.ts'
import { tuningJobs } from '../tuning/table.ts'

/** What /metrics tells Prometheus; counts and times, no names and no ids. */
export interface Metrics {
  /** @param route one of a few words, never what a client sent */
  answered(route: string, status: number, seconds: number): void
  text(): Promise<string>
  readonly contentType: string
}

/** Figures of this process, and of the jobs of all processes that share its database. */
export function createMetrics(ctx: AppContext): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'tunebook_request_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['route', 'status'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  })
  const refused = new Counter({
    name: 'tunebook_requests_refused_total',
    help: 'Answers with a status of 400 or above.',
    labelNames: ['status'] as const,
    registers: [registry],
  })
  gaugeOf(registry, 'tunebook_pool_threads', 'Compute threads that are alive.', () => ctx.engine.load.threads)
  gaugeOf(registry, 'tunebook_pool_waiting', 'Tasks that wait for a compute thread.', () => ctx.engine.load.waiting)
  gaugeOf(registry, 'tunebook_pool_completed', 'Tasks done since the start.', () => ctx.engine.load.completed)
  gaugeOf(registry, 'tunebook_subscriptions', 'Open subscriptions of this process.', () => ctx.events.size)
  gaugeOf(registry, 'tunebook_event_sequence', 'The newest event passed on.', () => ctx.events.newest)
  const jobs = jobGauges(registry)
  return {
    contentType: registry.contentType,
    answered: (route, status, seconds) => {
      requests.observe({ route, status }, seconds)
      if (status >= 400) refused.inc({ status })
    },
    text: async () => {
      await readJobs(ctx, jobs)
      return registry.metrics()
    },
  }
}

function gaugeOf(registry: Registry, name: string, help: string, read: () => number): void {
  const gauge: Gauge = new Gauge({ name, help, registers: [], collect: () => gauge.set(read()) })
  registry.registerMetric(gauge)
}

type JobGauges = ReturnType<typeof jobGauges>

function jobGauges(registry: Registry) {
  const registers = [registry]
  return {
    byStatus: new Gauge({ name: 'tunebook_jobs', help: 'Tuning jobs.', labelNames: ['status'] as const, registers }),
    byPhase: new Gauge({
      name: 'tunebook_running_jobs',
      help: 'Running jobs by phase.',
      labelNames: ['phase'] as const,
      registers,
    }),
    rate: new Gauge({
      name: 'tunebook_backtests_per_second',
      help: 'Backtests a second of all running jobs.',
      registers,
    }),
    depth: new Gauge({ name: 'tunebook_queue_depth', help: 'Jobs that wait for a worker.', registers }),
  }
}

/** Two small queries, made when somebody asks. */
async function readJobs(ctx: AppContext, gauges: JobGauges): Promise<void> {
  const count = sql<number>`count(*)`.mapWith(Number)
  const { status, phase, backtestsPerSecond } = tuningJobs
  const statuses = await ctx.db.select({ status, count }).from(tuningJobs).groupBy(status)
  const rate = sql<number>`coalesce(sum(${backtestsPerSecond}), 0)`.mapWith(Number)
  const phases = await ctx.db
    .select({ phase, count, rate })
    .from(tuningJobs)
    .where(eq(status, 'RUNNING'))
    .groupBy(phase)
  for (const one of JOB_STATUSES) gauges.byStatus.set({ status: one }, 0)
  for (const row of statuses) gauges.byStatus.set({ status: row.status }, row.count)
  gauges.depth.set(statuses.find((row) => row.status === 'PENDING')?.count ?? 0)
  gauges.byPhase.reset()
  for (const row of phases) gauges.byPhase.set({ phase: row.phase }, row.count)
  gauges.rate.set(phases.reduce((sum, row) => sum + row.rate, 0))
}
