import type { Engine } from '../../src/engine/pool.ts'

/** An engine that backtests in its own way. */
export function engineWith(engine: Engine, backtest: Engine['backtest']): Engine {
  return new Proxy(engine, {
    get: (target, name) => {
      if (name === 'backtest') return backtest
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** An engine that comes to a halt at a backtest, until it is told to stop. @param at which one, counted from 1 */
export function haltingEngine(engine: Engine, at: number, atHalt: () => void): Engine {
  let calls = 0
  return engineWith(engine, (request, options) => {
    if (++calls < at) return engine.backtest(request, options)
    atHalt()
    return new Promise((_, reject) => options?.signal?.addEventListener('abort', () => reject(options.signal!.reason)))
  })
}
