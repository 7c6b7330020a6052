/** A closed network: so many customers, each of whom thinks, is served by the processors, passes a narrow place, thinks… */
export interface Network {
  /** ≥ 1 */
  customers: number
  /** ms of a round in which nobody else is needed */
  delay: number
  /** rounds' worth of work a ms that the processors do while so many customers are there; Infinity: there is no work */
  rate: (customers: number) => number
  /** ms of a round that only one customer can have at a time */
  serial: number
}

/**
 * Rounds a ms, by exact mean value analysis: who arrives finds the network as it is in the mean with one customer less.
 * Source: M. Reiser, S. Lavenberg, Mean-Value Analysis of Closed Multichain Queuing Networks, J. ACM 27 (1980), with the
 * probabilities of a station whose rate depends on how many are there.
 */
export function throughput({ customers, delay, rate, serial }: Network): number {
  /** probability that so many are at the processors, with one customer less */
  let present = [1]
  let waiting = 0
  let perMs = 0
  for (let count = 1; count <= customers; count++) {
    let atProcessors = 0
    for (let there = 1; there <= count; there++) atProcessors += (there / rate(there)) * present[there - 1]
    const atSerial = serial * (1 + waiting)
    perMs = count / (delay + atProcessors + atSerial)
    waiting = perMs * atSerial
    const busy = present.map((share, there) => (perMs / rate(there + 1)) * share)
    present = [Math.max(0, 1 - busy.reduce((sum, share) => sum + share, 0)), ...busy]
  }
  return perMs
}
