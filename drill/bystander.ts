import { setTimeout as sleep } from 'node:timers/promises'

/*
 * Another client of the server, in a process of its own: it asks for a small thing again and again, and tells its
 * parent the longest it had to wait, in ms, since it was last asked.
 */
const url = process.argv[2]
let worst = 0
process.on('message', () => {
  process.send!(worst)
  worst = 0
})
process.once('disconnect', () => process.exit(0))
for (;;) {
  const asked = performance.now()
  await (await fetch(`${url}/health/live`)).text()
  worst = Math.max(worst, performance.now() - asked)
  await sleep(5)
}
